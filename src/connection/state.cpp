#include "connection/state.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// How often a closing connection asks whether the peer's system has acknowledged everything.
constexpr std::chrono::milliseconds confirm_pause_min{1};
constexpr std::chrono::milliseconds confirm_pause_max{50};

}  // namespace

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
    note_locked(end_ec_, end_sentence_);
    post_completion(std::move(handler), executor(), end_ec_, Message{});
  } else {
    start_waiting(receivers_.emplace_back(next_id(), std::move(handler), executor()), deadline);
    demand();
  }
}

ConnectionState::Pull ConnectionState::pull_counted(Message& message) {
  if (life_ != Life::open) return Pull::ended;
  const Pull pulled = pull(message);
  if (pulled == Pull::message) ++messages_received_;
  return pulled;
}

void ConnectionState::satisfy_receivers_locked() {
  Message message;
  while (!receivers_.empty()) {
    const Pull pulled = pull_counted(message);
    if (pulled == Pull::empty) return;
    if (pulled == Pull::ended) {
      note_locked(end_ec_, end_sentence_);
      fail_all(receivers_, end_ec_);
      return;
    }
    complete(receivers_.take_front(), error_code{}, std::move(message));
  }
}

void ConnectionState::end_receiving_locked(error_code ec, std::string sentence) {
  if (end_ec_) return;
  end_ec_ = ec;
  end_sentence_ = std::move(sentence);
}

// --- sending ---------------------------------------------------------------------------------------------------------

bool ConnectionState::has_room_again() const {
  return queue_size() <= options_.send_high_water_size / 2 && queue_count() <= options_.send_high_water_count / 2;
}

