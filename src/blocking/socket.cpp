#include <parley/blocking/socket.hpp>

#include "blocking/private_thread.hpp"
#include "socket/state.hpp"

#include <boost/asio/error.hpp>

#include <mutex>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley::blocking {

using boost::system::error_code;
using detail::PrivateThread;
using parley::detail::Handler;
using parley::detail::SocketState;

namespace {

/// The throwing form of an operation, made of the other one.
template <class Call>
auto or_throw(SocketState& state, std::string_view operation, Call call) {
  error_code ec;
  if constexpr (std::is_void_v<decltype(call(ec))>) {
    call(ec);
    if (ec) throw state.error_for(operation, ec);
  } else {
    auto result = call(ec);
    if (ec) throw state.error_for(operation, ec);
    return result;
  }
}

/// Waits for an operation that the thread completes; leaves a sentence where that did not.
template <class... Results, class Start>
auto wait_for(PrivateThread& thread, SocketState& state, std::string_view operation, Start start) {
  auto results = thread.await<Results...>(std::move(start));
  const error_code ec = std::get<0>(results);
  if (ec == boost::asio::error::operation_aborted) (void)state.error_for(operation, ec);
  return results;
}

/// What `send` does at once, if it can.
SocketState::Sent try_send(SocketState& state, Message& message, const std::optional<Identity>& to,
                           const SendOptions& options, error_code& ec) {
  SocketState::Lock lock{state.socket_mutex()};
  return options.is_default() ? state.try_send_plain_locked(lock, message, to ? &*to : nullptr, ec)
                              : state.try_send_locked(lock, message, to, options, ec);
}

bool is_message(SocketState::Taken taken) noexcept {
  return taken == SocketState::Taken::message || taken == SocketState::Taken::message_and_yield;
}

/// What another process goes on with: to take any of it apart here would disturb that.
void leave_alone(std::shared_ptr<PrivateThread> thread, std::shared_ptr<SocketState> state) {
  using Left = std::pair<std::shared_ptr<PrivateThread>, std::shared_ptr<SocketState>>;
  static std::mutex mutex;
  static auto& all = *new std::vector<Left>;  // not even when the program ends
  const std::lock_guard lock{mutex};
  all.emplace_back(std::move(thread), std::move(state));
}

}  // namespace

Socket::Socket(SocketOptions options)
    : thread_{std::make_shared<PrivateThread>("parley-socket")},
      state_{SocketState::make(thread_->executor(), std::move(options))} {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    end();
    thread_ = std::move(other.thread_);
    state_ = std::move(other.state_);
  }
  return *this;
}

Socket::~Socket() { end(); }

void Socket::end() noexcept {
  if (!state_) return;
  if (thread_->is_running()) {
    close(limits::linger);
    state_.reset();
    thread_.reset();
  } else {
    leave_alone(std::move(thread_), std::move(state_));
  }
}

const Identity& Socket::identity() const noexcept { return state_->identity(); }

// --- endpoints -------------------------------------------------------------------------------------------------------

Endpoint Socket::bind(const Endpoint& endpoint, const EndpointOptions& options) {
  try {
    return state_->bind(endpoint, options);
  } catch (const Error& failure) {
    note(failure);
    throw;
  }
}

Endpoint Socket::bind(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec) {
  ec.clear();
  try {
    return state_->bind(endpoint, options);
  } catch (const Error& failure) {
    ec = note(failure);
    return endpoint;
  }
}

bool Socket::unbind(const Endpoint& endpoint) { return state_->unbind(endpoint); }

void Socket::connect(const Endpoint& endpoint, const EndpointOptions& options) {
  try {
    state_->connect(endpoint, options);
  } catch (const Error& failure) {
    note(failure);
    throw;
  }
}

void Socket::connect(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec) {
  ec.clear();
  try {
    state_->connect(endpoint, options);
  } catch (const Error& failure) {
    ec = note(failure);
  }
}

bool Socket::disconnect(const Endpoint& endpoint) { return state_->disconnect(endpoint); }
bool Socket::cut_off(const Identity& peer) { return state_->cut_off(peer); }

void Socket::wait_for_peers(std::size_t count, Deadline deadline, error_code& ec) {
  std::tie(ec) = wait_for<>(*thread_, *state_, "wait_for_peers", [&](auto handler) {
    state_->wait_for_peers(count, deadline, Handler<>{std::move(handler)});
  });
}

void Socket::wait_for_peers(std::size_t count, Deadline deadline) {
  or_throw(*state_, "wait_for_peers", [&](error_code& ec) { wait_for_peers(count, deadline, ec); });
}

// --- sending ---------------------------------------------------------------------------------------------------------

