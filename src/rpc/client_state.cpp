#include "rpc/client_state.hpp"

#include "detail/random_bits.hpp"
#include "detail/slot.hpp"

#include <parley/error.hpp>
#include <parley/identity.hpp>
#include <parley/transport/connect.hpp>
#include <parley/wire/communica_greeting.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <stdexcept>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using parley::detail::post_completion;
using parley::detail::random_bits;

namespace {

/// A connection that has lasted so long makes up for the failures before it.
constexpr std::chrono::seconds steady_after{2};

std::string id_or_random(std::string id) {
  if (id.empty()) return Identity::of_random(random_bits(), random_bits()).to_string();
  (void)wire::client_greeting(id);  // throws where it could not be sent
  return id;
}

}  // namespace

std::shared_ptr<ClientState> ClientState::make(asio::any_io_executor executor, Routes routes, ClientOptions options) {
  auto state = std::make_shared<ClientState>(std::move(executor), parley::detail::Slot::take(), std::move(routes),
                                             std::move(options));
  state->peer_ = std::make_shared<Peer>(state->party_settings(), PeerInfo{});
  return state;
}

ClientState::ClientState(asio::any_io_executor executor, parley::detail::Slot& slot, Routes routes,
                         ClientOptions options)
    : Node{std::move(executor), slot, std::move(routes), options},
      client_id_{id_or_random(std::move(options.client_id))},
      backoff_{std::move(options.backoff)} {}

// --- dialling --------------------------------------------------------------------------------------------------------

void ClientState::require_dialable(const Endpoint& endpoint, const EndpointOptions& options) {
  if (is_broker(endpoint)) {
    (void)AmqpNames::of(endpoint, true);
    Broker::require(endpoint);
  } else {
    transport::detail::require_connectable(endpoint, options.transport());
  }
}

void ClientState::dial(const Endpoint& endpoint, const EndpointOptions& options) {
  require_dialable(endpoint, options);
  Lock lock{mutex()};
  if (life() != Life::open) throw Error{error::closed, "the client was closed"};
  begin_locked(endpoint, options);
}

void ClientState::connect(const Endpoint& endpoint, const EndpointOptions& options, Deadline deadline,
                          Handler<> handler) {
  require_dialable(endpoint, options);
  Lock lock{mutex()};
  if (life() != Life::open) {
    const error_code ec = is_gone() ? error_code{asio::error::operation_aborted} : error_code{error::closed};
    return post_completion(std::move(handler), executor(), ec);
  }
  begin_locked(endpoint, options);
  start_waiting(connect_waiters_.emplace_back(next_id(), std::move(handler), executor()), deadline);
}

void ClientState::begin_locked(const Endpoint& endpoint, const EndpointOptions& options) {
  const std::optional<Goal> goal_before = goal_;
  fail_all(connect_waiters_, asio::error::operation_aborted);
  drop_attempt_locked();
  if (const auto carrier = peer_->carrier) {
    disconnected_locked(peer_, error::closed, "this side dials another endpoint");
    let_leave_locked(carrier);
  }
  if (!goal_before || goal_before->endpoint != endpoint) memory_ = std::make_shared<AmqpMemory>();
  goal_ = Goal{endpoint, options};
  failures_ = 0;
  attempt_locked();
}

void ClientState::attempt_locked() {
  if (context() == nullptr || !goal_) return;
  if (is_broker(goal_->endpoint)) return knock_locked();
  stop_ = std::make_shared<asio::cancellation_signal>();
  auto why = std::make_shared<std::string>();
  transport::StreamConnectOptions options;
  options.transport(goal_->options.transport()).deadline(goal_->options.attempt_time_max()).failure_to(why);
  auto on_done = [self = std::static_pointer_cast<ClientState>(shared_from_this()), attempt = ++attempt_, why,
                  stop = stop_](error_code ec, transport::Stream stream) {
    self->on_dialled(attempt, ec, std::move(stream), *why);
  };
  transport::async_connect(executor(), goal_->endpoint, options,
                           asio::bind_cancellation_slot(stop_->slot(), std::move(on_done)));
}

/// Over a broker the connection and the handshake with the server are one.
void ClientState::knock_locked() {
  AmqpCarrier::Settings settings{.endpoint = goal_->endpoint,
                                 .names = AmqpNames::of(goal_->endpoint, true),
                                 .is_client = true,
                                 .client_id = client_id_,
                                 .is_persistent = goal_->options.persistent(),
                                 .memory = memory_};
  const auto carrier =
      std::make_shared<AmqpCarrier>(std::static_pointer_cast<Node>(shared_from_this()),
                                    Broker::shared(executor(), goal_->endpoint, goal_->options), std::move(settings));
  carrier->belongs_to(peer_);
  greeting_ = carrier;
  carrier->start();
}

void ClientState::on_dialled(std::uint64_t attempt, error_code ec, transport::Stream stream, const std::string& why) {
  Lock lock{mutex()};
  if (attempt != attempt_ || !goal_ || context() == nullptr) return;
  stop_.reset();
  if (ec) return retry_locked(ec, why.empty() ? ec.message() : why);
  const auto carrier = std::make_shared<StreamCarrier>(std::static_pointer_cast<Node>(shared_from_this()),
                                                       std::move(stream), wire::CommunicaRole::client, client_id_);
  greeting_ = carrier;
  carrier->start(lock);
}

void ClientState::retry_locked(error_code ec, std::string sentence) {
  last_failure_ = sentence;
  last_failure_code_ = ec;
  const Duration delay = backoff_(++failures_, random_bits());
  retry_deadline_ = context()->schedule(executor(), Clock::now() + delay, *this, token_own);
  Event event;
  event.kind = Event::Kind::retrying;
  event.endpoint = goal_->endpoint;
  event.cause = ec;
  event.sentence = std::move(sentence);
  event.count = failures_;
  event.delay = delay;
  tell_locked(std::move(event));
}

