#include <parley/connection/connection.hpp>

#include "connection/framed.hpp"
#include "connection/state.hpp"
#include "detail/as_result.hpp"
#include "detail/let_others_run.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

namespace parley {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {
namespace {

using Operation = ConnectionState::Operation;

auto wait_for_message(ConnectionState& state, Deadline deadline) {
  return await_result<void(error_code, Message)>(
      [&state, deadline](auto handler) { state.receive(deadline, Handler<Message>{std::move(handler)}); });
}

// What is done without waiting needs only a lease on the connection. What has to wait, or to find words for an error,
// holds the state in the coroutine's frame, so that the references below stay good.

inline Taken take(const Lease<ConnectionState>& lease, Message& message) {
  const std::lock_guard lock{lease.slot->mutex};
  ConnectionState* state = lease.find();
  return state != nullptr ? state->take_locked(message) : Taken::nothing;
}

inline ConnectionState::Sent try_send(const Lease<ConnectionState>& lease, Message& message, error_code& ec) {
  ConnectionState::Lock lock{lease.slot->mutex};
  ConnectionState* state = lease.find();
  return state != nullptr ? state->try_send_locked(lock, message, ec) : ConnectionState::Sent::must_wait;
}

/// Throws when the handle has gone.
std::shared_ptr<ConnectionState> hold(const Lease<ConnectionState>& lease) {
  const std::lock_guard lock{lease.slot->mutex};
  ConnectionState* state = lease.find();
  if (state == nullptr) {
    throw Error{asio::error::operation_aborted, "the connection was destroyed before the operation began"};
  }
  return std::static_pointer_cast<ConnectionState>(state->shared_from_this());
}

asio::awaitable<Message> receive(Lease<ConnectionState> lease, Deadline deadline) {
  Message message;
  const Taken taken = take(lease, message);
  if (taken == Taken::message_and_yield) co_await let_others_run();
  if (taken == Taken::message || taken == Taken::message_and_yield) co_return message;
  const std::shared_ptr<ConnectionState> state = hold(lease);
  if (taken == Taken::ended) throw state->error_for(Operation::receive, state->end_of_receiving());
  state->write_before_waiting();
  auto [ec, late] = co_await wait_for_message(*state, deadline);
  if (ec) throw state->error_for(Operation::receive, ec);
  co_return std::move(late);
}

asio::awaitable<std::optional<Message>> next(Lease<ConnectionState> lease, Deadline deadline) {
  Message message;
  const Taken taken = take(lease, message);
  if (taken == Taken::message_and_yield) co_await let_others_run();
  if (taken == Taken::message || taken == Taken::message_and_yield) co_return std::move(message);
  const std::shared_ptr<ConnectionState> state = hold(lease);
  error_code ec;
  if (taken == Taken::ended) {
    ec = state->end_of_receiving();
  } else {
    state->write_before_waiting();
    auto [late_ec, late] = co_await wait_for_message(*state, deadline);
    if (!late_ec) co_return std::move(late);
    ec = late_ec;
  }
  if (ec == error::closed) co_return std::nullopt;
  throw state->error_for(Operation::receive, ec);
}

asio::awaitable<std::vector<Message>> receive_batch(std::shared_ptr<ConnectionState> state, std::size_t count_max,
                                                    Deadline deadline) {
  std::vector<Message> messages;
  state->take_more(messages, count_max);
  if (messages.empty()) {
    messages.push_back(co_await receive(state->lease(), deadline));
    state->take_more(messages, count_max);
  }
  co_return messages;
}

asio::awaitable<void> send(Lease<ConnectionState> lease, Message message, Deadline deadline) {
  using Sent = ConnectionState::Sent;
  error_code ec;
  const Sent sent = try_send(lease, message, ec);
  if (sent == Sent::done) co_return;
  if (sent == Sent::done_and_yield) {
    co_await let_others_run();
    co_return;
  }
  const std::shared_ptr<ConnectionState> state = hold(lease);
  if (sent == Sent::failed) throw state->error_for(Operation::send, ec);
  auto [late_ec] = co_await await_result<void(error_code)>(
      [&](auto handler) { state->send(std::move(message), deadline, Handler<>{std::move(handler)}); });
  if (late_ec) throw state->error_for(Operation::send, late_ec);
}

asio::awaitable<void> flush(std::shared_ptr<ConnectionState> state, Deadline deadline) {
  auto [ec] = co_await await_result<void(error_code)>(
      [&](auto handler) { state->flush(deadline, Handler<>{std::move(handler)}); });
  if (ec) throw state->error_for(Operation::flush, ec);
}

asio::awaitable<CloseReport> close(std::shared_ptr<ConnectionState> state, Deadline deadline) {
  auto [ec, report] = co_await await_result<void(error_code, CloseReport)>(
      [&](auto handler) { state->close(deadline, Handler<CloseReport>{std::move(handler)}); });
  co_return report;
}

}  // namespace

}  // namespace detail

Connection::Connection(transport::Stream stream, ConnectionOptions options)
    : state_{detail::FramedConnection::make(std::move(stream), std::move(options))} {}

Connection::Connection(std::shared_ptr<detail::ConnectionState> state) noexcept : state_{std::move(state)} {}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}

