#include "rpc/node.hpp"

#include "detail/coarse_clock.hpp"
#include "detail/random_bits.hpp"

#include <parley/error.hpp>
#include <parley/limits.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>
#include <stdexcept>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using parley::detail::post_completion;
using policy::OnLoss;
using policy::RpcParty;

namespace {

OnLoss on_loss(WhenLost when) noexcept {
  switch (when) {
    case WhenLost::fail: return OnLoss::fail;
    case WhenLost::resume: return OnLoss::resume;
    case WhenLost::resend: return OnLoss::resend;
  }
  return OnLoss::fail;
}

/// At least one.
std::int32_t in_milliseconds(Duration span) noexcept {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(count, 1, std::numeric_limits<std::int32_t>::max()));
}

Reply failed(error_code ec, const std::string& sentence) {
  if (sentence.empty()) return {};
  return {{}, std::make_shared<const RequestError>(ec, sentence, RemoteFault{})};
}

constexpr std::size_t shown_route_size_max = 1024;

std::string named(const std::string& quoted_route) {
  const bool is_shown = !quoted_route.empty() && quoted_route.size() <= shown_route_size_max;
  return !is_shown ? std::string{"the request"} : "request " + quoted_route;
}

std::size_t text_size_of(const Event& event) noexcept { return event.client_id.size() + event.sentence.size(); }

/// Longer than anybody waits, and added to the time of day without running over.
constexpr std::chrono::milliseconds time_max = std::chrono::hours{24 * 365 * 100};

/// Throws std::invalid_argument.
PeerOptions sensible(PeerOptions options) {
  if (options.handlers_max == 0) throw std::invalid_argument{"no handlers are allowed to run"};
  for (auto* const time : {&options.request_time_max, &options.stall_time_max, &options.greeting_time_max}) {
    if (time->count() < 0) throw std::invalid_argument{"a time that is allowed is less than none"};
    *time = std::min(*time, time_max);
  }
  return options;
}

std::string too_much_waits(const Peer& peer) {
  return peer.carrier ? "the other side does not take what is queued for it already"
                      : "too much waits for a connection already";
}

std::string too_large(const char* what, std::size_t size, std::size_t size_max) {
  return what + std::string{" of "} + std::to_string(size) + " bytes exceeds the limit of " + std::to_string(size_max);
}

}  // namespace

Node::Node(asio::any_io_executor executor, parley::detail::Slot& slot, Routes routes, PeerOptions options)
    : WaitingObject{std::move(executor), slot.mutex},
      tenancy_{slot, *this},
      options_{sensible(options)},
      routes_{std::move(routes)},
      origin_{parley::detail::random_bits()} {
  if (options_.lists_routes) routes_text_ = Message{routes_.to_json()};
}

// --- asking ----------------------------------------------------------------------------------------------------------

void Node::request(const Target& target, const RouteName& route, Message data, const RequestOptions& options,
                   Handler<Reply> handler) {
  Lock lock{mutex()};
  error_code ec;
  std::string sentence;
  PeerPtr peer;
  if (is_abandoned_) {
    ec = asio::error::operation_aborted;
  } else if (life_ != Life::open) {
    ec = error::closed;
    sentence = "this side was closed";
  } else if (sentence = why_not_sent(route, data); !sentence.empty()) {
    ec = error::message_too_large;
  } else {
    peer = find_locked(target, options, ec, sentence);
  }
  if (ec) {
    if (!sentence.empty()) {
      sentence = named(route.quoted()) + ": " + sentence;
      note_locked(ec, sentence);
    }
    return post_completion(std::move(handler), executor(), ec, failed(ec, sentence));
  }
  if (peer) return request_locked(lock, peer, route, data, options, std::move(handler));
  if (!has_room_for_stray(data.size())) {
    sentence = named(route.quoted()) + ": too much waits for a client already";
    note_locked(error::overloaded, sentence);
    return post_completion(std::move(handler), executor(), error_code{error::overloaded},
                           failed(error::overloaded, sentence));
  }
  strays_size_ += data.size();
  start_waiting(strays_.emplace_back(next_id(), std::move(handler), executor(), route, std::move(data), options),
                deadline_of(options));
}

bool Node::has_room_for_stray(std::size_t size) const noexcept {
  return strays_.size() < std::min(options_.calls_max, options_.kept_count_max) &&
         size <= options_.kept_size_max - std::min(strays_size_, options_.kept_size_max);
}

