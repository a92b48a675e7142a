#include "app/client_state.hpp"

#include "connection/check_connect.hpp"
#include "detail/log.hpp"
#include "detail/long_time.hpp"
#include "detail/random_bits.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace parley::app::detail {

namespace asio = boost::asio;
using parley::detail::log;

namespace {

/// A connection that has lasted so long makes up for the failures before it.
constexpr std::chrono::seconds steady_after{2};

}  // namespace

std::shared_ptr<ClientState> ClientState::make(asio::any_io_executor executor, const ClientOptions& options) {
  // Not in the constructor: loops that are a half-made object's would go before what of it refers to them.
  if (!options.backoff) throw std::invalid_argument("a client needs a backoff that says when to dial again");
  std::unique_ptr<Loops> loops;
  if (!executor) {
    loops = std::make_unique<Loops>();
    executor = loops->executor(0);
  }
  return std::make_shared<ClientState>(std::move(executor), std::move(loops), options);
}

ClientState::ClientState(asio::any_io_executor executor, std::unique_ptr<Loops> loops, const ClientOptions& options)
    : Hub{std::move(executor), std::move(loops), settings_of(options)},
      reconnects_{options.reconnects},
      backoff_{options.backoff},
      attempt_time_max_{options.attempt_time_max} {}

// --- dialling --------------------------------------------------------------------------------------------------------

void ClientState::dial(const Endpoint& endpoint, const TransportOptions& transport) {
  parley::detail::check_connect(endpoint, connect_options(transport));
  const Lock lock{mutex()};
  if (life() != Life::open) throw Error{error::closed, "the client was stopped, and does not dial any more"};
  const bool has_ended = !reconnects_ && peer_ && peer_->has_ended();
  if (!has_ended && (goal_ || is_connected_locked())) {
    throw std::logic_error("the client dials, or is connected, already");
  }
  if (!is_started()) build_table_locked();
  peer_.reset();
  goal_ = Goal{endpoint, transport};
  failures_ = 0;
  attempt_locked();
}

ConnectOptions ClientState::connect_options(const TransportOptions& transport) const {
  ConnectOptions options;
  options.connection(settings().connection).transport(transport).deadline(Deadline{attempt_time_max_});
  return options;
}

void ClientState::attempt_locked() {
  stop_attempt_ = std::make_shared<asio::cancellation_signal>();
  asio::co_spawn(executor(),
                 attempt(std::static_pointer_cast<ClientState>(shared_from_this()), ++attempt_, goal_->endpoint,
                         connect_options(goal_->transport)),
                 asio::bind_cancellation_slot(stop_attempt_->slot(), [held = stop_attempt_](std::exception_ptr) {}));
}

asio::awaitable<void> ClientState::attempt(std::shared_ptr<ClientState> self, std::uint64_t number, Endpoint to,
                                           ConnectOptions options) {
  // Who begins it may be on this loop, and holds the mutex.
  co_await asio::post(asio::use_awaitable);
  error_code ec;
  std::string sentence;
  try {
    Connection connection = co_await parley::connect(to, options);
    co_return self->on_connected(number, std::move(connection));
  } catch (const boost::system::system_error& e) {
    ec = e.code();
    sentence = e.what();
  } catch (const std::exception& e) {
    ec = asio::error::invalid_argument;
    sentence = e.what();
  }
  self->on_failed(number, ec, std::move(sentence));
}

void ClientState::on_connected(std::uint64_t number, Connection connection) {
  PeerFilters filters;
  try {
    filters = make_peer_filters();
  } catch (const std::exception& e) {
    return on_failed(number, error::handler_failed, std::string{"making the filters threw: "} + e.what());
  } catch (...) {
    return on_failed(number, error::handler_failed, "making the filters threw something that is no std::exception");
  }
  std::shared_ptr<PeerState> peer;
  {
    const Lock lock{mutex()};
    if (number != attempt_ || !goal_ || life() != Life::open) return;
    stop_attempt_.reset();
    peer = add_peer_locked(std::move(connection), std::move(filters));
    peer_ = peer;
    connected_at_ = Clock::now();
    while (!waiters_.empty()) complete(waiters_.take_front(), error_code{});
  }
  start(peer);
}

