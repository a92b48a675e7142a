#include <parley/wire/websocket.hpp>

#include "wire/sha1.hpp"

#include <parley/wire/bytes.hpp>

#include <cstring>

namespace parley::wire {
namespace {

constexpr unsigned final_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned opcode_bits = 0x0f;
constexpr unsigned mask_bit = 0x80;
constexpr unsigned size_bits = 0x7f;
constexpr std::size_t size_is_u16 = 126;
constexpr std::size_t size_is_u64 = 127;

WsHeaderStep wrong(const char* reason) noexcept {
  WsHeaderStep step;
  step.kind = WsHeaderStep::Kind::error;
  step.reason = reason;
  return step;
}

bool is_known(unsigned opcode) noexcept { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

const char* complaint(unsigned first, const WsFrame& frame) noexcept {
  if ((first & reserved_bits) != 0) return "a reserved bit is set";
  if (!is_known(first & opcode_bits)) return "an unknown opcode";
  if (is_control(frame.opcode) && !frame.is_final) return "a control frame in fragments";
  if (is_control(frame.opcode) && frame.size > WsFrame::control_size_max) return "a control frame of over 125 bytes";
  return nullptr;
}

}  // namespace

bool may_close_with(unsigned code) noexcept {
  constexpr unsigned reserved = 1004;
  constexpr unsigned none_came = 1005;
  constexpr unsigned no_close_frame_came = 1006;
  if (code == reserved || code == none_came || code == no_close_frame_came) return false;
  // 1012 to 1014 were registered after the RFC; those from 3000 on are for applications.
  return (code >= 1000 && code <= 1014) || (code >= 3000 && code <= 4999);
}

WsHeaderStep decode_ws_header(std::span<const std::byte> unread) noexcept {
  if (unread.size() < 2) return {};
  const auto first = std::to_integer<unsigned>(unread[0]);
  const auto second = std::to_integer<unsigned>(unread[1]);
  WsHeaderStep step;
  WsFrame& frame = step.frame;
  frame.is_final = (first & final_bit) != 0;
  frame.opcode = static_cast<WsOpcode>(first & opcode_bits);
  frame.is_masked = (second & mask_bit) != 0;
  frame.size = second & size_bits;
  // Before the rest has come: a stranger is turned away by the first two bytes.
  if (const char* const reason = complaint(first, frame)) return wrong(reason);

  const std::size_t extra = frame.size == size_is_u16 ? 2 : frame.size == size_is_u64 ? 8 : 0;
  step.consumed = 2 + extra + (frame.is_masked ? 4 : 0);
  if (unread.size() < step.consumed) return {};
  if (extra == 2) {
    frame.size = load_big<std::uint16_t>(unread.data() + 2);
    if (frame.size < size_is_u16) return wrong("a size that is longer than necessary");
  } else if (extra == 8) {
    frame.size = load_big<std::uint64_t>(unread.data() + 2);
    if (frame.size <= 0xffff) return wrong("a size that is longer than necessary");
    if ((frame.size >> 63) != 0) return wrong("a size of more than 63 bits");
  }
  if (frame.is_masked) std::memcpy(frame.mask.data(), unread.data() + 2 + extra, 4);
  step.kind = WsHeaderStep::Kind::frame;
  return step;
}

std::size_t encode_ws_header(const WsFrame& frame, std::span<std::byte, WsFrame::header_size_max> out) noexcept {
  out[0] = static_cast<std::byte>((frame.is_final ? final_bit : 0U) | static_cast<unsigned>(frame.opcode));
  std::size_t size = 2;
  std::size_t short_size = static_cast<std::size_t>(frame.size);
  if (frame.size > 0xffff) {
    short_size = size_is_u64;
    store_big(out.data() + 2, frame.size);
    size += 8;
  } else if (frame.size >= size_is_u16) {
    short_size = size_is_u16;
    store_big(out.data() + 2, static_cast<std::uint16_t>(frame.size));
    size += 2;
  }
  out[1] = static_cast<std::byte>((frame.is_masked ? mask_bit : 0U) | short_size);
  if (frame.is_masked) {
    std::memcpy(out.data() + size, frame.mask.data(), 4);
    size += 4;
  }
  return size;
}

void apply_ws_mask(std::byte* out, const std::byte* in, std::size_t size, const WsMask& mask,
                   std::uint64_t position) noexcept {
  WsMask turned;
  for (std::size_t i = 0; i < 4; ++i) turned[i] = mask[(position + i) % 4];
  std::uint64_t wide = 0;
  std::memcpy(&wide, turned.data(), 4);
  std::memcpy(reinterpret_cast<std::byte*>(&wide) + 4, turned.data(), 4);
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, in + i, 8);
    word ^= wide;
    std::memcpy(out + i, &word, 8);
  }
  for (; i < size; ++i) out[i] = in[i] ^ turned[i % 4];
}

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? std::to_integer<unsigned>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string ws_accept_key(std::string_view client_key) {
  const std::string salted = std::string{client_key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return base64(sha1(std::as_bytes(std::span{salted})));
}

}  // namespace parley::wire
