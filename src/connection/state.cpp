#include "connection/state.hpp"

#include "connection/link.hpp"

#include "detail/log.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// How often a closing connection asks whether the peer's system has acknowledged everything.
constexpr std::chrono::milliseconds confirm_pause_min{1};
constexpr std::chrono::milliseconds confirm_pause_max{50};
/// In which a Link has written what it was given: the turn that it was given it in, and the one that writes.
constexpr int confirm_turns_max = Link::turns_gathered_max + 2;

}  // namespace

void ConnectionState::check_marks(const ConnectionOptions& options) {
  if (options.send_high_water_size == 0 || options.send_high_water_count == 0) {
    throw std::invalid_argument("a send high-water mark of 0 would let no message through; it must be at least 1");
  }
  if (options.receive_high_water_size == 0) {
    throw std::invalid_argument("a receive high-water mark of 0 would let nothing in; it must be at least 1");
  }
}

// --- receiving -------------------------------------------------------------------------------------------------------

void ConnectionState::take_more(std::vector<Message>& messages, std::size_t count_max) {
  const Lock lock{mutex()};
  Message message;
  while (messages.size() < count_max && receivers_.empty() && pull_counted(message) == Pull::message) {
    messages.push_back(std::move(message));
  }
}

void ConnectionState::receive(Deadline deadline, Handler<Message> handler) {
  const Lock lock{mutex()};
  Message message;
  const Pull pulled = receivers_.empty() ? pull_counted(message) : Pull::empty;
  if (pulled == Pull::message) {
    post_completion(std::move(handler), executor(), error_code{}, std::move(message));
  } else if (pulled == Pull::ended) {
    note_locked(end_->code, end_->remark);
    post_completion(std::move(handler), executor(), end_->code, Message{});
  } else {
    start_waiting(receivers_.emplace_back(next_id(), std::move(handler), executor()), deadline);
    demand();
  }
}

Taken ConnectionState::take_or_watch(Message& message) {
  Lock lock{mutex()};
  const Taken taken = take_locked(message);
  if (taken != Taken::nothing) [[likely]]
    return taken;
  if (std::exchange(is_rung_, false)) return Taken::rung;
  if (may_send()) write_now(lock);
  is_watching_ = true;  // so that the look arranges for what is missing
  const Taken late = take_locked(message);
  is_watching_ = late == Taken::nothing && watcher_ != nullptr;
  if (is_watching_) demand();
  return late;
}

void ConnectionState::watch_by(std::shared_ptr<ConnectionWatcher> watcher) {
  const Lock lock{mutex()};
  if (context() == nullptr) return;
  if (watcher == nullptr) is_watching_ = false;  // nobody is there to be called
  watcher_ = std::move(watcher);
}

void ConnectionState::ring() {
  const Lock lock{mutex()};
  if (is_watching_) {
    call_watcher_soon();
  } else {
    is_rung_ = true;
  }
}

bool ConnectionState::is_watched() {
  const Lock lock{mutex()};
  return is_watching_;
}

void ConnectionState::call_watcher_soon() {
  if (!std::exchange(is_watching_, false)) return;
  asio::post(executor(), [watcher = watcher_] { watcher->on_ready(); });
}

void ConnectionState::write_before_waiting() {
  Lock lock{mutex()};
  // Where several wait they send as one, in one turn.
  if (may_send() && receivers_.empty()) write_now(lock);
}

ConnectionState::Pull ConnectionState::pull_counted(Message& message) {
  if (life_ != Life::open) return Pull::ended;
  const Pull pulled = pull(message);
  if (pulled == Pull::message) ++messages_received_;
  return pulled == Pull::empty && is_at_own_end() ? Pull::ended : pulled;
}

bool ConnectionState::conclude_receiving() {
  end_receiving_locked(error::closed, "this side ended receiving");
  end_pulling();
  return true;
}

void ConnectionState::end_receiving() {
  const Lock lock{mutex()};
  if (life_ != Life::open || receiving_ends_) return;
  receiving_ends_ = true;
  stop_taking_in();
  satisfy_receivers_locked();
}

