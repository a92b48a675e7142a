#include <parley/wire/amqp_frame.hpp>

namespace parley::wire {
namespace {

constexpr std::size_t channel_at = 1;
constexpr std::size_t payload_size_at = 3;
static_assert(AmqpFrames::header_size == payload_size_at + sizeof(std::uint32_t));

AmqpFrameStep broken_frame(error code, const char* why, std::size_t size = 0) noexcept {
  AmqpFrameStep step;
  step.outcome = AmqpFrameStep::Outcome::error;
  step.code = code;
  step.why = why;
  step.announced_size = size;
  return step;
}

bool is_frame_kind(std::uint8_t octet) noexcept {
  switch (static_cast<AmqpFrameKind>(octet)) {
    case AmqpFrameKind::method:
    case AmqpFrameKind::header:
    case AmqpFrameKind::body:
    case AmqpFrameKind::heartbeat: return true;
  }
  return false;
}

}  // namespace

AmqpFrameStep AmqpFrames::decode(std::span<const std::byte> unread) const noexcept {
  AmqpFrameStep step;
  step.need = header_size;
  if (unread.size() < header_size) return step;
  const auto kind = std::to_integer<std::uint8_t>(unread[0]);
  if (!is_frame_kind(kind)) return broken_frame(error::malformed, "sent a frame of an unknown kind");
  step.kind = static_cast<AmqpFrameKind>(kind);
  step.channel = load_big<std::uint16_t>(unread.data() + channel_at);
  step.payload_size = load_big<std::uint32_t>(unread.data() + payload_size_at);
  const std::size_t total = saturate_size(std::uint64_t{overhead} + step.payload_size);
  if (total > frame_size_max_) return broken_frame(error::message_too_large, "sent a frame", total);
  step.need = total;
  if (unread.size() < total) return step;
  if (unread[total - end_size] != end) {
    return broken_frame(error::malformed, "sent a frame that does not end where it said");
  }
  step.outcome = AmqpFrameStep::Outcome::frame;
  step.payload_begin = header_size;
  step.consumed = total;
  return step;
}

void AmqpFrames::put_header(std::byte* out, AmqpFrameKind kind, std::uint16_t channel,
                            std::size_t payload_size) noexcept {
  out[0] = static_cast<std::byte>(kind);
  store_big(out + channel_at, channel);
  store_big(out + payload_size_at, static_cast<std::uint32_t>(payload_size));
}

}  // namespace parley::wire
