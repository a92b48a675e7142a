// ConnectionState: what every kind of connection shares behind the handle: the operations that wait, their deadlines
// and cancellation, the order of closing, the counters. A backend (framed stream, in-process) supplies the messages.
//
// One mutex guards the state and the backend. Everything named *_locked, and every virtual function that does not say
// otherwise, runs with it held. Completion handlers are posted, never run under it.
//
// Life: open -> closing (close() or the last handle gone: the queue is drained) -> closed.
// Invariant: a receiver waits only while pull() has nothing; a sender waits only while there is no room or another
// waits.
#pragma once

#include "connection/failure.hpp"
#include "detail/ready_in_a_row.hpp"
#include "detail/ring.hpp"
#include "detail/slot.hpp"
#include "detail/waiter.hpp"
#include "detail/waiting_object.hpp"

#include <parley/connection/connection.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace parley::detail {

/// What a look for a message without waiting gave.
enum class Taken : std::uint8_t {
  message,
  message_and_yield,  ///< a message, and so many came without suspending that others should have their turn
  nothing,
  ended,
  rung,  ///< take_or_watch alone: nothing, and ring() was called
};

/// Who takes messages from the event loop whenever there are some, without an operation that waits.
class ConnectionWatcher {
 public:
  /// It is worth to look again. From the connection's event loop, mutex not held; must not throw.
  virtual void on_ready() = 0;

 protected:
  ~ConnectionWatcher() = default;
};

class ConnectionState : public WaitingObject {
 public:
  /// Lives in `slot`, whose mutex is its.
  ConnectionState(boost::asio::any_io_executor executor, ConnectionOptions options, Slot& slot)
      : WaitingObject{std::move(executor), slot.mutex}, options_{std::move(options)}, tenancy_{slot, *this} {
    check_marks(options_);
  }

  /// Leads here until the handle goes.
  [[nodiscard]] const Lease<ConnectionState>& lease() const noexcept { return tenancy_.lease(); }

  // Mutex held. try_send_locked may give it back.

  virtual Taken take_locked(Message& message) = 0;
  /// must_wait leaves `message` untouched, for send(). With the others it is sent, or has failed.
  enum class Sent : std::uint8_t { done, done_and_yield, must_wait, failed };
  virtual Sent try_send_locked(Lock& lock, Message& message, boost::system::error_code& ec) = 0;

  // Any thread, mutex not held.
  Taken take(Message& message) {
    const std::lock_guard lock{mutex()};
    return take_locked(message);
  }
  void take_more(std::vector<Message>& messages, std::size_t count_max);
  /// In place of operations that receive, by one caller at a time: as take(), but where there is nothing the watcher is
  /// called, once, when there may be something. What is queued is written before that.
  Taken take_or_watch(Message& message);
  /// Null: nobody is called any more, though somebody waits to be.
  void watch_by(std::shared_ptr<ConnectionWatcher> watcher);
  /// Has the watcher look again, whatever there is; if it is looking now, its next take_or_watch() is Taken::rung.
  void ring();
  /// Nobody is at work for the watcher: it waits to be called.
  [[nodiscard]] bool is_watched();
  void receive(Deadline deadline, Handler<Message> handler);
  /// For who is about to wait for a message, and has most likely just asked for it: writes what is queued now and not
  /// at the end of the turn, so that the peer works while the wait is being set up.
  void write_before_waiting();

  Sent try_send(Message& message, boost::system::error_code& ec) {
    Lock lock{mutex()};
    return try_send_locked(lock, message, ec);
  }
  void send(Message message, Deadline deadline, Handler<> handler);
  boost::system::error_code post(Message message);
  /// Whether try_send would find room.
  [[nodiscard]] bool has_room_now();
  /// Completes as send() would, when there is room, and queues nothing: another may take the room first.
  void wait_for_room(Deadline deadline, Handler<> handler);
  void flush(Deadline deadline, Handler<> handler);
  /// For callers without a running loop: queues the message if there is room and nothing waits before it, and writes.
  Sent send_now(Message& message, boost::system::error_code& ec);
  /// Writes what is queued, without waiting; true when all has been written. What the peer has done since, such as
  /// closing because it got what it wanted, does not matter then.
  bool flush_now();
  void end_sending();
  /// Receiving ends as if the peer had ended its direction: behind the whole messages that are here already. Sending
  /// goes on.
  void end_receiving();

