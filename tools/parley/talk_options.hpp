// What `parley listen` and `parley connect` are told.
#pragma once

#include "common_options.hpp"
#include "exec/commands_max.hpp"
#include "kinds/kinds.hpp"
#include "notation.hpp"
#include "schemes.hpp"

#include <parley/app/filter.hpp>
#include <parley/endpoint.hpp>
#include <parley/wire/framing.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

struct TalkOptions : CommonOptions {
  Endpoint endpoint{"tcp://127.0.0.1:0"};
  std::vector<std::string> bodies;  ///< to send, decoded

  Framing framing{};
  bool one_each = false;                 ///< ws, wss: no framing; a message is a WebSocket message
  std::vector<app::MakeFilter> filters;  ///< of each peer; the first is next to the wire

  bool echo = false;                ///< send every message received back
  std::optional<std::string> exec;  ///< the command whose output is sent back, for each message received
  std::optional<PeerKinds> kinds;   ///< listen: the same by kinds of peers
  std::size_t commands_max = commands_max_default;  ///< at work at a time
  bool listens = false;                             ///< for peers that come, rather than connecting to one
  bool once = false;                                ///< listen: serve one peer and leave
  std::optional<Seconds> wait;  ///< after one side has ended: leave when nothing moves for so long; empty: never
  bool wait_given = false;      ///< `wait` is the user's choice, not the default

  /// Streams without message boundaries are read and printed as they are.
  [[nodiscard]] Notation notation() const {
    const bool unbounded = carries_chunks() || carries_one_message();
    return {format.value_or(unbounded ? BodyFormat::raw : BodyFormat::text), codec};
  }
  [[nodiscard]] bool carries_chunks() const { return std::holds_alternative<Raw>(framing.options()); }
  [[nodiscard]] bool carries_one_message() const { return std::holds_alternative<UntilEof>(framing.options()); }
  /// One direction can end while the other goes on.
  [[nodiscard]] bool can_half_close() const {
    return !uses_tls(endpoint) && !uses_websocket(endpoint) && !is_udp(endpoint);
  }
  /// Without message boundaries, the end of the stream is all that tells the peer of the end of our input.
  [[nodiscard]] bool ends_sending_at_input_end() const { return !answers() && carries_chunks() && can_half_close(); }
  /// What is received decides what is sent.
  [[nodiscard]] bool answers() const { return echo || runs_commands(); }
  [[nodiscard]] bool runs_commands() const { return exec || kinds; }
  /// Bodies come from standard input only when nothing else says what to send.
  [[nodiscard]] bool reads_standard_input() const { return bodies.empty() && !file && !answers(); }
  /// What one peer does wrong is no reason to leave, nor for an exit code.
  [[nodiscard]] bool outlives_peers() const { return listens && !once; }
  /// Only answers are sent, to peers that come and go: one that does not wait for its answer is no failure.
  [[nodiscard]] bool tolerates_losses() const {
    return outlives_peers() && answers() && bodies.empty() && !file && !count;
  }
};

}  // namespace parley::tool