/// Crosses to the thread only to wait for room.
void Socket::deliver(Message& message, const std::optional<Identity>& to, const SendOptions& options, error_code& ec) {
  ec.clear();
  if (blocking::try_send(*state_, message, to, options, ec) != SocketState::Sent::must_wait) return;
  std::tie(ec) = wait_for<>(*thread_, *state_, "send", [&](auto handler) {
    state_->send(std::move(message), to, options, false, Handler<>{std::move(handler)});
  });
}

void Socket::send(Message message, const SendOptions& options, error_code& ec) {
  deliver(message, std::nullopt, options, ec);
}

void Socket::send(Message message, const SendOptions& options) {
  or_throw(*state_, "send", [&](error_code& ec) { deliver(message, std::nullopt, options, ec); });
}

void Socket::send_to(const Identity& to, Message message, const SendOptions& options, error_code& ec) {
  deliver(message, to, options, ec);
}

void Socket::send_to(const Identity& to, Message message, const SendOptions& options) {
  or_throw(*state_, "send", [&](error_code& ec) { deliver(message, to, options, ec); });
}

void Socket::send_confirmed(Message message, const SendOptions& options, error_code& ec) {
  state_->require_confirmable();
  std::tie(ec) = wait_for<>(*thread_, *state_, "send_confirmed", [&](auto handler) {
    state_->send(std::move(message), std::nullopt, options, true, Handler<>{std::move(handler)});
  });
}

void Socket::send_confirmed(Message message, const SendOptions& options) {
  or_throw(*state_, "send_confirmed", [&](error_code& ec) { send_confirmed(std::move(message), options, ec); });
}

error_code Socket::try_send(Message message, const SendOptions& options) {
  error_code ec;
  const SocketState::Sent sent = blocking::try_send(*state_, message, std::nullopt, options, ec);
  return sent == SocketState::Sent::must_wait ? error_code{error::full} : ec;
}

error_code Socket::try_send_to(const Identity& to, Message message, const SendOptions& options) {
  error_code ec;
  const SocketState::Sent sent = blocking::try_send(*state_, message, to, options, ec);
  return sent == SocketState::Sent::must_wait ? error_code{error::full} : ec;
}

// --- receiving -------------------------------------------------------------------------------------------------------

Received Socket::receive(Deadline deadline, error_code& ec) {
  Received received;
  if (is_message(state_->try_take(received))) {
    ec.clear();
    return received;
  }
  state_->write_before_waiting();
  auto [failure, late] = wait_for<Received>(*thread_, *state_, "receive", [&](auto handler) {
    state_->receive(deadline, Handler<Received>{std::move(handler)});
  });
  ec = failure;
  return std::move(late);
}

Received Socket::receive(Deadline deadline) {
  return or_throw(*state_, "receive", [&](error_code& ec) { return receive(deadline, ec); });
}

std::vector<Received> Socket::receive_batch(std::size_t count_max, Deadline deadline, error_code& ec) {
  if (count_max == 0) throw std::invalid_argument("receive_batch needs room for at least one message");
  std::vector<Received> batch;
  Received next = receive(deadline, ec);
  if (ec) return batch;
  do batch.push_back(std::move(next));
  while (batch.size() < count_max && is_message(state_->try_take(next)));
  return batch;
}

std::vector<Received> Socket::receive_batch(std::size_t count_max, Deadline deadline) {
  return or_throw(*state_, "receive", [&](error_code& ec) { return receive_batch(count_max, deadline, ec); });
}

std::optional<Received> Socket::try_receive() {
  std::optional<Received> received{std::in_place};
  if (!is_message(state_->try_take(*received))) received.reset();
  return received;
}

// --- looking ---------------------------------------------------------------------------------------------------------

SocketEvent Socket::next_event(Deadline deadline, error_code& ec) {
  auto [failure, event] = wait_for<SocketEvent>(*thread_, *state_, "next_event", [&](auto handler) {
    state_->next_event(deadline, Handler<SocketEvent>{std::move(handler)});
  });
  ec = failure;
  return std::move(event);
}

SocketEvent Socket::next_event(Deadline deadline) {
  return or_throw(*state_, "next_event", [&](error_code& ec) { return next_event(deadline, ec); });
}

std::optional<SocketEvent> Socket::try_next_event() { return state_->try_next_event(); }
std::vector<PeerInfo> Socket::peers() const { return state_->peers(); }
SocketStats Socket::stats() const { return state_->stats(); }
std::string Socket::last_error() const { return state_->last_error(); }

error_code Socket::note(const Error& failure) {
  state_->note_error(failure.code(), failure.what());
  return failure.code();
}

// --- ending ----------------------------------------------------------------------------------------------------------

SocketCloseReport Socket::close(Deadline deadline) {
  return std::get<1>(thread_->await<SocketCloseReport>(
      [&](auto handler) { state_->close(deadline, Handler<SocketCloseReport>{std::move(handler)}); }));
}

void Socket::notify_fork(boost::asio::execution_context::fork_event event) { thread_->notify_fork(event); }

}  // namespace parley::blocking