bool ConnectionState::pull_for_receiver(Message& message) {
  if (receivers_.empty()) return false;
  const Pull pulled = pull_counted(message);
  if (pulled == Pull::ended) {
    note_locked(end_->code, end_->remark);
    fail_all(receivers_, end_->code);
  }
  return pulled == Pull::message;
}

void ConnectionState::satisfy_receivers_locked() {
  Message message;
  while (pull_for_receiver(message)) complete(receivers_.take_front(), error_code{}, std::move(message));
  call_watcher_soon();
}

void ConnectionState::deliver_to_receivers(Lock& lock) {
  if (std::exchange(is_watching_, false)) {
    const std::shared_ptr<ConnectionWatcher> watcher = watcher_;
    lock.unlock();
    watcher->on_ready();
    lock.lock();
    return;
  }
  Message message;
  while (pull_for_receiver(message)) {
    Receiver receiver = receivers_.take_front();
    if (receiver.deadline.is_set()) context()->cancel(receiver.deadline);
    lock.unlock();
    const auto executor_of_handler = receiver.handler.executor_or(executor());
    asio::dispatch(executor_of_handler,
                   [handler = std::move(receiver.handler), message = std::move(message)]() mutable {
                     std::move(handler)(error_code{}, std::move(message));
                   });
    lock.lock();
  }
}

void ConnectionState::fail_receivers_locked(error_code ec, Remark why) {
  log_about_peer(why.words());
  note_locked(ec, std::move(why));
  fail_all(receivers_, ec);
}

void ConnectionState::end_receiving_locked(error_code ec, Remark why) {
  if (end_) return;
  log_about_peer(why.words());
  end_ = std::make_unique<Failure>(Failure{ec, std::move(why)});
}

// --- sending ---------------------------------------------------------------------------------------------------------

bool ConnectionState::has_room_again() const {
  return queue_size() <= options_.send_high_water_size / 2 && queue_count() <= options_.send_high_water_count / 2;
}

error_code ConnectionState::refused_locked() {
  if (send_failure_) {
    note_locked(send_failure_->code, send_failure_->remark);
    return send_failure_->code;
  }
  if (life_ != Life::open) {
    const error_code ec = error::closed;
    note_locked(ec, "the connection was closed on this side");
    return ec;
  }
  return {};
}

bool ConnectionState::push_counted(Message& message, error_code& ec) {
  const bool pushed = push(message, ec);
  if (pushed) ++messages_sent_;
  return pushed;
}

void ConnectionState::send(Message message, Deadline deadline, Handler<> handler) {
  Lock lock{mutex()};
  error_code ec = refused_locked();
  const bool is_first = !has_senders();
  if (!ec && (!is_first || !has_room())) {
    start_waiting(rare().senders.emplace_back(next_id(), std::move(handler), executor(), std::move(message)), deadline);
    if (is_first) demand_room();
    return;
  }
  const bool queued = !ec && push_counted(message, ec);
  post_completion(std::move(handler), executor(), ec);
  if (queued) pushed(lock);
}

error_code ConnectionState::post(Message message) {
  Lock lock{mutex()};
  if (const error_code ec = refused_locked()) return ec;
  if (queue_size() + message.size() > options_.send_hard_limit_size) {
    const error_code ec = error::full;
    note_locked(ec, "the outgoing queue holds " + std::to_string(queue_size()) + " bytes; another message of " +
                        std::to_string(message.size()) + " bytes would pass the hard limit of " +
                        std::to_string(options_.send_hard_limit_size));
    return ec;
  }
  error_code ec;
  if (push_counted(message, ec)) pushed(lock);
  return ec;
}

bool ConnectionState::has_room_now() {
  const Lock lock{mutex()};
  return !has_senders() && has_room();
}

void ConnectionState::wait_for_room(Deadline deadline, Handler<> handler) {
  const Lock lock{mutex()};
  const error_code ec = refused_locked();
  const bool is_first = !has_senders();
  if (ec || (is_first && has_room())) return post_completion(std::move(handler), executor(), ec);
  Sender& waiting = rare().senders.emplace_back(next_id(), std::move(handler), executor(), Message{});
  waiting.has_message = false;
  start_waiting(waiting, deadline);
  if (is_first) demand_room();
}

