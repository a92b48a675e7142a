// AmqpClient: one connection to a broker by AMQP 0-9-1 (docs/protocols/amqp.md), without the connection: it reads from
// an InBuffer, writes to an OutQueue, and is told the time.
//
//   start(now)                                    the stream is there
//   next_event(now) until there is none           whenever there is more input
//   open_channel(token), declare_queue(…), …      once there was `opened`
//   expire(now) at next_deadline()
//
// What is said on a channel goes out in the order in which it was said, and waits while a command before it has no
// answer. Each command is answered once: by `done`, or `channel_opened`, with its token. One that returns a code has
// done nothing and is not answered. A refusal costs the channel: AMQP knows no other way to say no.
//
// The stream is the owner's. An event `closed`, `closed_by_peer` or `failed` is the last one, all commands have been
// answered before it, and the stream is to be closed behind what is queued.
#pragma once

#include "detail/ring.hpp"
#include "wire/amqp_channel_state.hpp"
#include "wire/amqp_event.hpp"
#include "wire/in_buffer.hpp"
#include "wire/out_queue.hpp"

#include <parley/error.hpp>
#include <parley/limits.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>
#include <parley/wire/amqp_frame.hpp>
#include <parley/wire/amqp_methods.hpp>

#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::wire {

/// Why a connection or a channel is closed, by the specification's numbers.
enum class AmqpReply : std::uint16_t {
  success = 200,
  content_too_large = 311,
  frame_error = 501,
  syntax_error = 502,
  command_invalid = 503,
  channel_error = 504,
  unexpected_frame = 505,
  resource_error = 506,
  not_implemented = 540,
  internal_error = 541,
};

class AmqpClient {
 public:
  struct Settings {
    std::string user = "guest";
    std::string password = "guest";
    std::string virtual_host = "/";
    /// Asked of the broker, which may want less; zero: none. Whole seconds, up to 65,535.
    std::chrono::seconds heartbeat{20};
    /// Of a frame; the broker may want less. At least AmqpFrames::frame_size_min.
    std::uint32_t frame_size_max = 128 * limits::kib;
    /// Open at a time; the broker may want less.
    std::uint16_t channels_max = 2047;
    /// Of a message, either way.
    std::size_t body_size_max = limits::message_size_max;
    /// Commands, and what waits behind them, of all channels: in count, and in bytes.
    std::size_t unanswered_count_max = 1024;
    std::size_t unanswered_size_max = 16 * limits::mib;
    /// Messages on one channel that the broker has not confirmed.
    std::size_t unconfirmed_max = 65'536;
    /// From start() to `opened`; and from close() to its answer.
    Duration handshake_time_max = limits::handshake_time_max;
    Duration close_time_max = std::chrono::seconds{5};
  };

  /// A message to be published.
  struct Outgoing {
    std::string_view exchange{};
    std::string_view routing_key{};
    AmqpProperties properties{};
    Message body{};
    bool is_mandatory = false;  ///< it comes back if there is no queue for it
  };

  struct OpenedChannel {
    AmqpChannel channel{};
    boost::system::error_code code{};  ///< full; session_ended
  };
  struct Published {
    std::uint64_t number = 0;          ///< of `confirmed`; 0: nothing is confirmed on this channel
    boost::system::error_code code{};  ///< full; message_too_large; channel_reset; session_ended
  };

  /// Throws std::invalid_argument for what cannot be sent.
  static void require(const Settings& settings);
  /// What is referred to outlives this. Throws as require() does.
  AmqpClient(Settings settings, parley::detail::InBuffer& in, parley::detail::OutQueue& out);

  void start(TimePoint now);
  /// What has come.
  [[nodiscard]] AmqpEvent next_event(TimePoint now);
  /// Nothing follows what is in the buffer; then next_event() tells the rest.
  void stream_ended() noexcept { has_ended_ = true; }
  /// So many bytes the buffer has to hold before next_event() can do more; 0: any.
  [[nodiscard]] std::size_t wanted_size() const noexcept { return wanted_size_; }

  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
  /// Carries out what is due; next_event() tells what came of it.
  void expire(TimePoint now);
  /// false: the stream is not read for now, so that a silent broker may not be to blame for it.
  void set_reading(bool reads) noexcept { is_reading_ = reads; }