std::string Node::why_not_sent(const RouteName& route, const Message& data) const {
  if (data.size() > options_.payload_size_max) return too_large("a payload", data.size(), options_.payload_size_max);
  // The other side would cut the connection off for it, and with it what everybody else has asked.
  const std::size_t metadata_size = wire::metadata_size(route.quoted());
  if (metadata_size > options_.metadata_size_max) {
    return too_large("metadata", metadata_size, options_.metadata_size_max);
  }
  return {};
}

Deadline Node::deadline_of(const RequestOptions& options) const {
  // The default is long: a few milliseconds mean nothing to it.
  return options.has_deadline() ? options.deadline()
                                : Deadline{parley::detail::coarse_now() + options_.request_time_max};
}

void Node::request_locked(Lock& lock, const PeerPtr& peer, const RouteName& route, const Message& data,
                          const RequestOptions& options, Handler<Reply> handler) {
  auto call = std::make_unique<Call>(std::move(handler), executor(), route);
  const Deadline deadline = deadline_of(options);
  std::int32_t timeout_ms = 0;
  if (options.has_deadline() && !deadline.is_never()) {
    call->allowed = std::max(deadline.when() - Clock::now(), Duration{0});
    timeout_ms = in_milliseconds(*call->allowed);
  }
  const RpcParty::CallSettings settings{deadline.when(), on_loss(options.when_lost()), timeout_ms};
  const RpcParty::Asked asked = peer->party.request(route.quoted(), data, settings, call.get());
  if (asked.refusal != RpcParty::Refusal::none) {
    const bool are_calls = asked.refusal == RpcParty::Refusal::too_many_calls;
    const std::string why = are_calls ? std::to_string(options_.calls_max) + " requests wait for their answers already"
                                      : too_much_waits(*peer);
    return end_call(call.release(), error::overloaded, why);
  }
  ++stats_.requests_sent;
  if (auto slot = call->handler.get_cancellation_slot(); slot.is_connected()) {
    slot.assign([weak = weak_from_this(), of = std::weak_ptr{peer}, id = asked.id](asio::cancellation_type type) {
      if (type == asio::cancellation_type::none) return;
      if (const auto self = weak.lock()) static_cast<Node&>(*self).cancel_call(of, id);
    });
  }
  (void)call.release();  // the party has it, until its answer comes or it ends
  watch_locked(peer);
  if (peer->carrier) peer->carrier->flush(lock);
}

void Node::request_of_all(const RouteName& route, const Message& data, const RequestOptions& options,
                          Handler<std::vector<ReplyOf>> handler) {
  struct Gathering {
    Gathering(Handler<std::vector<ReplyOf>>&& handler_, std::size_t count)
        : handler{std::move(handler_)}, replies(count), missing{count}, stops(count) {}
    std::mutex mutex;
    Handler<std::vector<ReplyOf>> handler;
    std::vector<ReplyOf> replies;
    std::size_t missing;
    std::vector<asio::cancellation_signal> stops;
    error_code ec{};
  };
  Lock lock{mutex()};
  if (is_abandoned_ || life_ != Life::open) {
    const error_code ec = is_abandoned_ ? error_code{asio::error::operation_aborted} : error_code{error::closed};
    return post_completion(std::move(handler), executor(), ec, std::vector<ReplyOf>{});
  }
  if (const std::string why = why_not_sent(route, data); !why.empty()) {
    note_locked(error::message_too_large, named(route.quoted()) + ": " + why);
    return post_completion(std::move(handler), executor(), error_code{error::message_too_large},
                           std::vector<ReplyOf>{});
  }
  const std::vector<PeerPtr> peers = connected_peers_locked();
  if (peers.empty()) return post_completion(std::move(handler), executor(), error_code{}, std::vector<ReplyOf>{});
  const auto gathering = std::make_shared<Gathering>(std::move(handler), peers.size());
  for (std::size_t i = 0; i < peers.size(); ++i) {
    gathering->replies[i].client_id = peers[i]->info->client_id;
    auto take = [gathering, i, io = executor()](error_code ec, Reply reply) {
      const std::lock_guard guard{gathering->mutex};
      gathering->replies[i].code = ec;
      gathering->replies[i].reply = std::move(reply);
      if (--gathering->missing > 0) return;
      post_completion(std::move(gathering->handler), io, gathering->ec, std::move(gathering->replies));
    };
    request_locked(lock, peers[i], route, data, options,
                   Handler<Reply>{asio::bind_cancellation_slot(gathering->stops[i].slot(), std::move(take))});
    if (!lock.owns_lock()) lock.lock();
  }
  lock.unlock();
  const std::lock_guard guard{gathering->mutex};
  if (gathering->missing == 0) return;
  if (auto slot = gathering->handler.get_cancellation_slot(); slot.is_connected()) {
    slot.assign([weak = std::weak_ptr{gathering}](asio::cancellation_type type) {
      const auto all = weak.lock();
      if (!all || type == asio::cancellation_type::none) return;
      {
        const std::lock_guard told{all->mutex};
        all->ec = asio::error::operation_aborted;
      }
      for (asio::cancellation_signal& stop : all->stops) stop.emit(type);
    });
  }
}