void ConnectionState::flush(Deadline deadline, Handler<> handler) {
  const Lock lock{mutex()};
  if (send_failure_) {
    note_locked(send_failure_->code, send_failure_->remark);
    post_completion(std::move(handler), executor(), send_failure_->code);
  } else if (life_ == Life::closed && rare().report.unsent_size > 0) {
    post_completion(std::move(handler), executor(), error_code{error::closed});  // what was queued has been dropped
  } else if (position_written() >= position_queued()) {
    post_completion(std::move(handler), executor(), error_code{});
  } else {
    start_waiting(rare().flushers.emplace_back(next_id(), std::move(handler), executor(), position_queued()), deadline);
  }
}

ConnectionState::Sent ConnectionState::send_now(Message& message, error_code& ec) {
  Lock lock{mutex()};
  ec = refused_locked();
  if (ec) return Sent::failed;
  if (has_senders() || !has_room()) return Sent::must_wait;
  if (!push_counted(message, ec)) return Sent::failed;
  write_now(lock);
  return Sent::done;
}

bool ConnectionState::flush_now() {
  Lock lock{mutex()};
  if (may_send()) write_now(lock);
  const bool is_lost = rare_ && rare_->report.unsent_size > 0;
  return !is_lost && position_written() >= position_queued();
}

void ConnectionState::end_sending() {
  const Lock lock{mutex()};
  if (may_send()) end_sending_behind_queue();
}

void ConnectionState::satisfy_senders_locked() {
  satisfy_flushers_locked();
  if (has_senders() && has_room_again()) release_senders_locked();
}

void ConnectionState::satisfy_flushers_locked() {
  if (!rare_) return;
  Ring<Flusher>& flushers = rare_->flushers;
  while (!flushers.empty() && flushers.front().position <= position_written()) {
    complete(flushers.take_front(), error_code{});
  }
}

void ConnectionState::release_senders_locked() {
  while (has_senders() && has_room()) {
    Sender sender = rare_->senders.take_front();
    error_code ec;
    if (sender.has_message) push_counted(sender.message, ec);
    complete(std::move(sender), ec);
  }
}

void ConnectionState::end_sending_locked(error_code ec, Remark why, CloseReport lost) {
  if (send_failure_) return;
  log_about_peer(why.words());
  send_failure_ = std::make_unique<Failure>(Failure{ec, std::move(why)});
  rare().report = lost;
  if (!rare_->senders.empty() || !rare_->flushers.empty()) note_locked(ec, send_failure_->remark);
  fail_all(rare_->senders, ec);
  fail_all(rare_->flushers, ec);
  if (life_ == Life::closing) finish_closing();
}

// --- interrupting ----------------------------------------------------------------------------------------------------

void ConnectionState::interrupt_locked(std::uint64_t id, error_code ec) {
  auto waited = fail_waiter(receivers_, id, ec);
  Operation operation = Operation::receive;
  if (!waited) {
    waited = fail_waiter(rare().senders, id, ec);
    operation = Operation::send;
  }
  if (!waited) {
    waited = fail_waiter(rare().flushers, id, ec);
    operation = Operation::flush;
  }
  if (waited) {
    // Only now: a deadline may come late, for an operation that was done in time.
    if (ec == error::timed_out) note_time_out(operation, *waited);
    return;
  }
  // A close that is cancelled does not wait any longer, and so ends the closing.
  for (std::size_t i = 0; i < rare_->closers.size(); ++i) {
    if (rare_->closers[i].id == id) {
      finish_closing();
      return;
    }
  }
}

void ConnectionState::note_time_out(Operation operation, Duration waited) {
  constexpr std::string_view names[] = {"receive", "send", "flush"};
  const auto index = static_cast<std::size_t>(operation);
  std::string sentence{names[index]};
  sentence +=
      " timed out after " + std::to_string(std::chrono::round<std::chrono::milliseconds>(waited).count()) + " ms";
  if (operation != Operation::receive) sentence += ": the queue holds " + std::to_string(queue_size()) + " bytes";
  rare().time_outs[index] = sentence;
  note_locked(error::timed_out, std::move(sentence));
}

