#include "socket/state.hpp"

#include "detail/log.hpp"
#include "detail/random_bits.hpp"

#include <parley/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using policy::LinkId;
using policy::SocketAction;

std::shared_ptr<SocketState> SocketState::make(asio::any_io_executor executor, SocketOptions options) {
  return std::make_shared<SocketState>(std::move(executor), std::move(options));
}

SocketState::SocketState(asio::any_io_executor executor, SocketOptions options)
    : SocketState{std::move(executor), std::move(options), Slot::take()} {}

SocketState::SocketState(asio::any_io_executor executor, SocketOptions options, Slot& slot)
    : WaitingObject{std::move(executor), slot.mutex},
      tenancy_{slot, *this},
      core_{std::move(options), Identity::of_random(random_bits(), random_bits()), random_bits()} {}

// --- endpoints -------------------------------------------------------------------------------------------------------

Endpoint SocketState::bind(const Endpoint& endpoint, const EndpointOptions& options) {
  auto self = std::static_pointer_cast<SocketState>(shared_from_this());
  const auto door = std::make_shared<Doorkeeper>(std::move(self), endpoint, options);
  const Lock lock{mutex()};
  if (life_ != Life::open) throw Error{error::closed, "the socket was closed"};
  doors_.push_back(door);
  door->start();
  return door->local_endpoint();
}

bool SocketState::unbind(const Endpoint& endpoint) {
  const Lock lock{mutex()};
  const auto found =
      std::find_if(doors_.begin(), doors_.end(), [&](const auto& door) { return door->local_endpoint() == endpoint; });
  if (found == doors_.end()) return false;
  (*found)->close();
  doors_.erase(found);
  return true;
}

void SocketState::connect(const Endpoint& endpoint, const EndpointOptions& options) {
  transport::detail::require_connectable(endpoint, checked(endpoint, options).transport());
  Lock lock{mutex()};
  if (life_ != Life::open) throw Error{error::closed, "the socket was closed"};
  const bool is_known = std::any_of(diallings_.begin(), diallings_.end(),
                                    [&](const Dialling& each) { return each.endpoint == endpoint; });
  if (is_known) throw std::invalid_argument{"the socket is connected to " + endpoint.to_string() + " already"};
  diallings_.push_back({core_.add_dialler(endpoint), endpoint, options, nullptr});
  settle_locked(lock);
}

bool SocketState::disconnect(const Endpoint& endpoint) {
  Lock lock{mutex()};
  const auto found = std::find_if(diallings_.begin(), diallings_.end(),
                                  [&](const Dialling& each) { return each.endpoint == endpoint; });
  if (found == diallings_.end()) return false;
  core_.remove_dialler(found->id, Clock::now());
  settle_locked(lock);
  return true;
}

bool SocketState::cut_off(const Identity& peer) {
  Lock lock{mutex()};
  const bool is_known = core_.cut_off(peer, Clock::now());
  settle_locked(lock);
  return is_known;
}

SocketState::Dialling* SocketState::find_dialling(policy::DiallerId id) noexcept {
  const auto found = std::find_if(diallings_.begin(), diallings_.end(), [&](const Dialling& d) { return d.id == id; });
  return found == diallings_.end() ? nullptr : &*found;
}

void SocketState::dial(policy::DiallerId id) {
  Dialling* const dialling = find_dialling(id);
  if (dialling == nullptr) return;
  dialling->stop = std::make_shared<asio::cancellation_signal>();
  const auto why = std::make_shared<std::string>();
  transport::StreamConnectOptions options;
  options.deadline(dialling->options.attempt_time_max()).transport(dialling->options.transport()).failure_to(why);
  auto on_done = [self = std::static_pointer_cast<SocketState>(shared_from_this()), id, why, stop = dialling->stop,
                  since = Clock::now()](error_code ec, transport::Stream stream) {
    self->on_dialled(id, since, ec, std::move(stream), *why);
  };
  transport::async_connect(executor(), dialling->endpoint, options,
                           asio::bind_cancellation_slot(dialling->stop->slot(), std::move(on_done)));
}

void SocketState::on_dialled(policy::DiallerId id, TimePoint since, error_code ec, transport::Stream stream,
                             const std::string& why) {
  Lock lock{mutex()};
  Dialling* const dialling = find_dialling(id);
  if (dialling == nullptr || context() == nullptr) return;
  dialling->stop = nullptr;
  if (ec) {
    core_.on_dial_failed(id, ec, why, Clock::now());
    settle_locked(lock);
    return;
  }
  policy::LinkInfo info{.dialect = dialling->options.dialect(),
                        .endpoint = dialling->endpoint,
                        .is_dialled = true,
                        .dialler = id,
                        .since = since};
  if (const auto tls = stream.tls_info(); tls && tls->peer_verified) info.tls_subject = tls->peer_subject;
  add_link_locked(lock, std::move(stream), std::move(info), {});
}