  void close(Deadline deadline, Handler<CloseReport> handler);
  CloseReport abort();
  /// The last handle has gone.
  void abandon() noexcept;

  [[nodiscard]] boost::system::error_code end_of_receiving();
  /// Closing has not begun.
  [[nodiscard]] bool is_open();
  /// False once the end of the peer's direction, or a failure, has been noticed, or closing has begun.
  [[nodiscard]] bool may_receive_more();
  [[nodiscard]] Message partial();
  [[nodiscard]] ConnectionStats stats();
  void reframe(Framing framing);
  [[nodiscard]] std::string last_error();
  enum class Operation : std::uint8_t { receive, send, flush };
  /// The exception for such an operation that failed with `ec`. Others may have failed with the same code, and have
  /// another sentence.
  [[nodiscard]] Error error_for(Operation operation, boost::system::error_code ec);

  [[nodiscard]] const ConnectionOptions& options() const noexcept { return options_; }
  [[nodiscard]] virtual const Endpoint& local_endpoint() const noexcept = 0;
  [[nodiscard]] virtual const Endpoint& remote_endpoint() const noexcept = 0;
  [[nodiscard]] virtual std::shared_ptr<const TlsInfo> tls_info() const noexcept { return nullptr; }
  [[nodiscard]] virtual std::optional<PeerCredentials> peer_credentials() const noexcept { return std::nullopt; }

  /// Held until the connection is closed: a listener's count of open connections.
  void hold_until_closed(std::shared_ptr<void> token) { closed_token_ = std::move(token); }

  void on_deadline(std::uint64_t token) final;
  void on_context_shutdown() noexcept override;

 protected:
  enum class Pull : std::uint8_t { message, empty, ended };

  /// The next message, if it is there. Pull::ended: end_receiving_locked was called.
  virtual Pull pull(Message& message) = 0;
  /// Somebody waits for what pull() could not give, or room was made by taking.
  virtual void demand() = 0;
  /// Queues the message whatever the marks say. False: refused with `ec`, and note_locked has the sentence.
  virtual bool push(Message& message, boost::system::error_code& ec) = 0;
  /// Something was pushed by an application's call. May release the lock, and then this connection may be gone.
  virtual void pushed(Lock& lock) = 0;
  /// Writes what is queued as far as can be without waiting; may release the lock meanwhile.
  virtual void write_now(Lock& lock) = 0;
  /// The queue is below both marks.
  [[nodiscard]] virtual bool has_room() const = 0;
  /// A sender waits, the first, for what has_room() denied.
  virtual void demand_room() {}
  [[nodiscard]] virtual std::size_t queue_size() const = 0;
  [[nodiscard]] virtual std::size_t queue_count() const = 0;
  /// Positions in the stream of queued bytes: what has been queued, and written, since the beginning.
  [[nodiscard]] virtual std::uint64_t position_queued() const = 0;
  [[nodiscard]] virtual std::uint64_t position_written() const = 0;
  /// Takes in no more: receiving is to end behind what pull() still gives.
  virtual void stop_taking_in() = 0;
  /// That has been taken: from now on pull() says Pull::ended.
  virtual void end_pulling() = 0;
  /// Nothing more is sent behind what is queued. Throws std::invalid_argument where that cannot be.
  virtual void end_sending_behind_queue() = 0;
  /// Drain the queue, then end the sending direction; drained_locked() follows.
  virtual void start_draining() = 0;
  /// Written bytes the peer's system has not acknowledged, where that can be told.
  [[nodiscard]] virtual std::size_t unconfirmed_size() const = 0;
  /// Nobody will say it any more.
  [[nodiscard]] virtual bool is_lost() const = 0;
  /// What close_transport() is going to drop, and what nobody can say whether it arrived.
  [[nodiscard]] virtual CloseReport unsent_locked();
  /// Ends it all; drops what is queued.
  virtual void close_transport() = 0;
  virtual void forget_transport() noexcept = 0;
  [[nodiscard]] virtual Message partial_locked() const = 0;
  /// The peer's direction has ended behind what pull() still gives.
  [[nodiscard]] virtual bool has_noticed_end() const { return false; }
  virtual void fill_stats(ConnectionStats& stats) const = 0;
  virtual void reframe_locked(Framing framing) = 0;
  /// A deadline the backend scheduled by schedule_backend_deadline.
  virtual void on_backend_deadline() {}

