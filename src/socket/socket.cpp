#include <parley/socket/socket.hpp>

#include "detail/as_result.hpp"
#include "detail/let_others_run.hpp"
#include "socket/state.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>
#include <utility>

namespace parley {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {
namespace {

using State = std::shared_ptr<SocketState>;
using Sent = SocketState::Sent;
using Taken = SocketState::Taken;

constexpr const char* gone_sentence = "the socket was destroyed before the operation began";

void require_living(SocketState& state) {
  if (state.is_abandoned()) throw Error{asio::error::operation_aborted, gone_sentence};
}

// What is done without waiting needs only a lease on the socket. What has to wait, or to find words for an error, holds
// the state in the coroutine's frame.

using SocketLease = Lease<SocketState>;

inline Taken take(const SocketLease& lease, Received& received) {
  const std::lock_guard lock{lease.slot->mutex};
  SocketState* const state = lease.find();
  return state != nullptr ? state->try_take_locked(received) : Taken::nothing;
}

inline Sent try_send(const SocketLease& lease, Message& message, const Identity* to, error_code& ec) {
  SocketState::Lock lock{lease.slot->mutex};
  SocketState* const state = lease.find();
  return state != nullptr ? state->try_send_plain_locked(lock, message, to, ec) : Sent::must_wait;
}

/// Throws when the handle has gone.
State hold(const SocketLease& lease) {
  const std::lock_guard lock{lease.slot->mutex};
  SocketState* const state = lease.find();
  if (state == nullptr) throw Error{asio::error::operation_aborted, gone_sentence};
  return std::static_pointer_cast<SocketState>(state->shared_from_this());
}

asio::awaitable<Received> receive(SocketLease lease, Deadline deadline) {
  Received received;
  const Taken taken = take(lease, received);
  if (taken == Taken::message_and_yield) co_await let_others_run();
  if (taken == Taken::message || taken == Taken::message_and_yield) co_return received;
  const State state = hold(lease);
  state->write_before_waiting();
  auto [ec, late] = co_await await_result<void(error_code, Received)>(
      [&](auto handler) { state->receive(deadline, Handler<Received>{std::move(handler)}); });
  if (ec) throw state->error_for("receive", ec);
  co_return std::move(late);
}

asio::awaitable<std::vector<Received>> receive_batch(State state, std::size_t count_max, Deadline deadline) {
  std::vector<Received> batch;
  batch.push_back(co_await receive(state->lease(), deadline));
  for (Received more; batch.size() < count_max;) {
    const Taken taken = state->try_take(more);
    if (taken != Taken::message && taken != Taken::message_and_yield) break;
    batch.push_back(std::move(more));
  }
  co_return batch;
}

/// What a send that was tried at first has left to do.
asio::awaitable<void> go_on_sending(State state, Sent sent, error_code ec, std::optional<Identity> to, Message message,
                                    SendOptions options) {
  if (sent == Sent::failed) throw state->error_for("send", ec);
  auto [late_ec] = co_await await_result<void(error_code)>(
      [&](auto handler) { state->send(std::move(message), to, options, false, Handler<>{std::move(handler)}); });
  if (late_ec) throw state->error_for("send", late_ec);
}

asio::awaitable<void> send(SocketLease lease, Message message) {
  error_code ec;
  const Sent sent = try_send(lease, message, nullptr, ec);
  if (sent == Sent::done) co_return;
  if (sent == Sent::done_and_yield) {
    co_await let_others_run();
  } else {
    co_await go_on_sending(hold(lease), sent, ec, std::nullopt, std::move(message), SendOptions{});
  }
}

asio::awaitable<void> send_to(SocketLease lease, Identity to, Message message) {
  error_code ec;
  const Sent sent = try_send(lease, message, &to, ec);
  if (sent == Sent::done) co_return;
  if (sent == Sent::done_and_yield) {
    co_await let_others_run();
  } else {
    co_await go_on_sending(hold(lease), sent, ec, to, std::move(message), SendOptions{});
  }
}

asio::awaitable<void> send(State state, std::optional<Identity> to, Message message, SendOptions options) {
  require_living(*state);
  error_code ec;
  const Sent sent = state->try_send(message, to, options, ec);
  if (sent == Sent::done) co_return;
  if (sent == Sent::done_and_yield) {
    co_await let_others_run();
  } else {
    co_await go_on_sending(std::move(state), sent, ec, to, std::move(message), std::move(options));
  }
}

asio::awaitable<void> send_confirmed(State state, Message message, SendOptions options) {
  require_living(*state);
  auto [ec] = co_await await_result<void(error_code)>([&](auto handler) {
    state->send(std::move(message), std::nullopt, options, true, Handler<>{std::move(handler)});
  });
  if (ec) throw state->error_for("send_confirmed", ec);
}

asio::awaitable<Endpoint> bind(State state, Endpoint endpoint, EndpointOptions options) {
  require_living(*state);
  co_return state->bind(endpoint, options);
}

asio::awaitable<void> wait_for_peers(State state, std::size_t count, Deadline deadline) {
  require_living(*state);
  auto [ec] = co_await await_result<void(error_code)>(
      [&](auto handler) { state->wait_for_peers(count, deadline, Handler<>{std::move(handler)}); });
  if (ec) throw state->error_for("wait_for_peers", ec);
}

asio::awaitable<SocketEvent> next_event(State state, Deadline deadline) {
  require_living(*state);
  auto [ec, event] = co_await await_result<void(error_code, SocketEvent)>(
      [&](auto handler) { state->next_event(deadline, Handler<SocketEvent>{std::move(handler)}); });
  if (ec) throw state->error_for("next_event", ec);
  co_return std::move(event);
}

asio::awaitable<SocketCloseReport> close(State state, Deadline deadline) {
  auto [ec, report] = co_await await_result<void(error_code, SocketCloseReport)>(
      [&](auto handler) { state->close(deadline, Handler<SocketCloseReport>{std::move(handler)}); });
  co_return report;
}

}  // namespace

void share(const Unacknowledged& message) noexcept { message.holders.fetch_add(1, std::memory_order_relaxed); }

void release(const Unacknowledged& message) noexcept {
  if (message.holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &message;
}

void start_socket_bind(State state, Endpoint endpoint, EndpointOptions options, Handler<Endpoint> handler) {
  error_code ec;
  Endpoint bound = endpoint;
  try {
    bound = state->bind(endpoint, options);
  } catch (const Error& e) {
    ec = e.code();
    state->note_error(ec, e.what());
  }
  post_completion(std::move(handler), state->executor(), ec, std::move(bound));
}

void start_socket_receive(State state, Deadline deadline, Handler<Received> handler) {
  state->receive(deadline, std::move(handler));
}

void start_socket_send(State state, Message message, std::optional<Identity> to, SendOptions options, bool is_confirmed,
                       Handler<> handler) {
  if (is_confirmed) state->require_confirmable();
  state->send(std::move(message), to, options, is_confirmed, std::move(handler));
}

void start_socket_wait(State state, std::size_t peer_count, Deadline deadline, Handler<> handler) {
  state->wait_for_peers(peer_count, deadline, std::move(handler));
}

void start_socket_event(State state, Deadline deadline, Handler<SocketEvent> handler) {
  state->next_event(deadline, std::move(handler));
}

void start_socket_close(State state, Deadline deadline, Handler<SocketCloseReport> handler) {
  state->close(deadline, std::move(handler));
}

void throw_rejected(const boost::system::system_error& rejected, const Identity& sender) {
  throw Error{rejected.code(), std::string{rejected.what()} + " (from the peer " + sender.to_string() + ")"};
}

}  // namespace detail

void Received::acknowledge() const {
  if (const auto* waiting = unacknowledged_.get()) waiting->socket->acknowledge(sender, waiting->id);
}

void Received::decline() const {
  if (const auto* waiting = unacknowledged_.get()) waiting->socket->decline(sender, waiting->id);
}

Socket::Socket(executor_type executor, SocketOptions options)
    : state_{detail::SocketState::make(std::move(executor), std::move(options))} {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}

Socket::~Socket() {
  if (state_) state_->abandon();
}

Socket::executor_type Socket::get_executor() const { return state_->executor(); }
const Identity& Socket::identity() const noexcept { return state_->identity(); }

asio::awaitable<Endpoint> Socket::bind(Endpoint endpoint, EndpointOptions options) {
  return detail::bind(state_, std::move(endpoint), std::move(options));
}
bool Socket::unbind(const Endpoint& endpoint) { return state_->unbind(endpoint); }
void Socket::connect(const Endpoint& endpoint, const EndpointOptions& options) { state_->connect(endpoint, options); }
bool Socket::disconnect(const Endpoint& endpoint) { return state_->disconnect(endpoint); }
bool Socket::cut_off(const Identity& peer) { return state_->cut_off(peer); }
asio::awaitable<void> Socket::wait_for_peers(std::size_t count, Deadline deadline) {
  return detail::wait_for_peers(state_, count, deadline);
}

// Not by way of default options: to make and look at those costs a fifth of a send.
asio::awaitable<void> Socket::send(Message message) { return detail::send(state_->lease(), std::move(message)); }
asio::awaitable<void> Socket::send_to(Identity to, Message message) {
  return detail::send_to(state_->lease(), to, std::move(message));
}
asio::awaitable<void> Socket::send(Message message, SendOptions options) {
  return detail::send(state_, std::nullopt, std::move(message), std::move(options));
}
asio::awaitable<void> Socket::send_to(Identity to, Message message, SendOptions options) {
  return detail::send(state_, to, std::move(message), std::move(options));
}
asio::awaitable<void> Socket::send_confirmed(Message message, SendOptions options) {
  state_->require_confirmable();
  return detail::send_confirmed(state_, std::move(message), std::move(options));
}

error_code Socket::try_send(Message message, const SendOptions& options) {
  error_code ec;
  const auto sent = state_->try_send(message, std::nullopt, options, ec);
  return sent == detail::SocketState::Sent::must_wait ? error_code{error::full} : ec;
}
error_code Socket::try_send_to(const Identity& to, Message message, const SendOptions& options) {
  error_code ec;
  const auto sent = state_->try_send(message, to, options, ec);
  return sent == detail::SocketState::Sent::must_wait ? error_code{error::full} : ec;
}

asio::awaitable<Received> Socket::receive(Deadline deadline) { return detail::receive(state_->lease(), deadline); }
asio::awaitable<std::vector<Received>> Socket::receive_batch(std::size_t count_max, Deadline deadline) {
  if (count_max == 0) throw std::invalid_argument("receive_batch needs room for at least one message");
  return detail::receive_batch(state_, count_max, deadline);
}
std::optional<Received> Socket::try_receive() {
  std::optional<Received> received{std::in_place};
  const auto taken = state_->try_take(*received);
  using Taken = detail::SocketState::Taken;
  if (taken != Taken::message && taken != Taken::message_and_yield) received.reset();
  return received;
}

asio::awaitable<SocketEvent> Socket::next_event(Deadline deadline) { return detail::next_event(state_, deadline); }
std::optional<SocketEvent> Socket::try_next_event() { return state_->try_next_event(); }
std::vector<PeerInfo> Socket::peers() const { return state_->peers(); }
SocketStats Socket::stats() const { return state_->stats(); }
std::string Socket::last_error() const { return state_->last_error(); }
asio::awaitable<SocketCloseReport> Socket::close(Deadline deadline) { return detail::close(state_, deadline); }

}  // namespace parley
