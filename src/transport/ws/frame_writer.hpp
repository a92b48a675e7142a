// Plain bytes into WebSocket frames.
//
// As pieces, each write is one message. With one message each, the plain bytes are messages behind their length (u32,
// big-endian), each of which becomes one; a message that comes in several writes is one frame all the same, whose
// header is written when the length is known. Between the two, no other frame may begin: is_in_frame().
#pragma once

#include "transport/layer.hpp"

#include <parley/transport/ws_options.hpp>
#include <parley/wire/websocket.hpp>

#include <array>
#include <random>

namespace parley::transport {

class WsFrameWriter {
 public:
  WsFrameWriter(Below& below, bool masks, WsMessages messages) noexcept
      : below_{below}, masks_{masks}, messages_{messages} {}

  /// Returns how many bytes of the buffers it took.
  std::size_t write(std::span<const boost::asio::const_buffer> buffers);
  void control(wire::WsOpcode opcode, std::span<const std::byte> payload);
  [[nodiscard]] bool is_in_frame() const noexcept { return left_ > 0; }

 private:
  std::size_t write_messages(std::span<const std::byte> bytes);
  void begin(wire::WsOpcode opcode, std::uint64_t size);
  void payload(std::span<const std::byte> bytes);

  Below& below_;
  const bool masks_;
  const WsMessages messages_;
  wire::WsMask mask_{};
  std::uint64_t position_ = 0;         // in the payload of the frame
  std::uint64_t left_ = 0;             // of it
  std::array<std::byte, 4> prefix_{};  // one_each: the length, as far as it has come
  std::size_t prefix_size_ = 0;
};

}  // namespace parley::transport
