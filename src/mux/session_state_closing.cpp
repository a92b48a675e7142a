// SessionState: how it ends: by close(), by its handle's going, idle, cut, or with its context.
#include "mux/session_state.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace parley::mux::detail {

namespace {

/// Of a session that nobody waits for: how long its stream may take none of what is left to be written.
constexpr std::chrono::seconds drain_stall_max{30};

}  // namespace

void SessionState::close(Deadline deadline, Handler<SessionCloseReport> handler) {
  Lock lock{mutex()};
  if (life_ == Life::closed || context() == nullptr) {
    post_completion(std::move(handler), executor(), error_code{}, report_);
    return;
  }
  start_waiting(closers_.emplace_back(next_id(), std::move(handler), executor()), Deadline::never());
  begin_closing(deadline);
  settle(lock);
}

void SessionState::abandon() noexcept {
  Lock lock{mutex()};
  if (context() == nullptr) return;
  refuse_backlog(Keep::none);  // also of a session that has ended: they own it, and nobody will accept them
  begin_closing(Deadline::never());
  settle(lock);
}

bool SessionState::takes_channels() {
  const Lock lock{mutex()};
  return life_ == Life::open && !is_over_ && !peer_goes_away_ && context() != nullptr;
}

void SessionState::close_when_idle(Duration time) {
  Lock lock{mutex()};
  idle_time_ = time;
  settle(lock);
}

void SessionState::watch_idleness() {
  if (idle_time_ == Duration{} || life_ != Life::open) return;
  const bool is_idle = core_.channel_count() == 0 && openers_.empty();
  if (is_idle == idle_deadline_.is_set()) return;
  if (is_idle) {
    idle_deadline_ = context()->schedule(executor(), Clock::now() + idle_time_, *this, token_idle);
  } else {
    context()->cancel(std::exchange(idle_deadline_, {}));
  }
}

void SessionState::begin_closing(Deadline deadline) {
  if (life_ == Life::closed) return;
  if (!deadline.is_never() && (!close_deadline_.is_set() || deadline.when() < close_deadline_.when)) {
    if (close_deadline_.is_set()) context()->cancel(close_deadline_);
    close_deadline_ = context()->schedule(executor(), deadline.when(), *this, token_close);
  }
  if (life_ != Life::open) return;
  life_ = Life::closing;
  held_while_closing_ = shared_from_this();
  fail_all_operations(asio::error::operation_aborted);
  refuse_backlog(Keep::none);
  if (!is_over_) core_.go_away(Clock::now());
}

void SessionState::refuse_backlog(Keep keep) {
  std::erase_if(backlog_, [&](const auto& each) {
    if (keep == Keep::those_over && each->is_over_in_order()) return false;
    if (!is_over_) core_.reset(each->channel(), Clock::now());
    detach(each->channel());
    each->forget();
    return true;
  });
}

void SessionState::go_on_closing() {
  // What ended by itself closes by itself.
  if (is_over_ && life_ == Life::open) {
    life_ = Life::closing;
    held_while_closing_ = shared_from_this();
    refuse_backlog(Keep::those_over);
  }
  if (life_ == Life::closing && (is_over_ || core_.channel_count() == 0)) {
    life_ = Life::finishing;
    reading_held_ = false;
    if (link_.is_paused()) link_.resume();
  }
  if (life_ != Life::finishing) return;
  // How the last channels ended may still have no room in the queue of the stream.
  if (!link_.is_ending() && core_.next_output().empty()) link_.end_sending();
  watch_last_writes();
  if (stream_ended_) finish_closing();
}

/// What is queued may be written for as long as the stream takes it; then the peer has a moment to end its side. A
/// session that was lost has nothing to say but why, and that moment is all it has.
void SessionState::watch_last_writes() {
  const bool is_said = is_over_ || link_.sending_ended();
  if (linger_deadline_.is_set()) {
    if (is_said == lingers_) return;
    context()->cancel(linger_deadline_);
  }
  lingers_ = is_said;
  drained_size_ = link_.counters().bytes_written;
  const Duration span = is_said ? Duration{limits::linger} : Duration{drain_stall_max};
  linger_deadline_ = context()->schedule(executor(), Clock::now() + span, *this, token_linger);
}

void SessionState::on_linger_over() {
  const bool goes_on = close_deadline_.is_set() || link_.counters().bytes_written != drained_size_;
  if (!lingers_ && goes_on) return watch_last_writes();
  finish_closing();
}

/// Its time is over: what is still open is cut, and what is still unwritten too.
void SessionState::cut() {
  if (life_ == Life::finishing) return finish_closing();
  if (life_ != Life::closing || is_over_) return;
  note_channels_cut(core_.channel_count());
  core_.stream_ended(error::session_ended, Clock::now());
}

void SessionState::finish_closing() {
  if (life_ != Life::finishing) return;
  life_ = Life::closed;
  report_.unwritten_size = link_.out().size();
  for (auto* deadline : {&core_deadline_, &close_deadline_, &linger_deadline_, &idle_deadline_}) {
    if (deadline->is_set()) context()->cancel(std::exchange(*deadline, {}));
  }
  link_.close();
  while (!closers_.empty()) complete(closers_.take_front(), error_code{}, report_);
  held_while_closing_.reset();  // whoever called holds it too
}

void SessionState::on_context_shutdown() noexcept {
  // Destroyed when the lock is released: handlers may own this object, its channels, and much else.
  std::vector<ChannelBackend::Waiting> waiting;
  std::deque<std::unique_ptr<ChannelBackend>> backlog;
  parley::detail::Ring<Opener> openers;
  parley::detail::Ring<Acceptor> acceptors;
  parley::detail::Ring<Pinger> pingers;
  parley::detail::Ring<EventWaiter> event_waiters;
  parley::detail::Ring<Closer> closers;
  Deliveries deliveries;
  const Lock lock{mutex()};
  forget_context();
  life_ = Life::closed;
  for (ChannelBackend* each : channels_) {
    if (each != nullptr) waiting.push_back(each->forget());
  }
  channels_.clear();
  backlog.swap(backlog_);
  openers.swap(openers_);
  acceptors.swap(acceptors_);
  pingers.swap(pingers_);
  event_waiters.swap(event_waiters_);
  closers.swap(closers_);
  deliveries.swap(deliveries_);
  link_.forget();
  held_while_closing_.reset();  // the service that calls holds it too
}

}  // namespace parley::mux::detail
