// PeerState: one connection, and the handlers at work for it.
//
// Whoever is at work for the peer is one at a time: the pump. It takes messages as long as there are some, calls the
// handlers, and then has the connection watch for more (ConnectionState::take_or_watch), so that an idle peer holds
// nothing. It is a function, run(), until something has to be awaited: a handler that is a coroutine, a reply that has
// to wait for room. Then a coroutine, go_on(), takes over where the function has left off, and goes on with all that is
// there. Both do the same steps: advance().
//
// What is marked "pump only" belongs to the pump; the rest has the mutex, or is atomic.
//
// Life: connecting (on_connect) -> talking -> leaving (on_disconnect) -> over. Then, and when the connection has
// closed, the hub forgets it.
#pragma once

#include "app/classification.hpp"
#include "app/history_log.hpp"
#include "app/job.hpp"
#include "app/overseer.hpp"
#include "app/silence.hpp"
#include "app/table.hpp"
#include "connection/state.hpp"
#include "detail/ring.hpp"

#include <parley/app/peer.hpp>
#include <parley/connection/connection.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

namespace parley::app::detail {

class Hub;
using boost::system::error_code;

using Filters = std::vector<std::unique_ptr<Filter>>;

/// Throws what they throw, and std::invalid_argument where one makes nothing. It is the program that is called.
[[nodiscard]] Filters make_filters(const std::vector<MakeFilter>& makers);

/// What a peer has from its beginning.
struct PeerFilters {
  Filters for_all;
  Filters of_kind;
};

class PeerState final : public parley::detail::ConnectionWatcher, public std::enable_shared_from_this<PeerState> {
 public:
  PeerState(std::shared_ptr<Hub> hub, std::shared_ptr<Overseer> overseer, PeerId id, Connection connection,
            PeerFilters filters);
  PeerState(const PeerState&) = delete;
  PeerState& operator=(const PeerState&) = delete;
  ~PeerState();

  /// Once, on the peer's loop.
  void start();
  void on_ready() override;

  // Any thread.

  static boost::asio::awaitable<void> send(std::shared_ptr<PeerState> self, Message message, Deadline deadline);
  void start_send(Message message, Deadline deadline, parley::detail::Handler<> handler);
  error_code try_send(Message message);
  error_code post(Message message);
  void close(Deadline deadline, parley::detail::Handler<CloseReport> handler);
  void disconnect();
  /// As if the peer had ended its direction behind what is here.
  void end_receiving();
  /// The time of stop() is over: coroutines are cancelled, and the connection is cut. What that drops.
  CloseReport cut();
  /// Whether it still has to be counted in what stop() tells, which is asked once; and its connection was not closed in
  /// order: `dropped` says what that has cost.
  [[nodiscard]] bool is_to_be_counted_as_cut(const CloseReport& dropped);
  /// What its connection had not sent when it was closed.
  [[nodiscard]] CloseReport unsent() { return state().abort(); }
  /// The hub is gone: nothing is begun any more.
  void drop() noexcept;

  /// When to look again; nothing: it is over.
  std::optional<TimePoint> look_at_silence(Silence& silence, TimePoint now);
  void look_at_classification();
  /// Something has gone wrong that on_error is to be told, when its turn comes.
  void tell_error(error_code code, std::string sentence, std::exception_ptr thrown = nullptr);