Connection::~Connection() {
  if (state_) state_->abandon();
}

Connection::executor_type Connection::get_executor() const { return state_->executor(); }

asio::awaitable<Message> Connection::receive(Deadline deadline) { return detail::receive(state_->lease(), deadline); }

asio::awaitable<std::optional<Message>> Connection::next(Deadline deadline) {
  return detail::next(state_->lease(), deadline);
}

asio::awaitable<std::vector<Message>> Connection::receive_batch(std::size_t count_max, Deadline deadline) {
  if (count_max == 0) throw std::invalid_argument("receive_batch needs room for at least one message");
  return detail::receive_batch(state_, count_max, deadline);
}

std::optional<Message> Connection::try_receive() {
  std::optional<Message> message{std::in_place};
  const detail::Taken taken = state_->take(*message);
  if (taken != detail::Taken::message && taken != detail::Taken::message_and_yield) message.reset();
  return message;
}

error_code Connection::end_of_receiving() const { return state_->end_of_receiving(); }
Message Connection::partial() const { return state_->partial(); }

asio::awaitable<void> Connection::send(Message message, Deadline deadline) {
  return detail::send(state_->lease(), std::move(message), deadline);
}

error_code Connection::try_send(Message message) {
  error_code ec;
  return state_->try_send(message, ec) == detail::ConnectionState::Sent::must_wait ? error_code{error::full} : ec;
}

error_code Connection::post(Message message) { return state_->post(std::move(message)); }

asio::awaitable<void> Connection::flush(Deadline deadline) { return detail::flush(state_, deadline); }

void Connection::end_sending() { state_->end_sending(); }

asio::awaitable<CloseReport> Connection::close() { return close(Deadline{state_->options().linger}); }
asio::awaitable<CloseReport> Connection::close(Deadline deadline) { return detail::close(state_, deadline); }
CloseReport Connection::abort() { return state_->abort(); }

const Endpoint& Connection::local_endpoint() const noexcept { return state_->local_endpoint(); }
const Endpoint& Connection::remote_endpoint() const noexcept { return state_->remote_endpoint(); }
std::shared_ptr<const TlsInfo> Connection::tls_info() const noexcept { return state_->tls_info(); }
std::optional<PeerCredentials> Connection::peer_credentials() const noexcept { return state_->peer_credentials(); }
ConnectionStats Connection::stats() const { return state_->stats(); }
std::string Connection::last_error() const { return state_->last_error(); }
void Connection::reframe(Framing framing) { state_->reframe(std::move(framing)); }

}  // namespace parley
