// SocketState: what a Socket handle leads to. It drives a SocketCore: carries out what that asks for, and completes the
// operations that wait.
//
// One mutex guards the core, this object, and the links to all peers. Everything named *_locked runs with it held, and
// settle_locked follows each call on the core.
#pragma once

#include "detail/ready_in_a_row.hpp"
#include "detail/ring.hpp"
#include "detail/slot.hpp"
#include "detail/waiting_object.hpp"
#include "policy/socket_core.hpp"
#include "socket/doorkeeper.hpp"
#include "socket/peer_link.hpp"

#include <parley/error.hpp>
#include <parley/socket/socket.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley::detail {

/// A message that its sender goes on sending until the application has said that it is done with it.
class Unacknowledged {
 public:
  Unacknowledged(const wire::MessageId& id_, std::shared_ptr<SocketState> socket_)
      : id{id_}, socket{std::move(socket_)} {}
  const wire::MessageId id;
  const std::shared_ptr<SocketState> socket;
  mutable std::atomic<std::uint32_t> holders{1};
};

/// For the parts of the library that look into what users hold.
class SocketAccess {
 public:
  static void fill(Received& received, const policy::TakenFrom& from, SocketState& socket);
  static bool take_plain(policy::SocketCore& core, Received& received) noexcept {
    if (received.unacknowledged_.get() != nullptr) [[unlikely]]
      received.unacknowledged_ = {};
    return core.take_plain(received.message, received.sender);
  }
};

class SocketState final : public WaitingObject {
 public:
  [[nodiscard]] static std::shared_ptr<SocketState> make(boost::asio::any_io_executor executor, SocketOptions options);
  SocketState(boost::asio::any_io_executor executor, SocketOptions options);
  /// Lives in `slot`, whose mutex is its.
  SocketState(boost::asio::any_io_executor executor, SocketOptions options, Slot& slot);

  /// Leads here until the handle goes.
  [[nodiscard]] const Lease<SocketState>& lease() const noexcept { return tenancy_.lease(); }

  [[nodiscard]] const Identity& identity() const noexcept { return core_.identity(); }

  // Endpoints. Any thread, mutex not held, as all below up to the next rule.

  Endpoint bind(const Endpoint& endpoint, const EndpointOptions& options);
  bool unbind(const Endpoint& endpoint);
  void connect(const Endpoint& endpoint, const EndpointOptions& options);
  bool disconnect(const Endpoint& endpoint);
  bool cut_off(const Identity& peer);
  void wait_for_peers(std::size_t count, Deadline deadline, Handler<> handler);

  // Sending and receiving.

  enum class Sent : std::uint8_t { done, done_and_yield, must_wait, failed };
  Sent try_send(Message& message, const std::optional<Identity>& to, const SendOptions& options,
                boost::system::error_code& ec) {
    Lock lock{mutex()};
    return try_send_locked(lock, message, to, options, ec);
  }
  /// By the socket's mode, or to one peer, without options.
  Sent try_send_plain_locked(Lock& lock, Message& message, const Identity* to, boost::system::error_code& ec);
  Sent try_send_locked(Lock& lock, Message& message, const std::optional<Identity>& to, const SendOptions& options,
                       boost::system::error_code& ec);
  void send(Message message, const std::optional<Identity>& to, const SendOptions& options, bool is_confirmed,
            Handler<> handler);
  /// Also tells when others should have their turn.
  enum class Taken : std::uint8_t { nothing, message, message_and_yield, closed };
  Taken try_take(Received& received) {
    const Lock lock{mutex()};
    return try_take_locked(received);
  }
  Taken try_take_locked(Received& received) {
    if (receivers_.empty() && SocketAccess::take_plain(core_, received)) [[likely]]
      return ready_in_a_row_.is_due(received.message.size()) ? Taken::message_and_yield : Taken::message;
    return take_any_locked(received);
  }
  /// For who is about to wait for a message, and has most likely just asked for it: writes what is queued now and not
  /// at the end of the turn, so that the peer works while the wait is being set up.
  void write_before_waiting();
  void receive(Deadline deadline, Handler<Received> handler);
  void acknowledge(const Identity& sender, const wire::MessageId& id);
  void decline(const Identity& sender, const wire::MessageId& id);

