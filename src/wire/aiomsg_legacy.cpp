#include "wire/dialect_parts.hpp"
#include "wire/sha1.hpp"

#include <parley/wire/aiomsg_legacy.hpp>
#include <parley/wire/bytes.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace parley::wire {
namespace {

using Kind = PeerFrameKind;

constexpr std::size_t identity_size_max = 256;

constexpr std::string_view heartbeat_words = "aiomsg-heartbeat";
constexpr std::string_view request_sign{"\0REQ\0", 5};
constexpr std::string_view acknowledgement_sign{"\0REP\0", 5};
constexpr std::size_t signed_size = id_size + request_sign.size();

bool begins_with(std::span<const std::byte> bytes, std::size_t from, std::string_view text) noexcept {
  return bytes.size() >= from + text.size() && std::memcmp(bytes.data() + from, text.data(), text.size()) == 0;
}

/// What an old peer takes such a frame for. (One that is empty it takes for the end.)
Kind kind_of(std::span<const std::byte> body) noexcept {
  if (body.size() == heartbeat_words.size() && begins_with(body, 0, heartbeat_words)) return Kind::heartbeat;
  if (begins_with(body, id_size, request_sign)) return Kind::request;
  if (begins_with(body, id_size, acknowledgement_sign)) return Kind::acknowledgement;
  return Kind::data;
}

std::size_t put(std::byte* out, std::size_t at, std::string_view text) noexcept {
  std::memcpy(out + at, text.data(), text.size());
  return at + text.size();
}

}  // namespace

AiomsgLegacy::AiomsgLegacy(std::size_t message_size_max) noexcept
    : size_max_{std::min<std::size_t>(message_size_max, std::numeric_limits<std::uint32_t>::max() - signed_size)} {}

PeerFrameStep AiomsgLegacy::decode(std::span<const std::byte> unread, bool greeted) const noexcept {
  if (unread.size() < length_size) return PeerFrameStep::needs(length_size);
  const std::size_t length = load_big<std::uint32_t>(unread.data());
  if (!greeted && (length == 0 || length > identity_size_max)) {
    return PeerFrameStep::fail(error::malformed, "began with something other than an identity of the legacy wire");
  }
  // Until it is here, it is not known whether it is a request, whose payload is shorter.
  if (length > size_max_ + signed_size) return PeerFrameStep::fail(error::message_too_large, "sent a message", length);
  const std::size_t total = length_size + length;
  if (unread.size() < total) return PeerFrameStep::needs(total);
  if (!greeted) return PeerFrameStep::frame(Kind::hello, length_size, total);
  const Kind kind = kind_of(unread.subspan(length_size, length));
  if (kind == Kind::heartbeat) return PeerFrameStep::frame(kind, total, total);
  const bool has_id = kind == Kind::request || kind == Kind::acknowledgement;
  const std::size_t begin = has_id ? length_size + signed_size : length_size;
  if (total - begin > size_max_) return PeerFrameStep::fail(error::message_too_large, "sent a message", total - begin);
  return PeerFrameStep::frame(kind, begin, total, length_size);
}

bool AiomsgLegacy::can_carry(std::span<const std::byte> payload) noexcept {
  return !payload.empty() && kind_of(payload) == Kind::data;
}

std::size_t AiomsgLegacy::put_header(std::byte* out, Kind kind, std::size_t payload_size,
                                     const MessageId& id) const noexcept {
  std::size_t end = length_size;
  if (kind == Kind::heartbeat) {
    end = put(out, end, heartbeat_words);
  } else if (kind != Kind::data) {
    std::memcpy(out + end, id.data(), id_size);
    end = put(out, end + id_size, kind == Kind::request ? request_sign : acknowledgement_sign);
  }
  store_big(out, static_cast<std::uint32_t>(end - length_size + payload_size));
  return end;
}

std::size_t AiomsgLegacy::put_hello(std::byte* out, const Identity& identity) const noexcept {
  store_big(out, static_cast<std::uint32_t>(Identity::size));
  std::memcpy(out + length_size, identity.bytes().data(), Identity::size);
  return length_size + Identity::size;
}

Identity legacy_identity(std::span<const std::byte> bytes) {
  Identity::Bytes known{};
  if (bytes.size() == known.size()) {
    std::copy(bytes.begin(), bytes.end(), known.begin());
  } else {
    const auto digest = sha1(bytes);
    std::copy_n(digest.begin(), known.size(), known.begin());
  }
  return Identity{known};
}

}  // namespace parley::wire
