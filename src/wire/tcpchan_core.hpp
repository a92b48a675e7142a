// What is behind wire/tcpchan.hpp.
#pragma once

#include "wire/mux_channels.hpp"

#include <parley/wire/tcpchan.hpp>
#include <parley/wire/tcpchan_frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace parley::wire {

class TcpChan::Core {
 public:
  Core(MuxRole role, const MuxOptions& options, std::uint64_t seed);

  void start(TimePoint now);
  void feed(std::span<const std::byte> bytes, TimePoint now);
  MuxEvent next_event();
  std::optional<TimePoint> next_deadline() const noexcept;
  void expire(TimePoint now);
  void set_reading(bool reads, TimePoint now) noexcept;
  void stream_ended(boost::system::error_code code);

  MuxOpened open(TimePoint now, std::optional<ChannelId> id);
  void accept(MuxChannel channel);
  MuxGrant reserve(MuxChannel channel, std::size_t size, bool finish);
  MuxWritten write(MuxChannel channel, std::span<const std::byte> bytes);
  void want_turn(MuxChannel channel) noexcept;
  void close(MuxChannel channel, bool in_order);
  void go_away() noexcept { is_going_away_ = true; }

  MuxChannels channels;

 private:
  using Kind = MuxEvent::Kind;

  [[nodiscard]] bool read(MuxEvent& event);
  [[nodiscard]] bool read_body(MuxEvent& event);
  [[nodiscard]] bool read_header(MuxEvent& event);
  [[nodiscard]] bool on_message(const TcpChanFrame& frame, MuxEvent& event);
  void on_request(const TcpChanFrame& frame);
  void on_reply(const TcpChanFrame& frame);
  [[nodiscard]] bool on_create(ChannelId id, MuxEvent& event);
  void refuse(ChannelId id);
  void on_close(ChannelId id);
  [[nodiscard]] bool on_payload(const TcpChanFrame& frame, MuxEvent& event);

  void put(TcpChanOp op, std::uint32_t number);
  void break_off(error code, std::string sentence);
  void become_ready();
  [[nodiscard]] bool is_mid_message() const noexcept { return header_size_ != 0 || body_left_ != 0; }

  // Input.
  std::span<const std::byte> input_;
  TimePoint now_{};
  std::array<std::byte, TcpChanFrame::payload_size> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t body_left_ = 0;
  MuxChannel arriving_;

  // Session.
  bool is_ready_ = false;
  bool tells_ready_ = false;
  bool is_going_away_ = false;
  bool is_reading_ = true;
  ChannelId next_id_;  ///< of ours, if nobody has it
  std::optional<TimePoint> handshake_until_;
};

}  // namespace parley::wire