error_code Node::notify(const Target& target, const RouteName& route, const Message& data,
                        const RequestOptions& options) {
  Lock lock{mutex()};
  if (is_abandoned_) return asio::error::operation_aborted;
  const auto refused = [this](error_code ec, std::string why) {
    note_locked(ec, std::move(why));
    return ec;
  };
  if (life_ != Life::open) return refused(error::closed, "this side was closed");
  if (std::string why = why_not_sent(route, data); !why.empty()) {
    return refused(error::message_too_large, std::move(why));
  }
  std::string overload;
  const auto tell = [&](const PeerPtr& peer) {
    if (peer->party.notify(route.quoted(), data) != RpcParty::Refusal::none) {
      overload = too_much_waits(*peer);
      return;
    }
    ++stats_.notices_sent;
    if (peer->carrier) peer->carrier->flush(lock);
    if (!lock.owns_lock()) lock.lock();
  };
  if (target.of == Target::Of::all) {
    for (const PeerPtr& peer : connected_peers_locked()) tell(peer);
  } else {
    error_code ec;
    std::string sentence;
    const PeerPtr peer = find_locked(target, options, ec, sentence);
    if (!peer)
      return refused(ec ? ec : error_code{error::unknown_peer}, sentence.empty() ? "there is no client" : sentence);
    tell(peer);
  }
  if (!overload.empty()) return refused(error::overloaded, std::move(overload));
  return {};
}

void Node::cancel_call(const std::weak_ptr<Peer>& weak, const wire::RequestId& id) {
  const Lock lock{mutex()};
  const PeerPtr peer = weak.lock();
  if (!peer) return;
  if (void* const call = peer->party.cancel(id)) {
    end_call(static_cast<Call*>(call), asio::error::operation_aborted, {});
    check_closing_locked();
  }
}

void Node::end_call(Call* call, error_code ec, const std::string& why) {
  const std::unique_ptr<Call> owned{call};
  const std::string sentence = why.empty() ? why : named(call->route) + ": " + why;
  if (!sentence.empty()) note_locked(ec, sentence);
  post_completion(std::move(call->handler), executor(), ec, failed(ec, sentence));
}

void Node::serve_strays_locked(Lock& lock) {
  while (!strays_.empty()) {
    error_code ec;
    std::string sentence;
    const PeerPtr peer = find_locked({nullptr, Target::Of::any, {}}, strays_.front().options, ec, sentence);
    if (!peer) return;
    Stray stray = strays_.take_front();
    strays_size_ -= stray.data.size();
    drop_deadline(stray);
    RequestOptions options = stray.options;
    options.deadline(stray.deadline.is_set() ? Deadline{stray.deadline.when} : Deadline::never());
    request_locked(lock, peer, stray.route, stray.data, options, std::move(stray.handler));
    if (!lock.owns_lock()) lock.lock();
  }
}

// --- peers -----------------------------------------------------------------------------------------------------------

RpcParty::Settings Node::party_settings() {
  RpcParty::Settings settings;
  settings.origin = origin_ + ++party_count_;  // so that no two parties' requests have the same ids
  settings.calls_max = options_.calls_max;
  settings.kept_count_max = options_.kept_count_max;
  settings.kept_size_max = options_.kept_size_max;
  settings.jobs_max = options_.handlers_max;
  settings.deferred_count_max = options_.waiting_count_max;
  settings.deferred_size_max = options_.waiting_size_max;
  return settings;
}

std::vector<Node::PeerPtr> Node::connected_peers_locked() {
  std::vector<PeerPtr> connected;
  for_each_peer_locked([&](const PeerPtr& peer) {
    if (peer->carrier) connected.push_back(peer);
  });
  return connected;
}

