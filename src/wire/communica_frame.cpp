#include <parley/wire/communica_frame.hpp>

#include "wire/dialect_parts.hpp"

namespace parley::wire {
namespace {

constexpr std::size_t code_at = length_size;
constexpr std::size_t code_size = 1;
constexpr std::size_t field_size = 4;  // of INDEX, TOTAL and MLEN
constexpr std::size_t body_at = code_at + code_size;
static_assert(CommunicaFrames::message_header_size == body_at + field_size);
static_assert(CommunicaFrames::chunk_header_size == body_at + 3 * field_size);
static_assert(CommunicaFrames::close_notice_size == body_at);

CommunicaStep incomplete(std::size_t total) noexcept {
  CommunicaStep step;
  step.need = total;
  return step;
}

CommunicaStep broken(error code, const char* why) noexcept {
  CommunicaStep step;
  step.outcome = CommunicaStep::Outcome::error;
  step.code = code;
  step.why = why;
  return step;
}

CommunicaStep too_large(const char* why, std::size_t size, std::size_t size_max) noexcept {
  CommunicaStep step = broken(error::message_too_large, why);
  step.announced_size = size;
  step.size_max = size_max;
  return step;
}

/// A frame's body.
struct CommunicaParts {
  std::size_t header_size;
  std::size_t metadata_size;
  std::size_t data_size;
};

}  // namespace

CommunicaStep CommunicaFrames::decode(std::span<const std::byte> unread) const noexcept {
  if (unread.size() < length_size) return incomplete(length_size);
  const std::size_t length = load_big<std::uint32_t>(unread.data());
  if (length == 0) return broken(error::malformed, "sent an empty frame");
  if (unread.size() < body_at) return incomplete(body_at);
  const std::size_t total = length_size + length;
  CommunicaStep step;
  step.outcome = CommunicaStep::Outcome::frame;
  step.consumed = total;
  CommunicaParts parts{};
  switch (std::to_integer<std::uint8_t>(unread[code_at])) {
    case static_cast<std::uint8_t>(CommunicaCode::close_notice):
      if (total != close_notice_size) return broken(error::malformed, "sent a close notice with a body");
      return step;
    case static_cast<std::uint8_t>(CommunicaCode::message): {
      if (total < message_header_size) return broken(error::malformed, "sent a message too short for its own header");
      if (unread.size() < message_header_size) return incomplete(message_header_size);
      step.frame = CommunicaCode::message;
      const std::size_t mlen = load_big<std::uint32_t>(unread.data() + body_at);
      // Here the length of the metadata counts itself, in chunks it does not (section 2).
      if (mlen < field_size || mlen - field_size > total - message_header_size) {
        return broken(error::malformed, "sent a message whose metadata ends outside of it");
      }
      parts = {message_header_size, mlen - field_size, total - message_header_size - (mlen - field_size)};
      break;
    }
    case static_cast<std::uint8_t>(CommunicaCode::chunk): {
      if (total < chunk_header_size) return broken(error::malformed, "sent a chunk too short for its own header");
      if (unread.size() < chunk_header_size) return incomplete(chunk_header_size);
      step.frame = CommunicaCode::chunk;
      step.chunk_index = load_big<std::uint32_t>(unread.data() + body_at);
      step.chunk_count = load_big<std::uint32_t>(unread.data() + body_at + field_size);
      const std::size_t mlen = load_big<std::uint32_t>(unread.data() + body_at + 2 * field_size);
      if (step.chunk_index >= step.chunk_count) return broken(error::malformed, "sent a chunk behind the last");
      if (step.chunk_index > 0 && mlen != 0) {
        return broken(error::malformed, "sent metadata with a chunk that is not the first");
      }
      if (mlen > total - chunk_header_size) {
        return broken(error::malformed, "sent a chunk whose metadata ends outside of it");
      }
      parts = {chunk_header_size, mlen, total - chunk_header_size - mlen};
      break;
    }
    default: return broken(error::malformed, "sent a frame of an unknown kind");
  }
  if (parts.metadata_size > limits_.metadata_size_max) {
    return too_large("sent metadata", parts.metadata_size, limits_.metadata_size_max);
  }
  if (parts.data_size > limits_.data_size_max)
    return too_large("sent a message", parts.data_size, limits_.data_size_max);
  if (unread.size() < total) return incomplete(total);
  step.metadata_begin = parts.header_size;
  step.metadata_size = parts.metadata_size;
  step.data_begin = parts.header_size + parts.metadata_size;
  return step;
}

std::size_t CommunicaFrames::put_message_header(std::byte* out, std::size_t metadata_size,
                                                std::size_t data_size) noexcept {
  store_big(out, static_cast<std::uint32_t>(code_size + field_size + metadata_size + data_size));
  out[code_at] = static_cast<std::byte>(CommunicaCode::message);
  store_big(out + body_at, static_cast<std::uint32_t>(field_size + metadata_size));
  return message_header_size;
}

std::size_t CommunicaFrames::put_chunk_header(std::byte* out, std::uint32_t index, std::uint32_t count,
                                              std::size_t metadata_size, std::size_t data_size) noexcept {
  store_big(out, static_cast<std::uint32_t>(code_size + 3 * field_size + metadata_size + data_size));
  out[code_at] = static_cast<std::byte>(CommunicaCode::chunk);
  store_big(out + body_at, index);
  store_big(out + body_at + field_size, count);
  store_big(out + body_at + 2 * field_size, static_cast<std::uint32_t>(metadata_size));
  return chunk_header_size;
}

std::size_t CommunicaFrames::put_close_notice(std::byte* out) noexcept {
  store_big(out, static_cast<std::uint32_t>(code_size));
  out[code_at] = static_cast<std::byte>(CommunicaCode::close_notice);
  return close_notice_size;
}

}  // namespace parley::wire