void ConnectionState::on_deadline(std::uint64_t token) {
  const Lock lock{mutex()};
  if (context() == nullptr) return;
  switch (token) {
    case token_close: finish_closing(); return;
    case token_confirm: confirm_locked(); return;
    case token_backend:
      rare().backend_deadline = {};
      on_backend_deadline();
      return;
    default: interrupt_locked(token, error::timed_out);
  }
}

void ConnectionState::schedule_backend_deadline(std::optional<TimePoint> when) {
  if (context() == nullptr || (!when && !rare_)) return;
  DeadlineId& deadline = rare().backend_deadline;
  if (when && deadline.is_set() && deadline.when == *when) return;
  if (deadline.is_set()) context()->cancel(deadline);
  deadline = when ? context()->schedule(executor(), *when, *this, token_backend) : DeadlineId{};
}

// --- closing ---------------------------------------------------------------------------------------------------------

void ConnectionState::close(Deadline deadline, Handler<CloseReport> handler) {
  const Lock lock{mutex()};
  if (life_ == Life::closed) {
    post_completion(std::move(handler), executor(), error_code{}, rare().report);
    return;
  }
  start_waiting(rare().closers.emplace_back(next_id(), std::move(handler), executor()), Deadline::never());
  begin_closing(deadline);
}

CloseReport ConnectionState::abort() {
  const Lock lock{mutex()};
  if (life_ == Life::open) enter_closing();
  finish_closing();
  return rare().report;
}

void ConnectionState::abandon() noexcept {
  const Lock lock{mutex()};
  tenancy_.retire();
  if (context() == nullptr) return;
  if (rare_) fail_all(rare_->flushers, asio::error::operation_aborted);
  if (life_ == Life::open) begin_closing(options_.linger);
}

void ConnectionState::begin_closing(Deadline deadline) {
  if (life_ != Life::open) {
    // A later close may only shorten the wait.
    DeadlineId& current = rare().close_deadline;
    if (!deadline.is_never() && (!current.is_set() || deadline.when() < current.when)) {
      if (current.is_set()) context()->cancel(current);
      current = context()->schedule(executor(), deadline.when(), *this, token_close);
    }
    return;
  }
  enter_closing();
  if (send_failure_) {
    finish_closing();
    return;
  }
  if (!deadline.is_never())
    rare_->close_deadline = context()->schedule(executor(), deadline.when(), *this, token_close);
  start_draining();
}

void ConnectionState::enter_closing() {
  life_ = Life::closing;
  rare().self = shared_from_this();
  end_receiving_locked(error::closed, "the connection was closed on this side");
  fail_all(receivers_, asio::error::operation_aborted);
  fail_all(rare_->senders, asio::error::operation_aborted);
  call_watcher_soon();
}

void ConnectionState::drained_locked() {
  if (life_ != Life::closing || drained_) return;
  drained_ = true;
  rare().confirm_pause = confirm_pause_min;
  confirm_locked();
}

/// The systems at both ends tell nobody when the last byte is acknowledged, so it is asked now and then.
void ConnectionState::confirm_locked() {
  rare().confirm_deadline = {};
  if (life_ != Life::closing) return;
  if (unconfirmed_size() == 0 || is_lost()) {
    finish_closing();
    return;
  }
  if (rare_->confirm_turns < confirm_turns_max) {
    // A stream that shares another's, a channel, has it written within a few turns: its end waits for a message to go
    // with.
    ++rare_->confirm_turns;
    asio::post(executor(), [self = std::static_pointer_cast<ConnectionState>(shared_from_this())] {
      const Lock lock{self->mutex()};
      if (self->context() != nullptr) self->confirm_locked();
    });
    return;
  }
  rare_->confirm_deadline = context()->schedule(executor(), Clock::now() + rare_->confirm_pause, *this, token_confirm);
  rare_->confirm_pause = std::min<Duration>(rare_->confirm_pause * 2, confirm_pause_max);
}

CloseReport ConnectionState::unsent_locked() { return {queue_count(), queue_size(), unconfirmed_size()}; }