void Node::connected_locked(Lock& lock, const PeerPtr& peer, std::shared_ptr<Carrier> carrier) {
  if (peer->carrier) {
    const auto older = peer->carrier;
    disconnected_locked(peer, error::duplicate_identity, "the same client has connected again");
    older->close();
  }
  carrier->belongs_to(peer);
  carrier->caller.peer = peer->info;
  carrier->caller.back = requester_for(*peer);
  peer->carrier = std::move(carrier);
  peer->absent_until = TimePoint::max();
  Event event;
  event.kind = Event::Kind::connected;
  event.client_id = peer->info->client_id;
  event.endpoint = peer->info->endpoint;
  tell_locked(std::move(event));
  peer->party.connected(*peer->carrier);
  const std::shared_ptr<Carrier> held = peer->carrier;
  held->flush(lock);
  if (!lock.owns_lock()) lock.lock();
  serve_strays_locked(lock);
  check_closing_locked();  // which may have waited for nothing but what was kept
}

void Node::disconnected_locked(const PeerPtr& peer, error_code ec, const std::string& sentence) {
  peer->party.disconnected([&](void* call) {
    end_call(static_cast<Call*>(call), error::disconnected,
             "the connection was lost before the answer came: " + sentence);
  });
  peer->carrier.reset();
  Event event;
  event.kind = Event::Kind::disconnected;
  event.client_id = peer->info->client_id;
  event.endpoint = peer->info->endpoint;
  event.cause = ec;
  event.sentence = sentence;
  tell_locked(std::move(event));
}

Requester Node::requester_for(const Peer& peer) {
  return Requester{{std::static_pointer_cast<Node>(shared_from_this()), Target::Of::peer, peer.info->client_id}};
}

void Node::let_leave_locked(std::shared_ptr<Carrier> carrier) {
  leaving_.push_back(carrier);
  carrier->finish();
}

void Node::end_calls_locked(const PeerPtr& peer, error_code ec, const std::string& sentence) {
  peer->party.end_calls([&](void* call) { end_call(static_cast<Call*>(call), ec, sentence); });
}

void Node::forget_locked(const PeerPtr& peer, error_code ec, const std::string& sentence) {
  peer->is_forgotten = true;
  end_calls_locked(peer, ec, sentence);
  cancel_jobs_locked(*peer);
}

void Node::watch_locked(const PeerPtr& peer) {
  if (context() == nullptr) return;
  const TimePoint next = std::min(peer->party.next_deadline().value_or(TimePoint::max()), peer->absent_until);
  if (next >= peer->looked_at) return;
  peer->looked_at = next;
  looks_.add(next, peer);
  if (looks_.size() > looks_max_) renew_looks_locked();
  schedule_look_locked();
}

/// A look that was put before another leaves that behind, until its time comes, which may be in a year.
void Node::renew_looks_locked() {
  looks_.clear();
  for_each_peer_locked([this](const PeerPtr& peer) { looks_.add(peer->looked_at, peer); });
  looks_max_ = 2 * looks_.size() + looks_kept;
}

void Node::schedule_look_locked() {
  const std::optional<TimePoint> next = looks_.next();
  if (!next || (look_deadline_.is_set() && look_deadline_.when <= *next)) return;
  if (look_deadline_.is_set()) context()->cancel(look_deadline_);
  look_deadline_ = context()->schedule(executor(), *next, *this, token_peers);
}

/// Nothing is under way and nobody is there: no timer keeps the context at work.
void Node::rest_locked() {
  bool is_at_rest = true;
  for_each_peer_locked([&](const PeerPtr& peer) {
    if (peer->carrier || peer->party.call_count() > 0 || peer->absent_until != TimePoint::max()) is_at_rest = false;
  });
  if (!is_at_rest || !look_deadline_.is_set() || context() == nullptr) return;
  context()->cancel(look_deadline_);
  look_deadline_ = {};
  looks_.clear();
  for_each_peer_locked([](const PeerPtr& peer) { peer->looked_at = TimePoint::max(); });
}

void Node::look_at_peers_locked() {
  look_deadline_ = {};
  const TimePoint now = Clock::now();
  while (const auto weak = looks_.take_due(now)) {
    const PeerPtr peer = weak->lock();
    if (!peer || peer->is_forgotten) continue;
    peer->looked_at = TimePoint::max();
    while (void* const late = peer->party.take_late(now)) {
      const auto call = static_cast<Call*>(late);
      const auto waited =
          std::chrono::round<std::chrono::milliseconds>(call->allowed.value_or(options_.request_time_max));
      const std::string hindrance = peer->carrier ? peer->carrier->hindrance() : "";
      end_call(call, error::timed_out,
               (peer->carrier ? "no answer has come within " : "the other side was not connected within ") +
                   std::to_string(waited.count()) + " ms" + (hindrance.empty() ? "" : "; " + hindrance) + where(*peer));
    }
    if (peer->absent_until <= now) on_absent_locked(peer);
    if (!peer->is_forgotten) watch_locked(peer);
  }
  schedule_look_locked();
}