  // Looking.

  [[nodiscard]] std::optional<SocketEvent> try_next_event();
  void next_event(Deadline deadline, Handler<SocketEvent> handler);
  [[nodiscard]] std::vector<PeerInfo> peers();
  [[nodiscard]] SocketStats stats();
  [[nodiscard]] std::string last_error();
  void note_error(boost::system::error_code ec, std::string sentence);
  /// What the operation of this name, which has ended with `ec`, throws: with the sentence where there is one.
  [[nodiscard]] Error error_for(std::string_view operation, boost::system::error_code ec);
  /// Sends can wait for their acknowledgement.
  [[nodiscard]] bool confirms() const noexcept { return core_.options().delivery == Delivery::at_least_once; }
  /// Throws std::invalid_argument where they cannot.
  void require_confirmable() const;

  // Ending.

  void close(Deadline deadline, Handler<SocketCloseReport> handler);
  /// The handle has gone.
  void abandon() noexcept;
  [[nodiscard]] bool is_abandoned();

  void on_deadline(std::uint64_t token) override;
  void on_context_shutdown() noexcept override;

  // --- for links and doorkeepers: mutex held ------------------------------------------------------------------------

  [[nodiscard]] policy::SocketCore& core() noexcept { return core_; }
  [[nodiscard]] BiasedMutex& socket_mutex() noexcept { return mutex(); }
  [[nodiscard]] ContextService* socket_context() noexcept { return context(); }
  /// The core may have something to be done, and may have changed its deadlines. May release the lock meanwhile.
  enum class Flushing : std::uint8_t { now, at_the_end_of_the_turn };
  void settle_locked(Lock& lock, Flushing flushing = Flushing::at_the_end_of_the_turn);
  /// The same from where the lock must be kept: done by a post.
  void settle_later_locked();
  /// The same from a link's read loop, where handlers may be called at once.
  void deliver_locked(Lock& lock);
  void add_link_locked(Lock& lock, transport::Stream stream, policy::LinkInfo info, std::span<const std::byte> unread);
  /// The core knows that a link has written.
  void on_written_locked() {
    if (core_.has_actions() || life_ == Life::draining) settle_later_locked();
  }
  /// It closes, and its links end one by one, at the deadline of that at the latest.
  [[nodiscard]] bool is_finishing() const noexcept { return life_ == Life::finishing; }
  void on_link_end_locked(const PeerLink& link, boost::system::error_code ec, const std::string& sentence);
  /// What a link that leaves has not written stays unwritten.
  void note_unwritten_locked(PeerLink& link);
  /// What its peer's system has not confirmed by now will not be: the link ends.
  void note_unconfirmed_locked(const PeerLink& link);
  /// A link that was leaving has left.
  void on_left_locked(const PeerLink& link);
  void note_refused_locked(Lock& lock, boost::system::error_code ec, std::string sentence, const Endpoint& peer);
  void note_trouble_locked(Lock& lock, boost::system::error_code ec, const Endpoint& where, Duration pause);

 private:
  enum class Life : std::uint8_t { open, draining, finishing, closed };

  struct Receiver : Waiter<Handler<Received>, Received> {
    using Waiter::Waiter;
  };
  struct Sender : Waiter<Handler<>> {
    Sender(std::uint64_t id_, Handler<>&& handler_, const boost::asio::any_io_executor& io, bool confirmed)
        : Waiter{id_, std::move(handler_), io}, is_confirmed{confirmed} {}
    bool is_confirmed;
  };
  struct PeerWaiter : Waiter<Handler<>> {
    PeerWaiter(std::uint64_t id_, Handler<>&& handler_, const boost::asio::any_io_executor& io, std::size_t n)
        : Waiter{id_, std::move(handler_), io}, count{n} {}
    std::size_t count;
  };
  struct EventWaiter : Waiter<Handler<SocketEvent>, SocketEvent> {
    using Waiter::Waiter;
  };
  struct Closer : Waiter<Handler<SocketCloseReport>, SocketCloseReport> {
    using Waiter::Waiter;
  };