error_code ConnectionState::refused_locked() {
  if (send_ec_) {
    note_locked(send_ec_, send_sentence_);
    return send_ec_;
  }
  if (life_ != Life::open) {
    const error_code ec = error::closed;
    note_locked(ec, about_peer("the connection was closed on this side"));
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
  if (!ec && (!senders_.empty() || !has_room())) {
    start_waiting(senders_.emplace_back(next_id(), std::move(handler), executor(), std::move(message)), deadline);
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
    note_locked(ec, about_peer("the outgoing queue holds " + std::to_string(queue_size()) +
                               " bytes; another message of " + std::to_string(message.size()) +
                               " bytes would pass the hard limit of " +
                               std::to_string(options_.send_hard_limit_size)));
    return ec;
  }
  error_code ec;
  if (push_counted(message, ec)) pushed(lock);
  return ec;
}

void ConnectionState::flush(Deadline deadline, Handler<> handler) {
  const Lock lock{mutex()};
  if (send_ec_) {
    note_locked(send_ec_, send_sentence_);
    post_completion(std::move(handler), executor(), send_ec_);
  } else if (position_written() >= position_queued()) {
    post_completion(std::move(handler), executor(), error_code{});
  } else {
    start_waiting(flushers_.emplace_back(next_id(), std::move(handler), executor(), position_queued()), deadline);
  }
}

void ConnectionState::satisfy_senders_locked() {
  while (!flushers_.empty() && flushers_.front().position <= position_written()) {
    complete(flushers_.take_front(), error_code{});
  }
  if (senders_.empty() || !has_room_again()) return;
  while (!senders_.empty() && has_room()) {
    Sender sender = senders_.take_front();
    error_code ec;
    push_counted(sender.message, ec);
    complete(std::move(sender), ec);
  }
}

void ConnectionState::end_sending_locked(error_code ec, std::string sentence, CloseReport lost) {
  if (send_ec_) return;
  send_ec_ = ec;
  send_sentence_ = std::move(sentence);
  report_ = lost;
  if (!senders_.empty() || !flushers_.empty()) note_locked(send_ec_, send_sentence_);
  fail_all(senders_, ec);
  fail_all(flushers_, ec);
  if (life_ == Life::closing) finish_closing();
}

// --- interrupting ----------------------------------------------------------------------------------------------------

void ConnectionState::interrupt_locked(std::uint64_t id, error_code ec) {
  if (ec == error::timed_out) note_locked(ec, about_peer("the deadline passed before the operation was done"));
  if (fail_waiter(receivers_, id, ec)) return;
  if (fail_waiter(senders_, id, ec)) {
    satisfy_senders_locked();
    return;
  }
  if (fail_waiter(flushers_, id, ec)) return;
  // A close that is cancelled does not wait any longer, and so ends the closing.
  for (std::size_t i = 0; i < closers_.size(); ++i) {
    if (closers_[i].id == id) {
      finish_closing();
      return;
    }
  }
}

void ConnectionState::on_deadline(std::uint64_t token) {
  const Lock lock{mutex()};
  if (context() == nullptr) return;
  switch (token) {
    case token_close: finish_closing(); return;
    case token_confirm: confirm_locked(); return;
    case token_backend:
      backend_deadline_ = {};
      on_backend_deadline();
      return;
    default: interrupt_locked(token, error::timed_out);
  }
}

void ConnectionState::schedule_backend_deadline(TimePoint when) {
  if (context() == nullptr || (backend_deadline_.is_set() && backend_deadline_.when == when)) return;
  if (backend_deadline_.is_set()) context()->cancel(backend_deadline_);
  backend_deadline_ = context()->schedule(executor(), when, *this, token_backend);
}

// --- closing ---------------------------------------------------------------------------------------------------------

void ConnectionState::close(Deadline deadline, Handler<CloseReport> handler) {
  const Lock lock{mutex()};
  if (life_ == Life::closed) {
    post_completion(std::move(handler), executor(), error_code{}, report_);
    return;
  }
  start_waiting(closers_.emplace_back(next_id(), std::move(handler), executor()), Deadline::never());
  begin_closing(deadline);
}

CloseReport ConnectionState::abort() {
  const Lock lock{mutex()};
  if (life_ == Life::open) enter_closing();
  finish_closing();
  return report_;
}

void ConnectionState::abandon() noexcept {
  const Lock lock{mutex()};
  if (life_ == Life::open && context() != nullptr) begin_closing(options_.linger);
}

void ConnectionState::begin_closing(Deadline deadline) {
  if (life_ != Life::open) {
    // A later close may only shorten the wait.
    if (!deadline.is_never() && (!close_deadline_.is_set() || deadline.when() < close_deadline_.when)) {
      if (close_deadline_.is_set()) context()->cancel(close_deadline_);
      close_deadline_ = context()->schedule(executor(), deadline.when(), *this, token_close);
    }
    return;
  }
  enter_closing();
  if (send_ec_) {
    finish_closing();
    return;
  }
  if (!deadline.is_never()) close_deadline_ = context()->schedule(executor(), deadline.when(), *this, token_close);
  start_draining();
}

void ConnectionState::enter_closing() {
  life_ = Life::closing;
  self_ = shared_from_this();
  end_receiving_locked(error::closed, about_peer("the connection was closed on this side"));
  fail_all(receivers_, asio::error::operation_aborted);
  fail_all(senders_, asio::error::operation_aborted);
}

void ConnectionState::drained_locked() {
  if (life_ != Life::closing || drained_) return;
  drained_ = true;
  confirm_pause_ = confirm_pause_min;
  confirm_locked();
}

/// The systems at both ends tell nobody when the last byte is acknowledged, so it is asked now and then.
void ConnectionState::confirm_locked() {
  confirm_deadline_ = {};
  if (life_ != Life::closing) return;
  if (unconfirmed_size() == 0) {
    finish_closing();
    return;
  }
  confirm_deadline_ = context()->schedule(executor(), Clock::now() + confirm_pause_, *this, token_confirm);
  confirm_pause_ = std::min<Duration>(confirm_pause_ * 2, confirm_pause_max);
}

void ConnectionState::finish_closing() {
  if (life_ != Life::closing) return;
  life_ = Life::closed;
  if (!send_ec_) report_ = {queue_count(), queue_size(), unconfirmed_size()};
  for (DeadlineId* deadline : {&close_deadline_, &confirm_deadline_, &backend_deadline_}) {
    if (deadline->is_set() && context() != nullptr) context()->cancel(*deadline);
    *deadline = {};
  }
  close_transport();
  fail_all(flushers_, asio::error::operation_aborted);
  while (!closers_.empty()) complete(closers_.take_front(), error_code{}, report_);
  closed_token_.reset();
  // The caller still uses this object under its mutex: let go of it from the loop instead.
  asio::post(executor(), [self = std::move(self_)] {});
}

void ConnectionState::on_context_shutdown() noexcept {
  Ring<Receiver> receivers;
  Ring<Sender> senders;
  Ring<Flusher> flushers;
  Ring<Closer> closers;
  std::shared_ptr<ContextMember> self;
  {
    const Lock lock{mutex()};
    forget_context();
    life_ = Life::closed;
    forget_transport();
    receivers.swap(receivers_);
    senders.swap(senders_);
    flushers.swap(flushers_);
    closers.swap(closers_);
    self.swap(self_);
  }
}

// --- looking ---------------------------------------------------------------------------------------------------------

error_code ConnectionState::end_of_receiving() {
  const Lock lock{mutex()};
  return end_ec_;
}

Message ConnectionState::partial() {
  const Lock lock{mutex()};
  return end_ec_ == error::truncated ? partial_locked() : Message{};
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

void ConnectionState::note_locked(error_code ec, std::string sentence) {
  noted_ec_ = ec;
  noted_sentence_ = std::move(sentence);
}

std::string ConnectionState::last_error() {
  const Lock lock{mutex()};
  return noted_sentence_;
}

Error ConnectionState::error_for(error_code ec) {
  const Lock lock{mutex()};
  if (ec == end_ec_) return Error{ec, end_sentence_};
  if (ec == noted_ec_) return Error{ec, noted_sentence_};
  return Error{ec, about_peer(ec.message())};
}

std::string ConnectionState::about_peer(std::string_view sentence) const {
  return std::string{sentence} + " (" + remote_endpoint().to_string() + ")";
}

}  // namespace parley::detail
