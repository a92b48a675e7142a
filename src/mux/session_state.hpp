// SessionState: a session of channels over one Link. The core (wire/any_mux) says what the bytes mean; this moves them
// and tells those who wait.
//
// One mutex guards all of it, the channels too: a channel of another thread takes it for each of its calls.
#pragma once

#include "connection/link.hpp"
#include "detail/ready_in_a_row.hpp"
#include "detail/ring.hpp"
#include "detail/this_thread.hpp"
#include "detail/waiting_object.hpp"
#include "mux/channel_backend.hpp"
#include "mux/deliveries.hpp"

#include <parley/detail/handler.hpp>
#include <parley/mux/session.hpp>
#include <parley/wire/any_mux.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::mux::detail {

using parley::detail::BiasedMutex;
using parley::detail::Handler;

class SessionState final : public parley::detail::WaitingObject, private parley::detail::LinkSink {
 public:
  using Lock = WaitingObject::Lock;
  static constexpr auto invalid_number = boost::system::errc::invalid_argument;

  [[nodiscard]] static std::shared_ptr<SessionState> make(transport::Stream stream, Role role, const Options& options);
  SessionState(transport::Stream stream, Role role, const Options& options);

  // Any thread, mutex not held.

  /// The channel lives on `channel_executor`, of the session's context. Completes with `invalid_number` for a number
  /// that it cannot have.
  void open(std::optional<ChannelId> id, boost::asio::any_io_executor channel_executor, Deadline deadline,
            Handler<Channel> handler);
  void accept(boost::asio::any_io_executor channel_executor, Deadline deadline, Handler<Channel> handler);
  /// The same where it need not wait; none where it has to, or is refused.
  [[nodiscard]] Channel try_open(const boost::asio::any_io_executor& channel_executor);
  [[nodiscard]] Channel try_accept(const boost::asio::any_io_executor& channel_executor);
  /// So many channels have been opened and accepted without waiting that others should have their turn.
  [[nodiscard]] bool yield_due();
  void ping(Deadline deadline, Handler<Duration> handler);
  void next_event(Deadline deadline, Handler<SessionEvent> handler);
  void close(Deadline deadline, Handler<SessionCloseReport> handler);
  void go_away();
  /// The handle has gone.
  void abandon() noexcept;
  /// New channels may be opened, as far as is known.
  [[nodiscard]] bool takes_channels();
  /// The peer has said anything at all.
  [[nodiscard]] bool has_heard();
  /// From now on it closes when it has had no channel for so long.
  void close_when_idle(Duration time);
  [[nodiscard]] SessionStats stats();
  [[nodiscard]] std::optional<ChannelInfo> find_channel(ChannelId id);
  [[nodiscard]] std::vector<ChannelInfo> channels();
  [[nodiscard]] std::string last_error();
  /// What an operation that has ended with `ec` throws.
  [[nodiscard]] Error error_for(std::string_view operation, boost::system::error_code ec);
  [[nodiscard]] Role role() const noexcept { return role_; }

  void on_deadline(std::uint64_t token) override;
  void on_context_shutdown() noexcept override;

  // For channels.