  /// A channel, on which things can be said at once. To be called after `opened`; std::logic_error before.
  OpenedChannel open_channel(AmqpToken token);
  /// Behind everything else that was said there. Its handle means nothing after the answer.
  boost::system::error_code close_channel(AmqpChannel channel, AmqpToken token);

  /// Commands. `no_wait` of the methods has no effect: all are answered. Texts that do not fit are
  /// std::invalid_argument. Errors: full; channel_reset: the channel has gone, or was told to; session_ended.
  boost::system::error_code declare_exchange(AmqpChannel channel, AmqpToken token, amqp::ExchangeDeclare what);
  boost::system::error_code declare_queue(AmqpChannel channel, AmqpToken token, amqp::QueueDeclare what);
  boost::system::error_code bind_queue(AmqpChannel channel, AmqpToken token, amqp::QueueBind what);
  boost::system::error_code purge_queue(AmqpChannel channel, AmqpToken token, std::string_view queue);
  boost::system::error_code delete_queue(AmqpChannel channel, AmqpToken token, amqp::QueueDelete what);
  boost::system::error_code qos(AmqpChannel channel, AmqpToken token, std::uint16_t prefetch_count);
  boost::system::error_code consume(AmqpChannel channel, AmqpToken token, amqp::BasicConsume what);
  boost::system::error_code cancel(AmqpChannel channel, AmqpToken token, std::string_view consumer_tag);
  /// What is published after this is confirmed.
  boost::system::error_code confirm_select(AmqpChannel channel, AmqpToken token);

  /// Not answered. Errors as those of commands.
  Published publish(AmqpChannel channel, const Outgoing& message);
  boost::system::error_code ack(AmqpChannel channel, std::uint64_t delivery_tag, bool is_multiple = false);
  boost::system::error_code nack(AmqpChannel channel, std::uint64_t delivery_tag, bool is_multiple, bool requeue);

  /// Ends the connection in order, without waiting for what is not answered: that is answered with `closed`.
  void close(TimePoint now, AmqpReply reply = AmqpReply::success, std::string_view text = {});

  [[nodiscard]] bool is_open() const noexcept { return state_ == State::open; }
  [[nodiscard]] bool is_over() const noexcept { return state_ == State::over; }
  /// As was agreed on, since `opened`.
  [[nodiscard]] std::chrono::seconds heartbeat() const noexcept { return heartbeat_; }
  [[nodiscard]] std::size_t frame_size_max() const noexcept { return frames_.frame_size_max(); }
  [[nodiscard]] std::uint16_t channels_max() const noexcept { return channels_max_; }
  /// What waits for answers, and what waits behind that.
  [[nodiscard]] std::size_t unanswered_count() const noexcept { return unanswered_count_; }

 private:
  enum class State : std::uint8_t { idle, greeting, logging_in, entering, open, closing, over };
  using Kind = AmqpEvent::Kind;
  using Channel = AmqpChannelState;

  // --- amqp_client_receiving.cpp ---
  [[nodiscard]] bool read_frame(TimePoint now);
  void read_end();
  [[nodiscard]] bool is_other_version();
  void on_frame(const AmqpFrameStep& step, TimePoint now);
  void on_method(std::uint16_t channel, std::span<const std::byte> payload, TimePoint now);
  void on_content_header(Channel& channel, std::span<const std::byte> payload);
  void on_body(Channel& channel, const AmqpFrameStep& step);
  void begin_content(Channel& channel, AmqpEvent event);
  void end_content(Channel& channel);
  void on_settled(Channel& channel, std::uint64_t tag, bool is_multiple, bool is_acknowledged);
  [[nodiscard]] bool tell_confirmed();
  [[nodiscard]] AmqpEvent take_answer(Channel& channel, const AmqpMethodId& id);
  void answer(Channel& channel, const AmqpMethodId& id);

  template <class Method>
  void on(const Method& method, TimePoint now);
  void on(const amqp::ConnectionStart& start, TimePoint now);
  void on(const amqp::ConnectionTune& tune, TimePoint now);
  void on(const amqp::ConnectionOpenOk& ok, TimePoint now);
  void on(const amqp::ConnectionClose& close, TimePoint now);
  void on(const amqp::ConnectionCloseOk& ok, TimePoint now);
  void on(const amqp::ConnectionBlocked& blocked, TimePoint now);
  void on(const amqp::ConnectionUnblocked& unblocked, TimePoint now);
  void on(const amqp::ConnectionSecure& secure, TimePoint now);