  // take_locked and try_send_locked, written once and compiled for each (final) backend, so that its part is inlined
  // into them.
  template <class Backend>
  Taken take_from(Backend& backend, Message& message);
  template <class Backend>
  Sent try_send_to(Backend& backend, Lock& lock, Message& message, boost::system::error_code& ec);

  // For backends, mutex held.

  /// Hands what there is to those who wait, and tells them if it has ended.
  void satisfy_receivers_locked();
  /// The same from the event loop, where handlers may be called at once, each with the lock released.
  void deliver_to_receivers(Lock& lock);
  /// The queue has shrunk: lets waiting senders and flushes go on.
  void satisfy_senders_locked();
  /// The same for flushes alone.
  void satisfy_flushers_locked();
  /// The queue was below half of its marks just now: lets waiting senders go on as long as there is room.
  void release_senders_locked();
  /// Why nothing can be sent; notes the sentence. Nothing: it can.
  boost::system::error_code refused_locked();
  /// Ends the waits of those who receive now; receiving goes on.
  void fail_receivers_locked(boost::system::error_code ec, Remark why);
  void end_receiving_locked(boost::system::error_code ec, Remark why);
  void end_sending_locked(boost::system::error_code ec, Remark why, CloseReport lost);
  void drained_locked();
  void note_locked(boost::system::error_code ec, Remark remark);
  /// The backend's one deadline; nothing: none.
  void schedule_backend_deadline(std::optional<TimePoint> when);

  [[nodiscard]] bool is_closing() const noexcept { return life_ != Life::open; }
  [[nodiscard]] bool has_receivers() const noexcept { return !receivers_.empty() || is_watching_; }
  [[nodiscard]] bool is_watching() const noexcept { return is_watching_; }
  [[nodiscard]] bool has_senders() const noexcept { return rare_ != nullptr && !rare_->senders.empty(); }

  ConnectionOptions options_;

 private:
  enum class Life : std::uint8_t { open, closing, closed };

  struct Receiver : Waiter<Handler<Message>, Message> {
    using Waiter::Waiter;
  };
  struct Sender : Waiter<Handler<>> {
    Sender(std::uint64_t id_, Handler<>&& handler_, const boost::asio::any_io_executor& io, Message&& m)
        : Waiter{id_, std::move(handler_), io}, message{std::move(m)} {}
    Message message;
    bool has_message = true;
  };
  struct Flusher : Waiter<Handler<>> {
    Flusher(std::uint64_t id_, Handler<>&& handler_, const boost::asio::any_io_executor& io, std::uint64_t position_)
        : Waiter{id_, std::move(handler_), io}, position{position_} {}
    std::uint64_t position;
  };
  struct Closer : Waiter<Handler<CloseReport>, CloseReport> {
    using Waiter::Waiter;
  };

  static void check_marks(const ConnectionOptions& options);
  [[nodiscard]] bool has_room_again() const;
  [[nodiscard]] bool may_send() const noexcept { return life_ == Life::open && send_failure_ == nullptr; }
  /// pull() has nothing: whether nothing more is to come, because end_receiving() was called.
  bool is_at_own_end() { return receiving_ends_ && conclude_receiving(); }
  bool conclude_receiving();
  Pull pull_counted(Message& message);
  /// A message for the first who waits. False when there is none; tells them all if it has ended.
  bool pull_for_receiver(Message& message);
  bool push_counted(Message& message, boost::system::error_code& ec);

