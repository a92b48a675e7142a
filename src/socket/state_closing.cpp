// SocketState: how a socket ends.
//
// open -> draining (nothing new is taken; the core gets rid of what was accepted) -> finishing (the core is done; the
// links end one by one) -> closed.
#include "socket/state.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

void SocketState::close(Deadline deadline, Handler<SocketCloseReport> handler) {
  Lock lock{mutex()};
  if (life_ == Life::closed) {
    post_completion(std::move(handler), executor(), error_code{}, report_);
    return;
  }
  start_waiting(closers_.emplace_back(next_id(), std::move(handler), executor()), Deadline::never());
  begin_closing_locked(lock, deadline);
}

void SocketState::abandon() noexcept {
  Lock lock{mutex()};
  is_abandoned_ = true;
  tenancy_.retire();
  if (context() == nullptr) return;
  begin_closing_locked(lock, limits::linger);
}

bool SocketState::is_abandoned() {
  const Lock lock{mutex()};
  return is_abandoned_;
}

void SocketState::begin_closing_locked(Lock& lock, Deadline deadline) {
  if (life_ == Life::closed) return;
  if (!deadline.is_never() && (!close_deadline_.is_set() || deadline.when() < close_deadline_.when)) {
    if (close_deadline_.is_set()) context()->cancel(close_deadline_);
    close_deadline_ = context()->schedule(executor(), deadline.when(), *this, token_close);
  }
  if (life_ != Life::open) return;
  life_ = Life::draining;
  held_while_closing_ = shared_from_this();
  core_.begin_closing(asio::error::operation_aborted);
  fail_all(receivers_, asio::error::operation_aborted);
  fail_all(peer_waiters_, asio::error::operation_aborted);
  settle_locked(lock);
}

/// The core is drained, or its time is over.
void SocketState::finish_closing_locked(Lock& lock) {
  if (life_ != Life::draining) return;
  life_ = Life::finishing;
  for (const auto& door : doors_) door->close();
  doors_.clear();
  for (const policy::Peer* peer : core_.peers()) {
    // Those of a core that is drained leave in order, and have time to be confirmed.
    if (const PeerLink* const link = core_.is_drained() ? nullptr : find_link(peer->id)) note_unconfirmed_locked(*link);
  }
  const policy::SocketRemains remains = core_.finish_closing(asio::error::operation_aborted);
  report_.unsent_count += remains.unsent_count;
  report_.unacknowledged_count = remains.unacknowledged_count;
  settle_locked(lock);
  if (leaving_.empty()) conclude_locked();
}

void SocketState::give_up_closing_locked(Lock& lock) {
  if (life_ == Life::draining) finish_closing_locked(lock);
  if (life_ != Life::finishing) return;
  while (!leaving_.empty()) {
    note_unwritten_locked(*leaving_.back());
    note_unconfirmed_locked(*leaving_.back());
    leaving_.back()->close();
    leaving_.pop_back();
  }
  conclude_locked();
}

void SocketState::conclude_locked() {
  if (std::exchange(life_, Life::closed) == Life::closed) return;
  for (DeadlineId* deadline : {&core_deadline_, &close_deadline_}) {
    if (deadline->is_set() && context() != nullptr) context()->cancel(*deadline);
    *deadline = {};
  }
  fail_all(event_waiters_, asio::error::operation_aborted);
  while (!closers_.empty()) complete(closers_.take_front(), error_code{}, report_);
  // The caller still uses this object under its mutex: let go of it from the loop instead.
  asio::post(executor(), [self = std::move(held_while_closing_)] {});
}

void SocketState::on_context_shutdown() noexcept {
  // Destroyed when the lock is released: handlers may own this object, and much else.
  Ring<Receiver> receivers;
  std::unordered_map<std::uint64_t, Sender> senders;
  Ring<PeerWaiter> peer_waiters;
  Ring<EventWaiter> event_waiters;
  Ring<Closer> closers;
  std::vector<std::shared_ptr<Doorkeeper>> doors;
  std::vector<std::shared_ptr<PeerLink>> links;
  std::vector<std::shared_ptr<PeerLink>> leaving;
  std::shared_ptr<ContextMember> self;
  const Lock lock{mutex()};
  forget_context();
  life_ = Life::closed;
  for (const auto& link : links_) {
    if (link) link->forget();
  }
  for (const auto& link : leaving_) link->forget();
  for (const auto& door : doors_) door->close();  // its accept holds it
  receivers.swap(receivers_);
  senders.swap(senders_);
  peer_waiters.swap(peer_waiters_);
  event_waiters.swap(event_waiters_);
  closers.swap(closers_);
  doors.swap(doors_);
  links.swap(links_);
  leaving.swap(leaving_);
  self.swap(held_while_closing_);
}

}  // namespace parley::detail