void ClientState::on_failed(std::uint64_t number, error_code ec, std::string sentence) {
  const Lock lock{mutex()};
  if (number != attempt_ || !goal_ || context() == nullptr) return;
  stop_attempt_.reset();
  log(LogLevel::warning, sentence, goal_->endpoint.to_string());
  last_error_ = std::move(sentence);
  if (reconnects_) return retry_locked();
  drop_goal_locked();
  fail_all(waiters_, ec);
  finish_locked();
}

void ClientState::retry_locked() {
  const Duration delay = backoff_(++failures_, parley::detail::random_bits());
  retry_deadline_ =
      context()->schedule(executor(), Clock::now() + parley::detail::at_most_longest(delay), *this, token_own);
}

void ClientState::on_own_deadline_locked() {
  retry_deadline_ = {};
  if (goal_ && !peer_ && !stop_attempt_) attempt_locked();
}

void ClientState::on_gone_locked(PeerState& peer) {
  if (peer_.get() != &peer) return;
  peer_.reset();
  if (context() == nullptr || life() != Life::open) return;
  if (goal_ && reconnects_) {
    if (Clock::now() - connected_at_ >= steady_after) failures_ = 0;
    return retry_locked();
  }
  goal_.reset();
  finish_locked();
}

void ClientState::drop_goal_locked() {
  ++attempt_;
  goal_.reset();
  if (retry_deadline_.is_set() && context() != nullptr) context()->cancel(retry_deadline_);
  retry_deadline_ = {};
  if (const auto stop = std::exchange(stop_attempt_, nullptr)) {
    // The signal is not for two threads, and its handlers take locks.
    asio::post(executor(), [stop] { stop->emit(asio::cancellation_type::terminal); });
  }
}

void ClientState::connected(Deadline deadline, Handler<> handler) {
  const Lock lock{mutex()};
  if (!is_connected_locked() && goal_) {
    start_waiting(waiters_.emplace_back(next_id(), std::move(handler), executor()), deadline);
    return;
  }
  const error_code ec = is_connected_locked() ? error_code{} : error_code{error::disconnected};
  parley::detail::post_completion(std::move(handler), executor(), ec);
}

void ClientState::disconnect() {
  std::shared_ptr<PeerState> peer;
  {
    const Lock lock{mutex()};
    drop_goal_locked();
    fail_all(waiters_, asio::error::operation_aborted);
    peer = peer_;
    if (!peer) finish_locked();
  }
  if (peer) peer->disconnect();
}

void ClientState::on_run() {
  const Lock lock{mutex()};
  if (!goal_ && !peer_) finish_locked();
}

void ClientState::stop_taking_peers_locked() {
  drop_goal_locked();
  fail_all(waiters_, asio::error::operation_aborted);
}

void ClientState::interrupt_locked(std::uint64_t id, error_code ec) {
  if (!fail_waiter(waiters_, id, ec)) Hub::interrupt_locked(id, ec);
}

void ClientState::on_context_shutdown() noexcept {
  parley::detail::Ring<Connecting> waiters;
  {
    const Lock lock{mutex()};
    waiters.swap(waiters_);
    goal_.reset();
  }
  Hub::on_context_shutdown();
}

// --- sending ---------------------------------------------------------------------------------------------------------

std::shared_ptr<PeerState> ClientState::peer() {
  const Lock lock{mutex()};
  return is_connected_locked() ? peer_ : nullptr;
}

std::string ClientState::why_not_connected() {
  const Lock lock{mutex()};
  if (!goal_) return "the client does not dial any endpoint";
  return "the client is not connected (" + goal_->endpoint.to_string() + ")";
}

error_code ClientState::post(Message message) {
  const auto to = peer();
  return to ? to->post(std::move(message)) : error_code{error::disconnected};
}

error_code ClientState::try_send(Message message) {
  const auto to = peer();
  return to ? to->try_send(std::move(message)) : error_code{error::disconnected};
}

std::string ClientState::last_error() {
  const auto of = peer();
  if (of) {
    if (std::string sentence = of->last_error(); !sentence.empty()) return sentence;
  }
  const Lock lock{mutex()};
  return last_error_;
}

}  // namespace parley::app::detail
