// What was said between this side and a peer, where the options ask for it to be kept.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/message.hpp>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace parley::app {

/// One message of a peer's history.
struct HistoryEntry {
  /// Who has sent it.
  enum class From : std::uint8_t { peer, here };

  /// When it was received, or sent; by the wall clock.
  std::chrono::system_clock::time_point at{};
  From from = From::peer;  ///< who has sent it
  /// On the peer's side of the filters and hooks: as it came, or as it was given to the connection.
  Message on_wire{};
  /// On this side of them: as handlers got it, or as it was given to send.
  Message in_program{};
};

/// The last messages of a peer, oldest first. A snapshot.
struct History {
  std::vector<HistoryEntry> entries{};  ///< those that are kept
  std::uint64_t forgotten_count = 0;    ///< older ones that had to make room
};

/// `peer: hello`, or `peer: hello (on the wire: HELLO)` where these differ; `here: …` for what was sent. What is not
/// printable is escaped, and long bodies are cut behind 200 bytes.
[[nodiscard]] PARLEY_EXPORT std::string to_string(const HistoryEntry& entry);
/// One line for each, and before them `(12 older messages)` where some were forgotten.
[[nodiscard]] PARLEY_EXPORT std::string to_string(const History& history);
/// As to_string.
PARLEY_EXPORT std::ostream& operator<<(std::ostream& out, const HistoryEntry& entry);
PARLEY_EXPORT std::ostream& operator<<(std::ostream& out, const History& history);

}  // namespace parley::app
