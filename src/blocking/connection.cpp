#include <parley/blocking/connection.hpp>

#include "blocking/loop.hpp"
#include "connection/state.hpp"

#include <stdexcept>
#include <tuple>
#include <utility>

namespace parley::blocking {

using boost::system::error_code;
using parley::detail::ConnectionAccess;
using parley::detail::ConnectionState;
using parley::detail::Handler;
using parley::detail::Taken;
using Operation = ConnectionState::Operation;
using Sent = ConnectionState::Sent;

Connection::Connection() noexcept = default;

Connection::Connection(std::shared_ptr<detail::Loop> loop, parley::Connection connection)
    : loop_{std::move(loop)}, state_{ConnectionAccess::release(connection)} {}

Connection::Connection(Endpoint endpoint, ConnectOptions options) : loop_{std::make_shared<detail::Loop>()} {
  parley::Connection connection = loop_->await(parley::connect(std::move(endpoint), std::move(options)));
  state_ = ConnectionAccess::release(connection);
}

Connection::Connection(Endpoint endpoint, ConnectOptions options, error_code& ec) {
  ec.clear();
  try {
    *this = Connection{std::move(endpoint), std::move(options)};
  } catch (const Error& failure) {
    ec = failure.code();
  }
}

Connection::Connection(const std::function<transport::Stream(boost::asio::any_io_executor)>& open,
                       ConnectionOptions options)
    : loop_{std::make_shared<detail::Loop>()} {
  parley::Connection connection{open(loop_->executor()), std::move(options)};
  state_ = ConnectionAccess::release(connection);
}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    Connection gone{std::move(*this)};
    loop_ = std::move(other.loop_);
    state_ = std::move(other.state_);
  }
  return *this;
}

Connection::~Connection() {
  if (state_) close();
}

// --- receiving -------------------------------------------------------------------------------------------------------

Message Connection::wait_for_message(Deadline deadline, error_code& ec) {
  auto [failure, message] =
      loop_->perform<Message>([&](auto handler) { state_->receive(deadline, Handler<Message>{std::move(handler)}); });
  ec = failure;
  return std::move(message);
}

Message Connection::receive(Deadline deadline, error_code& ec) {
  Message message;
  const Taken taken = state_->take(message);
  if (taken != Taken::message && taken != Taken::message_and_yield) return wait_for_message(deadline, ec);
  ec.clear();
  return message;
}

Message Connection::receive(Deadline deadline) {
  error_code ec;
  Message message = receive(deadline, ec);
  if (ec) throw state_->error_for(Operation::receive, ec);
  return message;
}

std::optional<Message> Connection::next(Deadline deadline, error_code& ec) {
  std::optional<Message> message{receive(deadline, ec)};
  if (ec) message.reset();
  if (ec == error::closed) ec.clear();
  return message;
}

std::optional<Message> Connection::next(Deadline deadline) {
  error_code ec;
  std::optional<Message> message = next(deadline, ec);
  if (ec) throw state_->error_for(Operation::receive, ec);
  return message;
}

std::vector<Message> Connection::receive_batch(std::size_t count_max, Deadline deadline, error_code& ec) {
  if (count_max == 0) throw std::invalid_argument("receive_batch needs room for at least one message");
  std::vector<Message> messages;
  ec.clear();
  state_->take_more(messages, count_max);
  if (!messages.empty()) return messages;
  Message first = wait_for_message(deadline, ec);
  if (ec) return messages;
  messages.push_back(std::move(first));
  state_->take_more(messages, count_max);
  return messages;
}

std::vector<Message> Connection::receive_batch(std::size_t count_max, Deadline deadline) {
  error_code ec;
  std::vector<Message> messages = receive_batch(count_max, deadline, ec);
  if (ec) throw state_->error_for(Operation::receive, ec);
  return messages;
}

std::optional<Message> Connection::try_receive() {
  std::optional<Message> message{std::in_place};
  for (const bool has_polled : {false, true}) {
    const Taken taken = state_->take(*message);
    if (taken == Taken::message || taken == Taken::message_and_yield) return message;
    if (!has_polled) loop_->poll();
  }
  return std::nullopt;
}

error_code Connection::end_of_receiving() const { return state_->end_of_receiving(); }
Message Connection::partial() const { return state_->partial(); }

// --- sending ---------------------------------------------------------------------------------------------------------

/// Queues the message, waiting for room if need be, and has written what the system takes at once.
void Connection::enqueue(Message& message, Deadline deadline, error_code& ec) {
  if (state_->send_now(message, ec) != Sent::must_wait) return;
  std::tie(ec) = loop_->perform<>(
      [&](auto handler) { state_->send(std::move(message), deadline, Handler<>{std::move(handler)}); });
}

void Connection::send(Message message, Deadline deadline, error_code& ec) {
  enqueue(message, deadline, ec);
  if (!ec) flush(deadline, ec);
}

void Connection::send(Message message, Deadline deadline) {
  error_code ec;
  enqueue(message, deadline, ec);
  if (ec) throw state_->error_for(Operation::send, ec);
  flush(deadline);
}

error_code Connection::try_send(Message message) {
  error_code ec;
  return state_->send_now(message, ec) == Sent::must_wait ? error_code{error::full} : ec;
}

void Connection::post(Message message, error_code& ec) { ec = state_->post(std::move(message)); }

void Connection::post(Message message) {
  error_code ec;
  post(std::move(message), ec);
  if (ec) throw state_->error_for(Operation::send, ec);
}

void Connection::flush(Deadline deadline, error_code& ec) {
  ec.clear();
  if (state_->flush_now()) return;
  std::tie(ec) = loop_->perform<>([&](auto handler) { state_->flush(deadline, Handler<>{std::move(handler)}); });
}

void Connection::flush(Deadline deadline) {
  error_code ec;
  flush(deadline, ec);
  if (ec) throw state_->error_for(Operation::flush, ec);
}

void Connection::end_sending() {
  state_->end_sending();
  loop_->poll();
}

// --- ending ----------------------------------------------------------------------------------------------------------

CloseReport Connection::close() { return close(Deadline{state_->options().linger}); }

CloseReport Connection::close(Deadline deadline) {
  return std::get<1>(loop_->perform<CloseReport>(
      [&](auto handler) { state_->close(deadline, Handler<CloseReport>{std::move(handler)}); }));
}

CloseReport Connection::abort() {
  const CloseReport report = state_->abort();
  loop_->poll();  // for the descriptor, which is closed when nobody uses it any more
  return report;
}

// --- looking ---------------------------------------------------------------------------------------------------------

const Endpoint& Connection::local_endpoint() const noexcept { return state_->local_endpoint(); }
const Endpoint& Connection::remote_endpoint() const noexcept { return state_->remote_endpoint(); }
std::shared_ptr<const TlsInfo> Connection::tls_info() const noexcept { return state_->tls_info(); }
std::optional<PeerCredentials> Connection::peer_credentials() const noexcept { return state_->peer_credentials(); }
ConnectionStats Connection::stats() const { return state_->stats(); }
std::string Connection::last_error() const { return state_->last_error(); }
void Connection::reframe(Framing framing) { state_->reframe(std::move(framing)); }
void Connection::notify_fork(boost::asio::execution_context::fork_event event) { loop_->notify_fork(event); }

}  // namespace parley::blocking