  struct Dialling {
    policy::DiallerId id;
    Endpoint endpoint;
    EndpointOptions options;
    std::shared_ptr<boost::asio::cancellation_signal> stop;  // of the attempt under way
  };

  /// Of a send that waits to be acknowledged: in the number of the operation by which the core tells that.
  static constexpr std::uint64_t confirmation_bit = std::uint64_t{1} << 63;
  static constexpr std::uint64_t token_core = 1;
  static constexpr std::uint64_t token_close = 2;

  Taken take_any_locked(Received& received);
  bool take_from_core(Received& received);
  void write_now(Lock& lock, PeerLink& link);
  [[nodiscard]] static policy::SendSettings settings_of(const SendOptions& options);
  /// A clock costs as much as half of sending a small message.
  [[nodiscard]] TimePoint now_for(const policy::SendSettings& settings) const {
    return core_.sending_needs_time() || settings.expires != TimePoint::max() ? Clock::now() : TimePoint{};
  }

  void perform(Lock& lock, const policy::SocketAction& action, Flushing flushing);
  void dial(policy::DiallerId id);
  void on_dialled(policy::DiallerId id, TimePoint since, boost::system::error_code ec, transport::Stream stream,
                  const std::string& why);
  [[nodiscard]] Dialling* find_dialling(policy::DiallerId id) noexcept;
  [[nodiscard]] PeerLink* find_link(policy::LinkId id) noexcept {
    if (id.slot >= links_.size()) return nullptr;
    PeerLink* const link = links_[id.slot].get();
    return link != nullptr && link->id() == id ? link : nullptr;
  }
  std::shared_ptr<PeerLink> remove_link(policy::LinkId id) noexcept;
  [[nodiscard]] bool is_up(policy::LinkId id) const noexcept;
  void complete_operations();
  void tell_waiters();
  void schedule_core_deadline();
  void interrupt_locked(std::uint64_t id, boost::system::error_code ec) override;
  void note_locked(std::string sentence, boost::system::error_code ec);
  void note_time_out_locked(std::string_view operation, Duration waited, const std::string& why);
  void satisfy_receivers();

  void begin_closing_locked(Lock& lock, Deadline deadline);
  /// Its time is over, or nobody waits for it any more.
  void give_up_closing_locked(Lock& lock);
  void finish_closing_locked(Lock& lock);
  void conclude_locked();

  Tenancy<SocketState> tenancy_;
  policy::SocketCore core_;
  std::vector<std::shared_ptr<PeerLink>> links_;    // by their ids' slots
  std::vector<std::shared_ptr<PeerLink>> leaving_;  // the core has forgotten them; they end by themselves
  std::vector<std::shared_ptr<Doorkeeper>> doors_;
  std::vector<Dialling> diallings_;

  Ring<Receiver> receivers_;
  std::unordered_map<std::uint64_t, Sender> senders_;
  Ring<PeerWaiter> peer_waiters_;
  Ring<EventWaiter> event_waiters_;
  Ring<Closer> closers_;

  DeadlineId core_deadline_;
  DeadlineId close_deadline_;
  ReadyInARow ready_in_a_row_;
  policy::LinkId sent_last_;  // by the short way of try_send_plain_locked
  bool settle_is_posted_ = false;
  bool is_abandoned_ = false;                          // the handle has gone
  std::shared_ptr<ContextMember> held_while_closing_;  // nobody else may hold it then
  Life life_ = Life::open;
  SocketCloseReport report_;
  boost::system::error_code last_code_;
  std::string last_error_;
};

}  // namespace parley::detail