// --- links -----------------------------------------------------------------------------------------------------------

void SocketState::add_link_locked(Lock& lock, transport::Stream stream, policy::LinkInfo info,
                                  std::span<const std::byte> unread) {
  if (life_ == Life::finishing || life_ == Life::closed || context() == nullptr) return;
  auto self = std::static_pointer_cast<SocketState>(shared_from_this());
  const auto link = std::make_shared<PeerLink>(std::move(self), std::move(stream));
  if (!unread.empty()) {
    link->link().has_read(unread);
  }
  const LinkId id = core_.add_link(std::move(info), link->link().in(), link->link().out(), Clock::now());
  if (id.slot >= links_.size()) links_.resize(id.slot + 1);
  links_[id.slot] = link;
  link->start(id);
  settle_locked(lock);
}

/// Null when there is none (any more).
std::shared_ptr<PeerLink> SocketState::remove_link(LinkId id) noexcept {
  return find_link(id) == nullptr ? nullptr : std::exchange(links_[id.slot], nullptr);
}

void SocketState::on_link_end_locked(const PeerLink& link, error_code ec, const std::string& sentence) {
  if (find_link(link.id()) == nullptr) return;
  if (life_ == Life::draining && is_up(link.id())) note_unconfirmed_locked(link);
  core_.on_end(link.id(), ec, sentence, Clock::now());
  remove_link(link.id());
  settle_later_locked();
}

void SocketState::note_unwritten_locked(PeerLink& link) {
  const std::uint64_t lost = core_.on_unwritten(link.identity(), link.link().out().message_count());
  if (lost == 0) return;
  if (life_ != Life::open) report_.unsent_count += lost;
  settle_later_locked();
}

void SocketState::note_unconfirmed_locked(const PeerLink& link) {
  if (life_ != Life::open) report_.unconfirmed_size += link.unacknowledged_size();
}

bool SocketState::is_up(LinkId id) const noexcept {
  return std::any_of(core_.peers().begin(), core_.peers().end(),
                     [id](const policy::Peer* peer) { return peer->id == id; });
}

void SocketState::on_left_locked(const PeerLink& link) {
  std::erase_if(leaving_, [&](const auto& each) { return each.get() == &link; });
  if (life_ == Life::finishing && leaving_.empty()) conclude_locked();
}

void SocketState::note_refused_locked(Lock& lock, error_code ec, std::string sentence, const Endpoint& peer) {
  core_.on_refused(peer, ec, std::move(sentence));
  settle_locked(lock);
}

void SocketState::note_trouble_locked(Lock& lock, error_code ec, const Endpoint& where, Duration pause) {
  core_.on_accept_paused(where, ec, pause);
  settle_locked(lock);
}

// --- carrying out what the core asks for -----------------------------------------------------------------------------

void SocketState::settle_locked(Lock& lock, Flushing flushing) {
  std::shared_ptr<ContextMember> self;  // where the lock is released meanwhile
  satisfy_receivers();
  while (core_.has_actions()) {
    if (!self) self = shared_from_this();
    while (const auto action = core_.next_action()) {
      perform(lock, *action, flushing);
      if (!lock.owns_lock()) lock.lock();
    }
    complete_operations();
    satisfy_receivers();
  }
  tell_waiters();
  schedule_core_deadline();
  if (life_ == Life::draining && core_.is_drained()) finish_closing_locked(lock);
}

void SocketState::settle_later_locked() {
  if (settle_is_posted_ || context() == nullptr) return;
  settle_is_posted_ = true;
  asio::post(executor(), [self = std::static_pointer_cast<SocketState>(shared_from_this())] {
    Lock lock{self->mutex()};
    self->settle_is_posted_ = false;
    self->settle_locked(lock, Flushing::now);
  });
}

void SocketState::perform(Lock& lock, const SocketAction& action, Flushing flushing) {
  switch (action.kind) {
    case SocketAction::Kind::flush:
      if (PeerLink* link = find_link(action.link)) {
        flushing == Flushing::now ? write_now(lock, *link) : link->link().appended(lock);
      }
      return;
    case SocketAction::Kind::close_link:
      if (const auto link = remove_link(action.link)) {
        // What is left says who this side is, and what it has got. At the end of the socket's own time nothing more is
        // written: what is queued then has been counted as unsent.
        if (life_ == Life::open || life_ == Life::draining) link->link().write_now(lock);
        if (!lock.owns_lock()) lock.lock();
        link->close();
      }
      return;
    case SocketAction::Kind::finish_link:
      if (auto link = remove_link(action.link)) {
        leaving_.push_back(std::move(link));
        leaving_.back()->finish(action.identity);
      }
      return;
    case SocketAction::Kind::look_at_link:
      if (PeerLink* link = find_link(action.link); link != nullptr && link->link().peer_has_ended()) {
        core_.on_seen_dead(action.link);
        link->link().resume();
      }
      return;
    case SocketAction::Kind::dial: dial(action.dialler); return;
    case SocketAction::Kind::stop_dialling:
      if (Dialling* dialling = find_dialling(action.dialler)) {
        if (dialling->stop) {
          // The signal is not for two threads, and its handlers take this lock.
          asio::post(executor(), [stop = dialling->stop] { stop->emit(asio::cancellation_type::terminal); });
        }
        diallings_.erase(diallings_.begin() + (dialling - diallings_.data()));
      }
      return;
  }
}

