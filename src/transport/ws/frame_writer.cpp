#include "transport/ws/frame_writer.hpp"

#include <parley/wire/bytes.hpp>

#include <algorithm>
#include <cstring>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using wire::WsFrame;
using wire::WsOpcode;

/// Masks have to be unpredictable (RFC 6455, 10.3), or a page could make a proxy see bytes of its choice.
wire::WsMask make_mask() {
  thread_local std::random_device device;
  wire::WsMask mask;
  wire::store_big(mask.data(), static_cast<std::uint32_t>(device()));
  return mask;
}

std::span<const std::byte> bytes_of(const asio::const_buffer& buffer) {
  return {static_cast<const std::byte*>(buffer.data()), buffer.size()};
}

}  // namespace

std::size_t WsFrameWriter::write(std::span<const asio::const_buffer> buffers) {
  std::size_t total = 0;
  for (const asio::const_buffer& each : buffers) total = std::min(total + each.size(), Layer::write_size_max);
  if (messages_ == WsMessages::pieces) begin(WsOpcode::binary, total);
  std::size_t left = total;
  for (const asio::const_buffer& each : buffers) {
    std::span<const std::byte> bytes = bytes_of(each).first(std::min(each.size(), left));
    left -= bytes.size();
    if (messages_ == WsMessages::pieces) {
      payload(bytes);
    } else {
      while (!bytes.empty()) bytes = bytes.subspan(write_messages(bytes));
    }
    if (left == 0) break;
  }
  return total;
}

/// The front of the bytes: of a length, or of a message.
std::size_t WsFrameWriter::write_messages(std::span<const std::byte> bytes) {
  if (left_ > 0) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    payload(bytes.first(size));
    return size;
  }
  const std::size_t size = std::min(prefix_.size() - prefix_size_, bytes.size());
  std::memcpy(prefix_.data() + prefix_size_, bytes.data(), size);
  prefix_size_ += size;
  if (prefix_size_ == prefix_.size()) {
    prefix_size_ = 0;
    begin(WsOpcode::binary, wire::load_big<std::uint32_t>(prefix_.data()));
  }
  return size;
}

void WsFrameWriter::control(WsOpcode opcode, std::span<const std::byte> bytes) {
  begin(opcode, bytes.size());
  payload(bytes);
}

void WsFrameWriter::begin(WsOpcode opcode, std::uint64_t size) {
  WsFrame frame;
  frame.opcode = opcode;
  frame.size = size;
  frame.is_masked = masks_;
  if (masks_) frame.mask = mask_ = make_mask();
  position_ = 0;
  left_ = size;
  std::array<std::byte, WsFrame::header_size_max> header;
  below_.give(std::span{header}.first(wire::encode_ws_header(frame, header)));
}

void WsFrameWriter::payload(std::span<const std::byte> bytes) {
  left_ -= bytes.size();
  if (!masks_) {
    below_.give(bytes);
    return;
  }
  std::array<std::byte, 4096> masked;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), masked.size());
    wire::apply_ws_mask(masked.data(), bytes.data(), size, mask_, position_);
    below_.give(std::span{masked}.first(size));
    position_ += size;
    bytes = bytes.subspan(size);
  }
}

}  // namespace parley::transport
