// SocketState: sending, receiving, looking.
#include "socket/state.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>

#include <stdexcept>
#include <utility>

namespace parley::detail {

using boost::system::error_code;

// --- sending ---------------------------------------------------------------------------------------------------------

policy::SendSettings SocketState::settings_of(const SendOptions& options) {
  return {.sent_max = options.sent_max(), .expires = options.time_to_live().when()};
}

SocketState::Sent SocketState::try_send_plain_locked(Lock& lock, Message& message, const Identity* to, error_code& ec) {
  const policy::LinkId link = core_.try_send_to_one(message, to);
  if (!link.is_set()) [[unlikely]]
    return try_send_locked(lock, message, to == nullptr ? std::nullopt : std::optional{*to}, SendOptions{}, ec);
  sent_last_ = link;
  const bool is_due = ready_in_a_row_.is_due(message.size());
  links_[link.slot]->link().appended(lock);  // may release the lock, and then this object may be gone
  return is_due ? Sent::done_and_yield : Sent::done;
}

SocketState::Sent SocketState::try_send_locked(Lock& lock, Message& message, const std::optional<Identity>& to,
                                               const SendOptions& options, error_code& ec) {
  using CoreSent = policy::SocketCore::Sent;
  const policy::SendSettings settings = settings_of(options);
  const std::size_t size = message.size();
  const CoreSent sent = core_.try_send(message, to, settings, now_for(settings), ec);
  if (sent == CoreSent::failed) note_locked(core_.sentence(), ec);
  const bool is_due = sent == CoreSent::done && ready_in_a_row_.is_due(size);
  if (core_.has_actions()) {
    if (core_.can_gather()) {
      settle_later_locked();
    } else {
      settle_locked(lock, Flushing::now);
    }
  } else {
    schedule_core_deadline();  // of a message that is kept
  }
  switch (sent) {
    case CoreSent::done: return is_due ? Sent::done_and_yield : Sent::done;
    case CoreSent::must_wait: return Sent::must_wait;
    case CoreSent::failed: break;
  }
  return Sent::failed;
}

/// May release the lock.
void SocketState::write_now(Lock& lock, PeerLink& link) {
  const auto held = link.shared_from_this();
  link.link().write_now(lock);
}

void SocketState::write_before_waiting() {
  Lock lock{mutex()};
  if (PeerLink* const link = find_link(sent_last_)) {
    write_now(lock, *link);
    if (!lock.owns_lock()) lock.lock();
  }
  if (core_.has_actions()) settle_locked(lock, Flushing::now);
}

void SocketState::send(Message message, const std::optional<Identity>& to, const SendOptions& options,
                       bool is_confirmed, Handler<> handler) {
  Lock lock{mutex()};
  const std::uint64_t id = next_id();
  const auto [at, is_new] = senders_.try_emplace(id, id, std::move(handler), executor(), is_confirmed);
  start_waiting(at->second, options.deadline());
  policy::SendSettings settings = settings_of(options);
  if (is_confirmed) settings.confirms = id | confirmation_bit;
  core_.send(id, std::move(message), to, settings, now_for(settings));
  settle_locked(lock);
}

void SocketState::require_confirmable() const {
  if (confirms()) return;
  throw std::invalid_argument("only what is sent at least once is confirmed: set SocketOptions::delivery");
}

// --- receiving -------------------------------------------------------------------------------------------------------

void SocketAccess::fill(Received& received, const policy::TakenFrom& from, SocketState& socket) {
  received.sender = from.sender;
  if (from.id) [[unlikely]] {
    auto self = std::static_pointer_cast<SocketState>(socket.shared_from_this());
    received.unacknowledged_ = UnacknowledgedRef{new Unacknowledged{*from.id, std::move(self)}};
  } else if (received.unacknowledged_.get() != nullptr) [[unlikely]] {
    received.unacknowledged_ = {};
  }
}

/// Also lets the link that it came from read on.
bool SocketState::take_from_core(Received& received) {
  policy::TakenFrom from;
  if (!core_.take(received.message, from)) return false;
  SocketAccess::fill(received, from, *this);
  if (from.link.is_set()) [[unlikely]] {
    if (PeerLink* const link = find_link(from.link)) link->taken();
  }
  return true;
}

SocketState::Taken SocketState::take_any_locked(Received& received) {
  if (!receivers_.empty()) return Taken::nothing;
  const bool is_taken = take_from_core(received);
  if (core_.has_actions()) [[unlikely]]
    settle_later_locked();
  if (is_taken) [[likely]]
    return ready_in_a_row_.is_due(received.message.size()) ? Taken::message_and_yield : Taken::message;
  ready_in_a_row_.reset();
  return life_ == Life::open ? Taken::nothing : Taken::closed;
}

void SocketState::receive(Deadline deadline, Handler<Received> handler) {
  Lock lock{mutex()};
  Received received;
  const bool is_taken = receivers_.empty() && take_from_core(received);
  if (is_taken) {
    post_completion(std::move(handler), executor(), error_code{}, std::move(received));
  } else if (life_ != Life::open) {
    note_locked("the socket was closed", error::closed);
    post_completion(std::move(handler), executor(), error_code{error::closed}, Received{});
  } else {
    start_waiting(receivers_.emplace_back(next_id(), std::move(handler), executor()), deadline);
  }
  if (core_.has_actions()) settle_locked(lock);
}

void SocketState::satisfy_receivers() {
  Received received;
  while (!receivers_.empty() && take_from_core(received)) {
    complete(receivers_.take_front(), error_code{}, std::move(received));
  }
}

void SocketState::deliver_locked(Lock& lock) {
  const auto self = shared_from_this();
  Received received;
  while (!receivers_.empty() && take_from_core(received)) {
    Receiver receiver = receivers_.take_front();
    if (receiver.deadline.is_set() && context() != nullptr) context()->cancel(receiver.deadline);
    lock.unlock();
    const auto executor_of_handler = receiver.handler.executor_or(executor());
    boost::asio::dispatch(executor_of_handler,
                          [handler = std::move(receiver.handler), received = std::move(received)]() mutable {
                            std::move(handler)(error_code{}, std::move(received));
                          });
    lock.lock();
  }
  settle_locked(lock);
}

void SocketState::acknowledge(const Identity& sender, const wire::MessageId& id) {
  Lock lock{mutex()};
  if (context() == nullptr) return;  // with the context went the links, of which the core still knows
  core_.acknowledge(sender, id);
  settle_locked(lock);
}

void SocketState::decline(const Identity& sender, const wire::MessageId& id) {
  const Lock lock{mutex()};
  core_.decline(sender, id);
}

// --- looking ---------------------------------------------------------------------------------------------------------

void SocketState::wait_for_peers(std::size_t count, Deadline deadline, Handler<> handler) {
  const Lock lock{mutex()};
  if (core_.peers().size() >= count) {
    post_completion(std::move(handler), executor(), error_code{});
  } else if (life_ != Life::open) {
    note_locked("the socket was closed", error::closed);
    post_completion(std::move(handler), executor(), error_code{error::closed});
  } else {
    start_waiting(peer_waiters_.emplace_back(next_id(), std::move(handler), executor(), count), deadline);
  }
}

std::optional<SocketEvent> SocketState::try_next_event() {
  const Lock lock{mutex()};
  return event_waiters_.empty() ? core_.next_event() : std::nullopt;
}

void SocketState::next_event(Deadline deadline, Handler<SocketEvent> handler) {
  const Lock lock{mutex()};
  auto event = event_waiters_.empty() ? core_.next_event() : std::nullopt;
  if (event) {
    post_completion(std::move(handler), executor(), error_code{}, std::move(*event));
  } else if (life_ == Life::closed) {
    note_locked("the socket was closed", error::closed);
    post_completion(std::move(handler), executor(), error_code{error::closed}, SocketEvent{});
  } else {
    start_waiting(event_waiters_.emplace_back(next_id(), std::move(handler), executor()), deadline);
  }
}

std::vector<PeerInfo> SocketState::peers() {
  const Lock lock{mutex()};
  const TimePoint now = Clock::now();
  std::vector<PeerInfo> infos;
  for (const policy::Peer* peer : core_.peers()) {
    const PeerLink* const link = find_link(peer->id);
    const LinkCounters counters = link == nullptr ? LinkCounters{} : link->counters();
    infos.push_back({.identity = peer->identity,
                     .endpoint = peer->info.endpoint,
                     .tls_subject = peer->info.tls_subject,
                     .queue_count = peer->out.message_count(),
                     .queue_size = peer->out.size(),
                     .messages_sent = peer->messages_sent,
                     .messages_received = peer->messages_received,
                     .messages_dropped = peer->messages_dropped,
                     .bytes_sent = counters.bytes_written,
                     .bytes_received = counters.bytes_read,
                     .since_heard = now - peer->liveness.last_heard()});
  }
  return infos;
}

SocketStats SocketState::stats() {
  const Lock lock{mutex()};
  const policy::SocketCounters& counters = core_.counters();
  return {.messages_sent = counters.messages_sent,
          .messages_received = counters.messages_received,
          .messages_dropped = counters.messages_dropped,
          .messages_resent = counters.messages_resent,
          .messages_given_up = counters.messages_given_up,
          .duplicates_dropped = counters.duplicates_dropped,
          .peer_count = core_.peers().size(),
          .kept_count = core_.kept_count(),
          .unacknowledged_count = core_.unacknowledged_count(),
          .events_missed = core_.events_missed()};
}

void SocketState::note_error(error_code ec, std::string sentence) {
  const Lock lock{mutex()};
  note_locked(std::move(sentence), ec);
}

Error SocketState::error_for(std::string_view operation, error_code ec) {
  const Lock lock{mutex()};
  std::string sentence{operation};
  if (ec == boost::asio::error::operation_aborted) {
    note_locked(sentence + (life_ == Life::open ? " was cancelled" : " was ended: the socket was closed"), ec);
  } else if (ec == error::timed_out && !last_error_.starts_with(sentence + " timed out")) {
    return Error{ec, sentence + " timed out"};  // that of another operation, in another thread, came in between
  } else if (last_code_ != ec) {
    return Error{ec, sentence + " failed: " + ec.message()};
  }
  return Error{ec, last_error_};
}

std::string SocketState::last_error() {
  const Lock lock{mutex()};
  return last_error_;
}

}  // namespace parley::detail
