// What the fuzz targets of the sockets' dialects share: how an input is divided, and what must hold for it.
//
//   input: limit (u8) || payload size (u8) || stream
//
// The stream begins before the greeting. Each of its frames is decoded from every front of the rest, in heap blocks of
// the exact size: before `need` bytes nothing may be known, and nothing may change behind that. What was decoded is
// spelled in one way only, so encoding it gives the same bytes. And what is encoded arrives.
#pragma once

#include "framing_input.hpp"
#include "require.hpp"

#include <parley/identity.hpp>
#include <parley/wire/peer_frame.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fuzz {

using wire::PeerFrameKind;
using wire::PeerFrameStep;
using Outcome = PeerFrameStep::Outcome;

inline bool same(const PeerFrameStep& a, const PeerFrameStep& b) {
  return a.outcome == b.outcome && a.kind == b.kind && a.code == b.code && a.begin == b.begin && a.size == b.size &&
         a.consumed == b.consumed && a.id_at == b.id_at && std::string_view{a.why} == b.why;
}

template <class Dialect>
PeerFrameStep decode_front(const Dialect& dialect, std::string_view front, bool greeted) {
  const std::vector<std::byte> exact(reinterpret_cast<const std::byte*>(front.data()),
                                     reinterpret_cast<const std::byte*>(front.data()) + front.size());
  const PeerFrameStep step = dialect.decode(exact, greeted);
  if constexpr (requires { dialect.data_size(exact); }) {
    const bool is_message = step.outcome == Outcome::frame && step.kind == PeerFrameKind::data;
    if (greeted) require(dialect.data_size(exact) == (is_message ? step.size : Dialect::npos));
  }
  return step;
}

/// Decodes the first frame as its bytes come in, one by one.
template <class Dialect>
PeerFrameStep decode_growing(const Dialect& dialect, std::string_view rest, bool greeted) {
  const PeerFrameStep whole = decode_front(dialect, rest, greeted);
  const std::size_t end = whole.outcome == Outcome::frame ? whole.consumed : rest.size();
  std::size_t needed = 0;
  for (std::size_t size = 0; size <= end; ++size) {
    const PeerFrameStep step = decode_front(dialect, rest.substr(0, size), greeted);
    if (step.outcome != Outcome::need) {
      require(size >= needed && same(step, whole));
      return whole;
    }
    require(step.need > size && step.need >= needed);
    needed = step.need;
  }
  require(whole.outcome == Outcome::need);
  return whole;
}

inline bool has_id(PeerFrameKind kind) {
  return kind == PeerFrameKind::request || kind == PeerFrameKind::acknowledgement;
}

/// The one frame that says this.
template <class Dialect>
std::string spelled(const Dialect& dialect, PeerFrameKind kind, std::string_view payload, const wire::MessageId& id) {
  std::array<std::byte, Dialect::header_size_max> header{};
  const std::size_t size = dialect.put_header(header.data(), kind, payload.size(), id);
  require(size <= header.size());
  return std::string{reinterpret_cast<const char*>(header.data()), size}.append(payload);
}

template <class Dialect>
void require_respelled(const Dialect& dialect, const PeerFrameStep& step, std::string_view frame) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(frame.data());
  const std::string_view payload = frame.substr(step.begin, step.size);
  if (step.kind == PeerFrameKind::hello) {
    if (payload.size() != Identity::size) return;  // legacy: not as this side greets
    Identity::Bytes identity{};
    std::memcpy(identity.data(), payload.data(), identity.size());
    std::array<std::byte, Dialect::header_size_max> hello{};
    const std::size_t size = dialect.put_hello(hello.data(), Identity{identity});
    require(frame == std::string_view(reinterpret_cast<const char*>(hello.data()), size));
    return;
  }
  const bool is_bare = step.kind == PeerFrameKind::acknowledgement || step.kind == PeerFrameKind::heartbeat;
  if (step.kind == PeerFrameKind::other || (is_bare && !payload.empty())) return;
  const wire::MessageId id = has_id(step.kind) ? wire::load_id(bytes + step.id_at) : wire::MessageId{};
  require(spelled(dialect, step.kind, payload, id) == frame);
}

/// A message as large as allowed arrives, as DATA and as a request; one more byte is refused.
template <class Dialect>
void require_arrival(const Dialect& dialect, std::size_t limit, std::string_view payload) {
  wire::MessageId id{};
  std::copy_n(reinterpret_cast<const std::byte*>("0123456789abcdef"), id.size(), id.begin());
  for (const PeerFrameKind kind : {PeerFrameKind::data, PeerFrameKind::request}) {
    if (kind == PeerFrameKind::data && !Dialect::can_carry(std::as_bytes(std::span{payload}))) continue;
    const PeerFrameStep step = decode_front(dialect, spelled(dialect, kind, payload, id), true);
    if (payload.size() > limit) {
      require(step.outcome == Outcome::error && step.code == error::message_too_large);
    } else {
      require(step.outcome == Outcome::frame && step.kind == kind && step.size == payload.size());
    }
  }
}

template <class Dialect>
void expect_sound_dialect(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  const std::size_t limit = input.u8();
  const std::size_t payload_size = input.u8();
  std::string_view rest = input.rest();
  const Dialect dialect{limit};
  require_arrival(dialect, limit, rest.substr(0, payload_size));
  for (bool greeted = false; !rest.empty();) {
    const PeerFrameStep step = decode_growing(dialect, rest, greeted);
    if (step.outcome != Outcome::frame) break;
    require(greeted != (step.kind == PeerFrameKind::hello));
    require(step.begin <= step.consumed && step.size == step.consumed - step.begin && step.consumed > 0);
    require(!has_id(step.kind) || step.id_at + std::tuple_size_v<wire::MessageId> <= step.begin);
    const bool is_message = step.kind == PeerFrameKind::data || step.kind == PeerFrameKind::request;
    require(!is_message || step.size <= limit);
    require_respelled(dialect, step, rest.substr(0, step.consumed));
    rest.remove_prefix(step.consumed);
    greeted = true;
  }
}

}  // namespace parley::fuzz