  template <class Method>
  void on(Channel& channel, const Method& method);
  void on(Channel& channel, const amqp::ChannelOpenOk& ok);
  void on(Channel& channel, const amqp::ChannelFlow& flow);
  void on(Channel& channel, const amqp::ChannelClose& close);
  void on(Channel& channel, const amqp::ChannelCloseOk& ok);
  void on(Channel& channel, const amqp::ExchangeDeclareOk& ok);
  void on(Channel& channel, const amqp::QueueDeclareOk& ok);
  void on(Channel& channel, const amqp::QueueBindOk& ok);
  void on(Channel& channel, const amqp::QueuePurgeOk& ok);
  void on(Channel& channel, const amqp::QueueDeleteOk& ok);
  void on(Channel& channel, const amqp::BasicQosOk& ok);
  void on(Channel& channel, const amqp::BasicConsumeOk& ok);
  void on(Channel& channel, const amqp::BasicCancelOk& ok);
  void on(Channel& channel, const amqp::BasicCancel& cancel);
  void on(Channel& channel, const amqp::BasicReturn& returned);
  void on(Channel& channel, const amqp::BasicDeliver& deliver);
  void on(Channel& channel, const amqp::BasicAck& ack);
  void on(Channel& channel, const amqp::BasicNack& nack);
  void on(Channel& channel, const amqp::ConfirmSelectOk& ok);

  // --- amqp_client_commands.cpp ---
  [[nodiscard]] Channel* find(AmqpChannel channel) noexcept;
  [[nodiscard]] boost::system::error_code why_not(AmqpChannel channel, std::size_t size) noexcept;
  boost::system::error_code say(AmqpChannel channel, AmqpCommand command);
  boost::system::error_code say(AmqpChannel channel, AmqpToken token, const AmqpMethod& method, AmqpMethodId awaits);
  boost::system::error_code say(AmqpChannel channel, const AmqpMethod& method);
  void pump(Channel& channel);
  void put(const AmqpCommand& command, std::uint16_t channel);
  void put_content(const AmqpCommand& command, std::uint16_t channel);
  void remove(Channel& channel);
  void drop_commands(Channel& channel, error code, std::string_view sentence);

  // --- amqp_client.cpp ---
  [[nodiscard]] Channel* channel_at(std::uint16_t number) noexcept;
  void put(std::uint16_t channel, const AmqpMethod& method);
  void put_answer(std::uint16_t channel, const AmqpMethod& method);
  void put_control(std::span<const std::byte> bytes);
  void check_heartbeats(TimePoint now);
  [[nodiscard]] bool has_begun() const noexcept { return state_ == State::open || state_ == State::closing; }
  AmqpEvent& tell(Kind kind);
  void fail(error code, AmqpReply reply, std::string sentence);
  void end(Kind kind, error code, std::uint16_t reply_code, std::string sentence);

  const Settings settings_;
  parley::detail::InBuffer& in_;
  parley::detail::OutQueue& out_;
  AmqpFrames frames_;
  State state_ = State::idle;
  parley::detail::Ring<AmqpEvent> events_;
  std::string broker_;

  std::vector<std::unique_ptr<Channel>> channels_;  // by number - 1
  std::uint16_t channels_max_ = 0;
  std::uint32_t next_generation_ = 1;
  std::uint16_t confirming_ = 0;  // the channel that is telling what was confirmed
  std::size_t unanswered_count_ = 0;
  std::size_t unanswered_size_ = 0;

  bool has_ended_ = false;
  std::size_t wanted_size_ = 0;
  std::vector<std::byte> scratch_;
  std::size_t answers_count_ = 0;  // while the output is not taken

  // Time. What was said and heard is looked at four times in an interval: the commands need no clock for that.
  std::optional<TimePoint> until_;  // the handshake, or the end, is over
  std::chrono::seconds heartbeat_{0};
  std::optional<TimePoint> check_at_;
  std::uint64_t said_count_ = 0;
  std::uint64_t said_before_ = 0;
  std::uint64_t heard_count_ = 0;
  std::uint64_t heard_before_ = 0;
  std::size_t unread_before_ = 0;
  unsigned silent_checks_ = 0;
  bool is_reading_ = true;
};

}  // namespace parley::wire