std::string Node::where(const Peer& peer) {
  return peer.info->endpoint ? " (" + peer.info->endpoint->to_string() + ")" : "";
}

// --- what is told ----------------------------------------------------------------------------------------------------

void Node::tell_locked(Event event) {
  if (!event_waiters_.empty()) return complete(event_waiters_.take_front(), error_code{}, std::move(event));
  events_size_ += text_size_of(event);
  events_.emplace_back(std::move(event));
  // Their texts are the other side's to choose.
  while (events_.size() > limits::events_max || (events_size_ > limits::events_size_max && events_.size() > 1)) {
    (void)take_event_locked();
    ++stats_.events_missed;
  }
}

Event Node::take_event_locked() {
  Event event = events_.take_front();
  events_size_ -= text_size_of(event);
  return event;
}

void Node::next_event(Deadline deadline, Handler<Event> handler) {
  const Lock lock{mutex()};
  if (!events_.empty()) return post_completion(std::move(handler), executor(), error_code{}, take_event_locked());
  if (is_abandoned_ || life_ == Life::closed) {
    const error_code ec = is_abandoned_ ? error_code{asio::error::operation_aborted} : error_code{error::closed};
    return post_completion(std::move(handler), executor(), ec, Event{});
  }
  start_waiting(event_waiters_.emplace_back(next_id(), std::move(handler), executor()), deadline);
}

std::optional<Event> Node::try_next_event() {
  const Lock lock{mutex()};
  if (events_.empty()) return std::nullopt;
  return take_event_locked();
}

Stats Node::stats() {
  const Lock lock{mutex()};
  Stats stats = stats_;
  for_each_peer_locked([&](const PeerPtr& peer) {
    stats.calls_waiting += peer->party.call_count();
    stats.handlers_running += peer->party.job_count();
  });
  return stats;
}

std::string Node::last_error() {
  const Lock lock{mutex()};
  return last_error_;
}

void Node::note_error(error_code ec, std::string sentence) {
  const Lock lock{mutex()};
  note_locked(ec, std::move(sentence));
}

void Node::note_locked(error_code ec, std::string sentence) {
  last_code_ = ec;
  last_error_ = std::move(sentence);
}

void Node::throw_error(std::string_view operation, error_code ec) {
  const Lock lock{mutex()};
  if (last_code_ == ec && !last_error_.empty()) throw Error{ec, last_error_};
  throw Error{ec, std::string{operation} + ": " + ec.message()};
}

void Node::interrupt_locked(std::uint64_t id, error_code ec) {
  const auto note = [&](std::string_view operation, const std::optional<Duration>& allowed) {
    if (!allowed) return false;
    if (ec == error::timed_out) {
      const auto span = std::chrono::round<std::chrono::milliseconds>(*allowed);
      note_locked(ec, std::string{operation} + " timed out after " + std::to_string(span.count()) + " ms");
    }
    return true;
  };
  if (note("next_event", fail_waiter(event_waiters_, id, ec))) return;
  for (std::size_t i = 0; i < strays_.size(); ++i) {
    if (strays_[i].id != id) continue;
    Stray stray = strays_.take(i);
    strays_size_ -= stray.data.size();
    const std::string sentence = ec == error::timed_out ? named(stray.route.quoted()) + ": no client has come" : "";
    const Reply reply = failed(ec, sentence);
    if (!sentence.empty()) note_locked(ec, sentence);
    return complete(std::move(stray), ec, reply);
  }
  for (std::size_t i = 0; i < closers_.size(); ++i) {
    if (closers_[i].id == id) return give_up_closing_locked();
  }
}

void Node::on_deadline(std::uint64_t token) {
  const Lock lock{mutex()};
  if (context() == nullptr) return;
  if (token == token_peers) {
    look_at_peers_locked();
    check_closing_locked();
  } else if (token == token_close) {
    close_deadline_ = {};
    give_up_closing_locked();
  } else if (token == token_own) {
    on_own_deadline_locked();
  } else {
    interrupt_locked(token, error::timed_out);
  }
}

}  // namespace parley::rpc::detail