  [[nodiscard]] BiasedMutex& session_mutex() noexcept { return mutex(); }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept { return local_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept { return remote_; }
  [[nodiscard]] const std::shared_ptr<const TlsInfo>& tls_info() const noexcept { return tls_info_; }
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept { return peer_credentials_; }

  // Mutex held.

  [[nodiscard]] wire::AnyMux& core() noexcept { return core_; }
  /// Its stream is: nothing more is written.
  [[nodiscard]] bool is_closed() const noexcept { return life_ == Life::closed; }
  [[nodiscard]] bool has_context() noexcept { return context() != nullptr; }
  [[nodiscard]] std::uint64_t next_number() noexcept { return next_id(); }
  /// Whether the stream's queue takes more payload.
  [[nodiscard]] bool has_room() const noexcept { return link_.out().size() < out_mark; }
  /// What the stream has taken, of all that was said.
  [[nodiscard]] std::uint64_t written_size() const noexcept { return link_.counters().bytes_written; }
  /// All that was said, whether the stream has taken it or not.
  [[nodiscard]] std::uint64_t said_size() const noexcept {
    return written_size() + link_.out().size() + core_.next_output().size();
  }
  /// Puts header and payload behind what is queued.
  void append(std::span<const std::byte> header, ChannelBackend::ConstBuffers payload, std::size_t size);
  /// Refers to what is large. At most `shared_max` buffers.
  void append(std::span<const std::byte> header, ChannelBackend::SharedBuffers payload, std::size_t size);
  static constexpr std::size_t shared_max = 64;
  /// The core was called: carries out what comes of it, or, by a handler that deliver() calls, leaves that to it, once
  /// for the whole round. May release the lock.
  void settle(Lock& lock);
  /// The same, not put off: for what goes on at once, and for what the loop calls, which a handler may run itself.
  void settle_now(Lock& lock);
  /// The core was called, and all that may have come of it is that it waits for something.
  void schedule_core_deadline();
  /// Calls a channel's handler, as soon as may be.
  template <class Delivery>
  void tell_channel(Delivery&& delivery) {
    if (gathers_deliveries_ || delivering_ == parley::detail::this_thread())
      return deliveries_.add(std::forward<Delivery>(delivery));
    const boost::asio::any_io_executor executor = delivery.executor;
    boost::asio::post(executor, std::forward<Delivery>(delivery));
  }
  /// The core will not speak of it any more, or its owner not use it.
  void detach(wire::MuxChannel channel) noexcept;
  void cancel_in(wire::MuxChannel channel, std::uint64_t operation);
  [[nodiscard]] bool can_half_close() const noexcept { return options_.dialect == MuxDialect::yamux; }

 private:
  enum class Life : std::uint8_t { open, closing, finishing, closed };

  struct Opener : parley::detail::Waiter<Handler<Channel>, Channel> {
    Opener(std::uint64_t id_, Handler<Channel>&& handler_, const boost::asio::any_io_executor& io,
           std::optional<ChannelId> wanted_, boost::asio::any_io_executor channel_executor_)
        : Waiter{id_, std::move(handler_), io}, wanted{wanted_}, channel_executor{std::move(channel_executor_)} {}
    std::optional<ChannelId> wanted;
    boost::asio::any_io_executor channel_executor;
  };
  struct Acceptor : parley::detail::Waiter<Handler<Channel>, Channel> {
    Acceptor(std::uint64_t id_, Handler<Channel>&& handler_, const boost::asio::any_io_executor& io,
             boost::asio::any_io_executor channel_executor_)
        : Waiter{id_, std::move(handler_), io}, channel_executor{std::move(channel_executor_)} {}
    boost::asio::any_io_executor channel_executor;
  };
  struct Pinger : parley::detail::Waiter<Handler<Duration>, Duration> {
    Pinger(std::uint64_t id_, Handler<Duration>&& handler_, const boost::asio::any_io_executor& io,
           std::uint32_t value_)
        : Waiter{id_, std::move(handler_), io}, value{value_} {}
    std::uint32_t value;
  };
  struct EventWaiter : parley::detail::Waiter<Handler<SessionEvent>, SessionEvent> {
    using Waiter::Waiter;
  };
  struct Closer : parley::detail::Waiter<Handler<SessionCloseReport>, SessionCloseReport> {
    using Waiter::Waiter;
  };

  // LinkSink.
  [[nodiscard]] bool wants_bytes() const override;
  [[nodiscard]] std::size_t wanted_size() const override { return 0; }
  void on_bytes(Lock& lock) override;
  void on_read_end(boost::system::error_code ec) override;
  void on_written(std::size_t message_count) override;
  void on_write_end(boost::system::error_code ec) override;
  [[nodiscard]] std::shared_ptr<void> hold() override { return shared_from_this(); }

  // Mutex held.
  void begin();
  void take_events();
  void deliver(Lock& lock);
  void on_event(const wire::MuxEvent& event);
  void on_opened(const wire::MuxEvent& event);
  void on_ended(const wire::MuxEvent& event);
  void on_closed(const wire::MuxEvent& event);
  [[nodiscard]] bool forget_unaccepted(ChannelBackend& channel);
  void give_turns();
  void take_output();
  void note_delivery(TimePoint now) noexcept;
  void note_channels_cut(std::size_t count) noexcept;
  [[nodiscard]] ChannelBackend* find(wire::MuxChannel channel) noexcept;
  [[nodiscard]] ChannelInfo describe(const ChannelBackend& channel) const;
  std::unique_ptr<ChannelBackend> attach(wire::MuxChannel channel, ChannelId id,
                                         const boost::asio::any_io_executor& channel_executor);
  Channel hand_over(std::unique_ptr<ChannelBackend> backend, const boost::asio::any_io_executor& channel_executor);
  void watch_idleness();
  void on_data(ChannelBackend& channel, std::span<const std::byte> bytes);
  /// Opens for those who wait, as far as may be.
  void serve_openers();
  bool try_open(Opener& opener);
  /// None where `ec` says why; error::full: it has to wait. Throws what the core's open does.
  [[nodiscard]] Channel open_now(std::optional<ChannelId> wanted, const boost::asio::any_io_executor& channel_executor,
                                 boost::system::error_code& ec);
  [[nodiscard]] bool is_open() const noexcept { return life_ == Life::open && !is_over_; }
  [[nodiscard]] Channel take_backlog(const boost::asio::any_io_executor& channel_executor);
  void tell(SessionEvent event);
  void note(boost::system::error_code ec, std::string sentence);
  void note_time_out(std::string_view operation, Duration allowed);
  /// Whether the session is over or closing: then the operation has been told.
  template <class Result>
  bool refuses(Handler<Result>& handler);
  void fail_all_operations(boost::system::error_code ec);
  void on_pong(const wire::MuxEvent& event);
  void settle_later();
  void append_output();
  void hold_reading_back();
  /// Of those that wait to be accepted: none, or those that were over in order before the session was.
  enum class Keep : std::uint8_t { none, those_over };
  void refuse_backlog(Keep keep);
  void begin_closing(Deadline deadline);
  void go_on_closing();
  void watch_last_writes();
  void on_linger_over();
  void cut();
  void finish_closing();
  void interrupt_locked(std::uint64_t id, boost::system::error_code ec) override;

  /// With so much waiting to be written, channels wait too: what a small message may be late by. It is more than what
  /// a link writes on the spot, which makes room without a turn of the loop: with less, a channel that sends much was
  /// let on in pieces, and both it and the small messages beside it were slower.
  static constexpr std::size_t out_mark = 320 * 1024;
  /// With so many bytes unread, those that come refer to blocks of the stream's no more, unless they are most of one.
  static constexpr std::size_t pinned_size_max = 1024 * 1024;
  /// What those who were told have begun is told from there too, so many times over; then others have their turn.
  static constexpr int delivery_rounds_max = 16;
  static constexpr std::uint64_t token_core = 1;
  static constexpr std::uint64_t token_close = 2;
  static constexpr std::uint64_t token_linger = 3;
  static constexpr std::uint64_t token_idle = 4;

  BiasedMutex own_mutex_;
  const Role role_;
  const Options options_;
  const boost::asio::any_io_executor stream_executor_;
  const Endpoint local_;
  const Endpoint remote_;
  const std::shared_ptr<const TlsInfo> tls_info_;
  const std::optional<PeerCredentials> peer_credentials_;
  wire::AnyMux core_;
  parley::detail::Link link_;

  std::vector<ChannelBackend*> channels_;                // by their index
  std::deque<std::unique_ptr<ChannelBackend>> backlog_;  // opened by the peer, not accepted
  parley::detail::Ring<Opener> openers_;
  parley::detail::Ring<Acceptor> acceptors_;
  parley::detail::Ring<Pinger> pingers_;
  parley::detail::Ring<EventWaiter> event_waiters_;
  parley::detail::Ring<Closer> closers_;
  std::deque<SessionEvent> events_;

  Life life_ = Life::open;
  bool is_over_ = false;  // the core's session has ended
  boost::system::error_code end_;
  std::string end_sentence_;
  bool settle_is_posted_ = false;
  bool gathers_deliveries_ = false;
  const void* delivering_ = nullptr;  // the thread that is in deliver()
  Deliveries deliveries_;
  parley::detail::ReadyInARow ready_in_a_row_;
  bool peer_goes_away_ = false;
  Duration idle_time_{};  // zero: it may be idle for ever
  bool reading_held_ = false;
  bool stream_ended_ = false;
  bool lingers_ = false;            // all has been written, and the peer may end its side
  std::uint64_t drained_size_ = 0;  // what the stream had taken when the last wait for it began
  std::uint32_t last_ping_ = 0;
  SessionCloseReport report_;
  std::shared_ptr<ContextMember> held_while_closing_;
  parley::detail::DeadlineId core_deadline_;
  parley::detail::DeadlineId close_deadline_;
  parley::detail::DeadlineId linger_deadline_;
  parley::detail::DeadlineId idle_deadline_;
  boost::system::error_code last_code_;
  std::string last_error_;
};

}  // namespace parley::mux::detail