  void interrupt_locked(std::uint64_t id, boost::system::error_code ec) override;
  void note_time_out(Operation operation, Duration waited);
  [[nodiscard]] const Remark* remark_for(Operation operation, boost::system::error_code ec) const;
  [[nodiscard]] std::string about_peer(std::string_view words) const;
  void log_about_peer(std::string_view words) const;

  /// Where the watcher waits to be called, it is.
  void call_watcher_soon();

  void begin_closing(Deadline deadline);
  void enter_closing();
  void confirm_locked();
  void finish_closing();

  // Tokens of deadlines that are not an operation's.
  static constexpr std::uint64_t token_close = 1;
  static constexpr std::uint64_t token_confirm = 2;
  static constexpr std::uint64_t token_backend = 3;

  /// What most connections never need, kept outside: an idle one should be small.
  struct Rare {
    Ring<Sender> senders;
    Ring<Flusher> flushers;
    Ring<Closer> closers;
    CloseReport report;
    std::array<Remark, 3> time_outs;  // the last of each Operation
    std::optional<Failure> noted;     // the last an operation was told
    DeadlineId close_deadline;
    DeadlineId confirm_deadline;
    DeadlineId backend_deadline;
    Duration confirm_pause{};
    std::uint8_t confirm_turns = 0;       // asked again in so many turns, before there are pauses
    std::shared_ptr<ContextMember> self;  // while closing: nobody else may hold it
  };
  Rare& rare() {
    if (!rare_) rare_ = std::make_unique<Rare>();
    return *rare_;
  }

  Tenancy<ConnectionState> tenancy_;
  Ring<Receiver> receivers_;
  std::unique_ptr<Rare> rare_;

  Life life_ = Life::open;
  bool drained_ = false;
  bool receiving_ends_ = false;  // end_receiving() was called
  bool is_watching_ = false;     // the watcher waits to be called
  bool is_rung_ = false;
  ReadyInARow ready_in_a_row_;
  std::unique_ptr<const Failure> end_;           // of receiving
  std::unique_ptr<const Failure> send_failure_;  // of sending
  std::shared_ptr<void> closed_token_;
  std::shared_ptr<ConnectionWatcher> watcher_;

  std::uint64_t messages_sent_ = 0;
  std::uint64_t messages_received_ = 0;
};

/// For the parts of the library that are handed a Connection.
struct ConnectionAccess {
  static const std::shared_ptr<ConnectionState>& state(const Connection& connection) noexcept {
    return connection.state_;
  }
  /// Empties the handle without ending the connection. No awaitable of it may be left that has not begun.
  static std::shared_ptr<ConnectionState> release(Connection& connection) noexcept {
    return std::move(connection.state_);
  }
};

template <class Backend>
Taken ConnectionState::take_from(Backend& backend, Message& message) {
  if (!receivers_.empty()) return Taken::nothing;
  if (life_ != Life::open) return Taken::ended;
  const Pull pulled = backend.pull(message);
  if (pulled == Pull::message) [[likely]] {
    ++messages_received_;
    return ready_in_a_row_.is_due(message.size()) ? Taken::message_and_yield : Taken::message;
  }
  ready_in_a_row_.reset();
  return pulled == Pull::ended || is_at_own_end() ? Taken::ended : Taken::nothing;
}

template <class Backend>
ConnectionState::Sent ConnectionState::try_send_to(Backend& backend, Lock& lock, Message& message,
                                                   boost::system::error_code& ec) {
  if (!may_send()) [[unlikely]] {
    ec = refused_locked();
    return Sent::failed;
  }
  if (has_senders() || !backend.has_room()) [[unlikely]] {
    ready_in_a_row_.reset();
    return Sent::must_wait;
  }
  const std::size_t size = message.size();
  if (!backend.push(message, ec)) [[unlikely]]
    return Sent::failed;
  ++messages_sent_;
  const bool yield = ready_in_a_row_.is_due(size);
  backend.pushed(lock);
  return yield ? Sent::done_and_yield : Sent::done;
}

}  // namespace parley::detail