void ClientState::on_own_deadline_locked() {
  retry_deadline_ = {};
  if (goal_ && !peer_->carrier && !greeting_ && !stop_) attempt_locked();
}

/// What is under way to a connection is given up.
void ClientState::drop_attempt_locked() {
  ++attempt_;
  if (retry_deadline_.is_set() && context() != nullptr) context()->cancel(retry_deadline_);
  retry_deadline_ = {};
  if (const auto stop = std::exchange(stop_, nullptr)) {
    // The signal is not for two threads, and its handlers take this lock.
    asio::post(executor(), [stop] { stop->emit(asio::cancellation_type::terminal); });
  }
  if (const auto carrier = std::exchange(greeting_, nullptr)) carrier->close();
  goal_.reset();
}

void ClientState::disconnect() {
  const Lock lock{mutex()};
  fail_all(connect_waiters_, asio::error::operation_aborted);
  drop_attempt_locked();
  if (const auto carrier = peer_->carrier) {
    disconnected_locked(peer_, error::closed, "this side has left");
    let_leave_locked(carrier);
  }
  rest_locked();
  check_closing_locked();
}

bool ClientState::is_connected() {
  const Lock lock{mutex()};
  return peer_->carrier != nullptr;
}

// --- what the connection tells ---------------------------------------------------------------------------------------

void ClientState::on_greeted_locked(Lock& lock, Carrier& carrier, const std::string& /*client_id*/) {
  if (greeting_.get() != &carrier) return;
  PeerInfo info = carrier.info();
  if (goal_) info.endpoint = goal_->endpoint;
  peer_->info = std::make_shared<const PeerInfo>(std::move(info));
  up_since_ = Clock::now();
  while (!connect_waiters_.empty()) complete(connect_waiters_.take_front(), error_code{});
  connected_locked(lock, peer_, std::exchange(greeting_, nullptr));
}

void ClientState::on_end_locked(Carrier& carrier, error_code ec, const std::string& sentence) {
  std::shared_ptr<Carrier> held;
  if (greeting_.get() == &carrier) {
    held = std::exchange(greeting_, nullptr);
  } else if (peer_->carrier.get() == &carrier) {
    held = peer_->carrier;
    // One that is lost at once, as by another client of this id, is no better than one that cannot be made.
    if (Clock::now() - up_since_ >= steady_after) failures_ = 0;
    disconnected_locked(peer_, ec, sentence + where(*peer_));
  } else {
    return;
  }
  if (goal_) retry_locked(ec, sentence);
  rest_locked();
  check_closing_locked();
}

void ClientState::on_rejected_locked(Carrier& carrier, const std::string& reason) {
  if (greeting_.get() != &carrier && peer_->carrier.get() != &carrier) return;
  const std::shared_ptr<Carrier> held =
      greeting_.get() == &carrier ? std::exchange(greeting_, nullptr) : peer_->carrier;
  const std::string sentence = "refused: " + reason;
  Event event;
  event.kind = Event::Kind::refused;
  if (goal_) event.endpoint = goal_->endpoint;
  event.cause = error::refused_by_peer;
  event.sentence = sentence;
  tell_locked(std::move(event));
  note_locked(error::refused_by_peer, sentence + (goal_ ? " (" + goal_->endpoint.to_string() + ")" : ""));
  drop_attempt_locked();
  fail_all(connect_waiters_, error::refused_by_peer);
  // Before it is disconnected, which would be what those end with that have been sent.
  end_calls_locked(peer_, error::refused_by_peer, sentence);
  if (peer_->carrier) disconnected_locked(peer_, error::refused_by_peer, sentence);
  rest_locked();
  check_closing_locked();
}

// --- what the node asks ----------------------------------------------------------------------------------------------

Node::PeerPtr ClientState::find_locked(const Target& /*target*/, const RequestOptions& /*options*/, error_code& ec,
                                       std::string& sentence) {
  if (goal_ || peer_->carrier) return peer_;
  ec = error::disconnected;
  sentence = "the client does not dial any endpoint";
  return nullptr;
}

void ClientState::stop_connecting_locked() { drop_attempt_locked(); }

void ClientState::abort_waits_locked() { fail_all(connect_waiters_, asio::error::operation_aborted); }

void ClientState::forget_all_locked(std::vector<std::shared_ptr<void>>& later) noexcept {
  if (greeting_) greeting_->forget();
  later.push_back(std::move(greeting_));
  later.push_back(std::move(stop_));
  auto waiters = std::make_shared<Ring<ConnectWaiter>>();
  waiters->swap(connect_waiters_);
  later.push_back(std::move(waiters));
}

void ClientState::interrupt_locked(std::uint64_t id, error_code ec) {
  const auto allowed = fail_waiter(connect_waiters_, id, ec);
  if (!allowed) return Node::interrupt_locked(id, ec);
  if (ec == error::timed_out) {
    const auto span = std::chrono::round<std::chrono::milliseconds>(*allowed);
    const std::string where = goal_ ? goal_->endpoint.to_string() : "";
    const bool is_named = where.empty() || last_failure_.find(where) != std::string::npos;
    note_locked(ec, "connect timed out after " + std::to_string(span.count()) + " ms" +
                        (last_failure_.empty() ? "" : ": " + last_failure_) + (is_named ? "" : " (" + where + ")"));
  }
  drop_attempt_locked();
}

}  // namespace parley::rpc::detail