  [[nodiscard]] PeerId id() const noexcept { return id_; }
  [[nodiscard]] const Connection& connection() const noexcept { return connection_; }
  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return state().executor(); }
  [[nodiscard]] bool is_connected() const;
  /// Whether nothing can be sent any more, as on_disconnect is due, or has been called.
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string_view kind() const;
  [[nodiscard]] Message first_message();
  [[nodiscard]] bool is_first_message() const noexcept { return begun_count_.load(std::memory_order_relaxed) == 1; }
  [[nodiscard]] History history();
  [[nodiscard]] std::string last_error();
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] void* state_of(std::type_index type, std::shared_ptr<void> (*make)());
  /// Whether a handler of this peer runs on that executor, and so waits for what it has asked for there.
  [[nodiscard]] bool runs_on(const boost::asio::any_io_executor& executor);
  [[nodiscard]] bool has_coroutine();

 private:
  enum class Stage : std::uint8_t { connecting, talking, leaving, over };
  enum class Next : std::uint8_t {
    goes_on,
    awaits,  // what job has next cannot be done by a plain function
    yields,  // it is the others' turn
    waits,   // the connection watches, or it is over: the pump is nobody's any more
  };
  /// Where there are hooks for sending, filters, or a history: its mutex is held while a message is sent through them,
  /// and while filters decode.
  struct Chain {
    std::mutex mutex;
    Filters filters;
    Filters filters_of_kind;
    bool has_dropped = false;  // one of `filters` has left out a received message; pump only
  };
  /// An event that waits for its turn.
  struct Waiting {
    std::span<const EventHandler> handlers;
    const char* event;
    Cause cause;
  };
  /// What most peers never need.
  struct Extras {
    parley::detail::Ring<Waiting> waiting;
    std::optional<Cause> cause;  // of the end, where this side has brought it about
    std::string kind_name;       // where the table has none for it
    std::string last_error;
    std::vector<std::pair<std::type_index, std::shared_ptr<void>>> states;
  };
  /// Held for classification, or freed by it and not handled yet.
  struct Held {
    struct Freed {
      Message message;
      Message on_wire;
    };
    std::optional<Classification> classification;
    std::vector<Message> on_wire;  // of what is held, where there is a history
    parley::detail::Ring<Freed> freed;
  };

  [[nodiscard]] parley::detail::ConnectionState& state() const noexcept {
    return *parley::detail::ConnectionAccess::state(connection_);
  }
  [[nodiscard]] const KindTable& kind_table() const noexcept { return *kind_.load(std::memory_order_acquire); }
  Extras& extras_locked();
  [[nodiscard]] std::string about(std::string sentence) const;

  // --- the pump: peer_pump.cpp --------------------------------------------------------------------------------------

  void run();
  static boost::asio::awaitable<void> go_on(std::shared_ptr<PeerState> self, Job job);
  void spawn(Job job);
  void on_cancelled_early();
  /// Steps, until one cannot be done here.
  Next advance(Peer& self, Job& job);
  bool take_waiting(Job& job);
  Next take_message(Peer& self, Job& job);
  parley::detail::Taken take(Job& job);
  void set_running(const std::shared_ptr<Running>& running);
  [[nodiscard]] bool is_turn_over(Job& job) const;
  /// Plain handlers. False: the next is none, or has given a reply that has to wait.
  bool call_handlers(Peer& self, Job& job);
  bool call_message_handlers(Peer& self, Job& job);
  bool call_event_handlers(Peer& self, Job& job);
  boost::asio::awaitable<void> await_next(Peer& self, Job& job);
  boost::asio::awaitable<void> await_reply(Job& job);
  boost::asio::awaitable<void> await_message_handler(Peer& self, Job& job, const MessageHandler& handler);
  void handler_threw(const Job& job, const std::exception_ptr& thrown);
  void heard();

  // --- what is received: peer_receiving.cpp -------------------------------------------------------------------------

  /// From the connection to the handlers. False: it is not for them, or not yet.
  bool receive(Peer& self, Message& message);
  bool receive_classified(Peer& self, Message& message, Message on_wire);
  bool decode(Filters& filters, Message& message);
  /// The one at `index`. What those behind it cannot do without may not be left out.
  void filter_dropped(const Filters& filters, std::size_t index, const std::string& reason);
  bool call_hooks(Peer& self, Message& message);
  void answer(Message message);
  void note_first(const Message& message);
  enum class Asked : std::uint8_t { decided, open, over };
  bool classify(Peer& self, Message& message, const Message& on_wire);
  Asked ask_classifier(Peer& self, std::span<const Message> messages);
  bool become(const std::string& kind);
  void free_held();
  void drop_held();
  bool is_too_late_to_classify();
  bool take_freed(Peer& self, Job& job);

  // --- what is sent: peer_sending.cpp -------------------------------------------------------------------------------

  using Sent = parley::detail::ConnectionState::Sent;
  // With the chain's mutex held.
  /// Through hooks and filters, and queued whatever the marks say.
  error_code send_through(Message message);
  enum class Prepared : std::uint8_t { ready, dropped, refused };
  Prepared prepare(Message& message, std::string& why);
  Prepared call_send_hooks(Message& message, std::string& why);
  /// From the last filter to the first. Those that have encoded forget it where another would not have it.
  Prepared encode(Message& message, std::string& why);
  void not_sent();
  [[nodiscard]] std::vector<Filter*> encoding_order() const;

  static boost::asio::awaitable<void> send_chained(std::shared_ptr<PeerState> self, Message message, Deadline deadline);
  /// Remembers the sentence.
  error_code failed(error_code ec);
  error_code failed(error_code ec, std::string sentence);
  /// False: it has to wait for room, and `message` is as it was.
  bool send_reply(Message& message);
  void reply_lost(error_code ec, std::string sentence);

  // --- how it ends: peer_ending.cpp ---------------------------------------------------------------------------------

  /// Closed by this side, for a reason of its own.
  void give_up(error_code code, std::string sentence, std::exception_ptr thrown = nullptr);
  void leave(Job& job);
  void one_end();

  const std::shared_ptr<Hub> hub_;
  const std::shared_ptr<const Table> table_;
  const std::shared_ptr<Overseer> overseer_;
  Connection connection_;
  const PeerId id_;
  std::atomic<const KindTable*> kind_;
  const std::unique_ptr<Chain> chain_;
  std::atomic<TimePoint::rep> heard_at_;

  std::mutex mutex_;
  std::unique_ptr<Extras> extras_;
  std::unique_ptr<Message> first_;
  std::unique_ptr<HistoryLog> history_;
  std::weak_ptr<Running> running_;  // the coroutine's, as its strand must not outlive the context

  std::unique_ptr<Held> held_;       // pump only
  Stage stage_ = Stage::connecting;  // pump only
  bool is_classified_;               // pump only
  bool has_first_ = false;           // pump only
  std::atomic<bool> has_waiting_{false};
  std::atomic<bool> has_ended_{false};
  std::atomic<bool> is_dropped_{false};
  std::atomic<std::uint8_t> begun_count_{0};  // messages given to handlers: 0, 1 or more
  std::atomic<std::uint8_t> ends_left_{2};    // on_disconnect, and the closing of the connection
  std::atomic<bool> has_closed_{false};       // the latter
  std::atomic<bool> is_counted_{false};       // in what stop() tells
};

}  // namespace parley::app::detail
