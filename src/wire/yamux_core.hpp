// What is behind wire/yamux.hpp. yamux_receiving.cpp has what comes from the peer, yamux.cpp everything else.
#pragma once

#include "detail/split_mix.hpp"
#include "wire/mux_channels.hpp"
#include "wire/ping_book.hpp"

#include <parley/wire/yamux.hpp>
#include <parley/wire/yamux_frame.hpp>
#include <parley/wire/yamux_window.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace parley::wire {

class Yamux::Core {
 public:
  Core(MuxRole role, const MuxOptions& options, std::uint64_t seed);

  void start(TimePoint now);
  void feed(std::span<const std::byte> bytes, TimePoint now);
  MuxEvent next_event();
  std::optional<TimePoint> next_deadline() const noexcept;
  void expire(TimePoint now);
  void note_delivery(std::uint64_t delivered, std::size_t undelivered, TimePoint now) noexcept;
  void set_reading(bool reads, TimePoint now) noexcept;
  void stream_ended(boost::system::error_code code);

  MuxOpened open(TimePoint now, std::optional<ChannelId> id);
  void accept(MuxChannel channel);
  MuxGrant reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint now);
  MuxWritten write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint now);
  void want_turn(MuxChannel channel) noexcept;
  void consume(MuxChannel channel, std::size_t size, TimePoint now);
  boost::system::error_code finish(MuxChannel channel, TimePoint now);
  void close(MuxChannel channel, TimePoint now);
  void reset(MuxChannel channel);
  boost::system::error_code ping(std::uint32_t value, TimePoint now);
  void go_away();

  MuxChannels channels;
  PingBook pings;

 private:
  using Kind = MuxEvent::Kind;

  // What a frame still has to tell, in this order; its payload comes between the last two.
  static constexpr unsigned tell_opened = 1;
  static constexpr unsigned tell_accepted = 2;
  static constexpr unsigned tell_reset = 4;
  static constexpr unsigned tell_window_grew = 8;
  static constexpr unsigned tell_finished = 16;

  // --- yamux_receiving.cpp ---
  [[nodiscard]] bool read(MuxEvent& event);
  [[nodiscard]] bool tell(MuxEvent& event);
  /// Reading has ended a channel, and the frame has nothing to tell before that.
  [[nodiscard]] bool tells_closed() const noexcept {
    return telling_ == 0 && channels.first_waiting(MuxWait::over) != no_channel;
  }
  [[nodiscard]] bool read_body(MuxEvent& event);
  void discard(std::uint32_t index);
  [[nodiscard]] bool read_header(MuxEvent& event);
  [[nodiscard]] bool on_ping(const YamuxFrame& frame, MuxEvent& event);
  [[nodiscard]] bool on_go_away(const YamuxFrame& frame, MuxEvent& event);
  void on_channel_frame(const YamuxFrame& frame);
  [[nodiscard]] std::uint32_t on_syn(const YamuxFrame& frame);
  void refuse(const YamuxFrame& frame);
  void on_stray(const YamuxFrame& frame);
  void on_reset(std::uint32_t index);
  void count_reset(ChannelId id);
  void on_window_update(const YamuxFrame& frame, std::uint32_t index);
  void on_data(const YamuxFrame& frame, std::uint32_t index);
  void on_fin(std::uint32_t index);

  // --- yamux.cpp ---
  void put(YamuxType type, std::uint16_t flags, std::uint32_t id, std::uint32_t length);
  void put_answer(YamuxType type, std::uint16_t flags, std::uint32_t id, std::uint32_t length);
  void break_off(error code, std::string sentence);
  void become_ready(std::optional<Duration> round_trip) noexcept;
  void send_own_ping(TimePoint now);
  void accept_at(std::uint32_t index);
  void block(std::uint32_t index, TimePoint now) noexcept;
  void on_acknowledged(std::uint32_t index) noexcept;
  void finish_at(std::uint32_t index);
  void reset_at(std::uint32_t index, error why);
  void give_credit(std::uint32_t index, TimePoint now);
  void grow_window(std::uint32_t index, TimePoint now);
  void plan_keep_alive() noexcept;
  [[nodiscard]] bool is_mid_frame() const noexcept { return header_size_ != 0 || body_left_ != 0; }
  [[nodiscard]] std::uint32_t own_parity() const noexcept { return channels.role == MuxRole::client ? 1 : 0; }

  parley::detail::SplitMix64 random_;

  // Input.
  std::span<const std::byte> input_;
  TimePoint now_{};  ///< of the input
  std::array<std::byte, YamuxFrame::header_size> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t body_left_ = 0;
  unsigned telling_ = 0;
  MuxChannel arriving_;      ///< whose frame is being read, or none's
  MuxEvent arriving_event_;  ///< names it

  // Session.
  bool is_ready_ = false;
  bool has_heard_frame_ = false;  ///< a whole header that makes sense
  bool tells_ready_ = false;
  std::optional<Duration> ready_round_trip_;
  bool is_going_away_ = false;
  bool peer_is_going_away_ = false;
  bool is_reading_ = true;
  std::uint64_t next_id_;  ///< of ours
  std::uint32_t highest_peer_id_ = 0;
  std::uint32_t stray_count_ = 0;
  std::uint32_t own_ping_value_ = 0;

  // Time.
  std::optional<TimePoint> handshake_until_;
  std::optional<TimePoint> keep_alive_at_;
  std::optional<TimePoint> silent_until_;  ///< a keep-alive ping is under way
  Duration keep_alive_span_{};             ///< the interval, this time
  std::uint64_t delivered_ = 0;            ///< when that was last told
  std::size_t undelivered_ = 0;
};

}  // namespace parley::wire