void ConnectionState::finish_closing() {
  if (life_ != Life::closing) return;
  life_ = Life::closed;
  Rare& ending = rare();
  if (!send_failure_) ending.report = unsent_locked();
  for (DeadlineId* deadline : {&ending.close_deadline, &ending.confirm_deadline, &ending.backend_deadline}) {
    if (deadline->is_set() && context() != nullptr) context()->cancel(*deadline);
    *deadline = {};
  }
  if (log_enabled()) {
    log(LogLevel::debug,
        "closed: " + std::to_string(messages_sent_) + " messages sent, " + std::to_string(messages_received_) +
            " received, " + std::to_string(ending.report.unsent_count) + " of those to send dropped",
        remote_endpoint().to_string());
  }
  close_transport();
  fail_all(ending.flushers, asio::error::operation_aborted);
  while (!ending.closers.empty()) complete(ending.closers.take_front(), error_code{}, ending.report);
  closed_token_.reset();
  // The caller still uses this object under its mutex: let go of it from the loop instead.
  asio::post(executor(), [self = std::move(ending.self)] {});
}

void ConnectionState::on_context_shutdown() noexcept {
  // Destroyed when the lock is released: handlers may own this object, and much else.
  Ring<Receiver> receivers;
  std::unique_ptr<Rare> rare;
  std::shared_ptr<ConnectionWatcher> watcher;
  const Lock lock{mutex()};
  forget_context();
  life_ = Life::closed;
  forget_transport();
  receivers.swap(receivers_);
  rare.swap(rare_);
  watcher.swap(watcher_);
  is_watching_ = false;
}

// --- looking ---------------------------------------------------------------------------------------------------------

error_code ConnectionState::end_of_receiving() {
  const Lock lock{mutex()};
  return end_ ? end_->code : error_code{};
}

bool ConnectionState::is_open() {
  const Lock lock{mutex()};
  return life_ == Life::open;
}

bool ConnectionState::may_receive_more() {
  const Lock lock{mutex()};
  return may_send() && !end_ && !has_noticed_end() && !is_lost();
}

Message ConnectionState::partial() {
  const Lock lock{mutex()};
  return end_ && end_->code == error::truncated ? partial_locked() : Message{};
}

ConnectionStats ConnectionState::stats() {
  const Lock lock{mutex()};
  ConnectionStats stats;
  stats.messages_sent = messages_sent_;
  stats.messages_received = messages_received_;
  stats.send_queue_count = queue_count();
  stats.send_queue_size = queue_size();
  fill_stats(stats);
  return stats;
}

void ConnectionState::reframe(Framing framing) {
  const Lock lock{mutex()};
  reframe_locked(std::move(framing));
  satisfy_receivers_locked();
}

void ConnectionState::note_locked(error_code ec, Remark remark) {
  rare().noted.emplace(Failure{ec, std::move(remark)});
}

std::string ConnectionState::last_error() {
  const Lock lock{mutex()};
  return rare_ && rare_->noted ? about_peer(rare_->noted->remark.words()) : std::string{};
}

Error ConnectionState::error_for(Operation operation, error_code ec) {
  const Lock lock{mutex()};
  const Remark* remark = remark_for(operation, ec);
  return Error{ec, about_peer(remark == nullptr || remark->words().empty() ? ec.message() : remark->words())};
}

const Remark* ConnectionState::remark_for(Operation operation, error_code ec) const {
  // First: that the stream ended by a time-out of its own is no time-out of this operation.
  const auto& failure = operation == Operation::receive ? end_ : send_failure_;
  if (failure && failure->code == ec) return &failure->remark;
  if (!rare_) return nullptr;
  if (ec == error::timed_out) return &rare_->time_outs[static_cast<std::size_t>(operation)];
  return rare_->noted && rare_->noted->code == ec ? &rare_->noted->remark : nullptr;
}

std::string ConnectionState::about_peer(std::string_view words) const {
  return std::string{words} + " (" + remote_endpoint().to_string() + ")";
}

void ConnectionState::log_about_peer(std::string_view words) const {
  if (log_enabled()) log(LogLevel::debug, words, remote_endpoint().to_string());
}

}  // namespace parley::detail
