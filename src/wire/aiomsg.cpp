#include "wire/dialect_parts.hpp"

#include <parley/wire/aiomsg.hpp>

#include <algorithm>
#include <cstring>
#include <limits>

namespace parley::wire {
namespace {

using Kind = PeerFrameKind;

// Section 1.
constexpr std::size_t type_size = 1;
constexpr std::size_t data_begin = length_size + type_size;
constexpr std::size_t request_begin = data_begin + id_size;

constexpr unsigned type_hello = 1;
constexpr unsigned type_heartbeat = 2;
constexpr unsigned type_data = 3;
constexpr unsigned type_request = 4;
constexpr unsigned type_acknowledgement = 5;

constexpr std::byte version{1};
constexpr std::size_t version_at = data_begin;
constexpr std::size_t identity_at = version_at + 1;
constexpr std::size_t hello_size = identity_at + Identity::size;

/// No greeting, of whatever version, is longer: what is would have to be waited for.
constexpr std::size_t hello_length_max = 256;

constexpr const char* no_greeting = "began with something other than a greeting of the aiomsg protocol";

/// Section 2: the first frame is a HELLO, and nothing else.
PeerFrameStep decode_hello(std::span<const std::byte> unread, std::size_t length) noexcept {
  if (length < type_size || length > hello_length_max) return PeerFrameStep::fail(error::malformed, no_greeting);
  if (unread.size() <= length_size) return PeerFrameStep::needs(data_begin);
  if (std::to_integer<unsigned>(unread[length_size]) != type_hello) {
    return PeerFrameStep::fail(error::malformed, no_greeting);
  }
  if (length > type_size) {
    if (unread.size() <= version_at) return PeerFrameStep::needs(version_at + 1);
    if (unread[version_at] != version) {
      return PeerFrameStep::fail(error::handshake_failed, "speaks another version of the aiomsg protocol than 1");
    }
  }
  if (length != hello_size - length_size) {
    return PeerFrameStep::fail(error::malformed, "sent a greeting of the wrong length");
  }
  if (unread.size() < hello_size) return PeerFrameStep::needs(hello_size);
  return PeerFrameStep::frame(Kind::hello, identity_at, hello_size);
}

Kind kind_of(std::byte type) noexcept {
  switch (std::to_integer<unsigned>(type)) {
    case type_heartbeat: return Kind::heartbeat;
    case type_data: return Kind::data;
    case type_request: return Kind::request;
    case type_acknowledgement: return Kind::acknowledgement;
    default: return Kind::other;  // a second HELLO means nothing either
  }
}

/// What stands between the length and the payload.
std::size_t prefix_of(Kind kind) noexcept { return kind == Kind::request ? type_size + id_size : type_size; }

}  // namespace

Aiomsg::Aiomsg(std::size_t message_size_max) noexcept
    : size_max_{
          std::min<std::size_t>(message_size_max, std::numeric_limits<std::uint32_t>::max() - type_size - id_size)} {}

PeerFrameStep Aiomsg::decode_any(std::span<const std::byte> unread, bool greeted) const noexcept {
  if (unread.size() < length_size) return PeerFrameStep::needs(length_size);
  const std::size_t length = load_big<std::uint32_t>(unread.data());
  if (!greeted) return decode_hello(unread, length);
  if (length == 0) return PeerFrameStep::frame(Kind::other, length_size, length_size);  // section 5.1: passed over
  if (unread.size() < data_begin) return PeerFrameStep::needs(data_begin);
  const Kind kind = kind_of(unread[length_size]);
  const std::size_t prefix = prefix_of(kind);
  if (length < prefix) return PeerFrameStep::fail(error::malformed, "sent a request too short for its id");
  if (length - prefix > size_max_) {
    return PeerFrameStep::fail(error::message_too_large, "sent a message", length - prefix);
  }
  const std::size_t total = length_size + length;
  if (unread.size() < total) return PeerFrameStep::needs(total);
  if (kind == Kind::acknowledgement) {
    if (length != type_size + id_size) return PeerFrameStep::frame(Kind::other, data_begin, total);  // section 5.1
    return PeerFrameStep::frame(kind, total, total, data_begin);
  }
  return PeerFrameStep::frame(kind, length_size + prefix, total, data_begin);
}

std::size_t Aiomsg::put_other_header(std::byte* out, Kind kind, std::size_t payload_size,
                                     const MessageId& id) noexcept {
  const auto put = [out](std::size_t length, unsigned type) {
    store_big(out, static_cast<std::uint32_t>(length));
    out[length_size] = static_cast<std::byte>(type);
  };
  if (kind == Kind::heartbeat) {
    put(type_size, type_heartbeat);
    return data_begin;
  }
  put(type_size + id_size + payload_size, kind == Kind::request ? type_request : type_acknowledgement);
  std::memcpy(out + data_begin, id.data(), id_size);
  return request_begin;
}

std::size_t Aiomsg::put_hello(std::byte* out, const Identity& identity) const noexcept {
  store_big(out, static_cast<std::uint32_t>(hello_size - length_size));
  out[length_size] = static_cast<std::byte>(type_hello);
  out[version_at] = version;
  std::memcpy(out + identity_at, identity.bytes().data(), Identity::size);
  return hello_size;
}

}  // namespace parley::wire
