// Peer: what a socket's core knows of one link, and of who is at its other end.
#pragma once

#include "policy/link_id.hpp"
#include "policy/liveness.hpp"
#include "wire/in_buffer.hpp"
#include "wire/out_queue.hpp"

#include <parley/endpoint.hpp>
#include <parley/identity.hpp>
#include <parley/wire/dialect.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace parley::policy {

/// What the driver knows of a link.
struct LinkInfo {
  Dialect dialect = Dialect::aiomsg;
  Endpoint endpoint;          // the peer's
  std::string tls_subject{};  // verified; empty: none
  bool is_dialled = false;    // this side speaks first
  std::uint32_t dialler = 0;  // that made it; only where is_dialled
  TimePoint since{};          // connecting, or sniffing, began
};

struct Peer {
  Peer(LinkId id_, LinkInfo info_, detail::InBuffer& in_, detail::OutQueue& out_, wire::AnyDialect dialect_,
       Liveness liveness_)
      : id{id_}, info{std::move(info_)}, in{in_}, out{out_}, dialect{dialect_}, liveness{liveness_} {}

  /// Where it stands.
  enum class State : std::uint8_t {
    greeting,    ///< its greeting has not come yet
    contending,  ///< it says that it is somebody who is there already; who of them lives will show
    up,          ///< messages can pass
    over,        ///< the driver has been told to close the link, or has said that it has ended
  };

  const LinkId id;
  const LinkInfo info;
  detail::InBuffer& in;
  detail::OutQueue& out;
  const wire::AnyDialect dialect;
  Liveness liveness;
  State state = State::greeting;
  Identity identity{};
  bool is_greeted = false;        // this side's greeting has been queued
  bool is_dirty = false;          // listed for flushing
  bool is_seen_dead = false;      // its end is known; what it sent before is read whatever the marks say
  bool is_held_back = false;      // nothing more is read from it, the driver was told
  std::size_t scanned_size = 0;   // unread bytes that have been looked at: whole frames
  std::size_t waiting_count = 0;  // messages among them
  std::size_t needed_size = 0;    // bytes behind those before more of them can be looked at
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t messages_dropped = 0;

  [[nodiscard]] bool is_up() const noexcept { return state == State::up; }
};

}  // namespace parley::policy