void SocketState::complete_operations() {
  while (auto completion = core_.next_completion()) {
    const bool is_confirmation = (completion->operation & confirmation_bit) != 0;
    const auto found = senders_.find(completion->operation & ~confirmation_bit);
    if (found == senders_.end()) continue;
    if (found->second.is_confirmed && !is_confirmation && !completion->ec) continue;  // accepted, no more
    Sender sender = std::move(found->second);
    senders_.erase(found);
    if (completion->ec) note_locked(std::move(completion->sentence), completion->ec);
    complete(std::move(sender), completion->ec);
  }
}

void SocketState::tell_waiters() {
  while (!event_waiters_.empty() && core_.has_events()) {
    complete(event_waiters_.take_front(), error_code{}, *core_.next_event());
  }
  for (std::size_t i = 0; i < peer_waiters_.size();) {
    if (core_.peers().size() < peer_waiters_[i].count) {
      ++i;
    } else {
      complete(peer_waiters_.take(i), error_code{});
    }
  }
}

void SocketState::schedule_core_deadline() {
  if (context() == nullptr) return;
  const auto next = core_.next_deadline();
  if (!next || (core_deadline_.is_set() && core_deadline_.when <= *next)) return;
  if (core_deadline_.is_set()) context()->cancel(core_deadline_);
  core_deadline_ = context()->schedule(executor(), *next, *this, token_core);
}

void SocketState::on_deadline(std::uint64_t token) {
  Lock lock{mutex()};
  if (context() == nullptr) return;
  if (token == token_core) {
    core_deadline_ = {};
    core_.expire(Clock::now());
    settle_locked(lock);
  } else if (token == token_close) {
    close_deadline_ = {};
    give_up_closing_locked(lock);
  } else {
    interrupt_locked(token, error::timed_out);
    settle_locked(lock);
  }
}

void SocketState::interrupt_locked(std::uint64_t id, error_code ec) {
  if (const auto found = senders_.find(id); found != senders_.end()) {
    const Duration allowed = found->second.time_allowed();
    const bool is_confirmed = found->second.is_confirmed;
    const bool was_accepted = !core_.cancel_send(id, ec);
    if (was_accepted) core_.cancel_confirmation(id | confirmation_bit, ec);
    complete_operations();
    if (ec == error::timed_out) {
      note_time_out_locked(is_confirmed ? "send_confirmed" : "send", allowed,
                           was_accepted            ? "the message was not acknowledged"
                           : core_.peers().empty() ? "there is no peer"
                                                   : "there is no room in the queues");
    }
    return;
  }
  const auto fail_one_of = [&](auto& waiters, std::string_view operation, const std::string& why) {
    const auto allowed = fail_waiter(waiters, id, ec);
    if (allowed && ec == error::timed_out) note_time_out_locked(operation, *allowed, why);
    return allowed.has_value();
  };
  if (fail_one_of(receivers_, "receive", {}) || fail_one_of(event_waiters_, "next_event", {})) return;
  if (fail_one_of(peer_waiters_, "wait_for_peers", "there are " + std::to_string(core_.peers().size()))) return;
  for (std::size_t i = 0; i < closers_.size(); ++i) {
    if (closers_[i].id != id) continue;
    Lock lock{mutex(), std::adopt_lock};
    give_up_closing_locked(lock);
    if (!lock.owns_lock()) lock.lock();
    lock.release();
    return;
  }
}

void SocketState::note_locked(std::string sentence, error_code ec) {
  last_code_ = ec;
  last_error_ = sentence.empty() ? ec.message() : std::move(sentence);
}

void SocketState::note_time_out_locked(std::string_view operation, Duration waited, const std::string& why) {
  const auto span = std::chrono::round<std::chrono::milliseconds>(waited).count();
  std::string sentence{operation};
  sentence += " timed out after " + std::to_string(span) + " ms";
  if (!why.empty()) sentence += ": " + why;
  note_locked(std::move(sentence), error::timed_out);
}

}  // namespace parley::detail
