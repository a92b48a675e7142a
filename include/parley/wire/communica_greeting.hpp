// How two ends of communica's stream protocol begin (docs/protocols/communica.md, section 1): each sends a JSON text
// and a NUL, at once; or, in place of that, why it will not have the other, and the end. Pure functions of the bytes.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::wire {

/// Which end of a connection: they differ in nothing but who connects and who has a name.
enum class CommunicaRole : std::uint8_t {
  client,  ///< has connected, and says who it is
  server,  ///< has accepted
};

/// What came of looking at the first bytes of a peer.
struct CommunicaGreeting {
  /// What it was.
  enum class Outcome : std::uint8_t {
    need,      ///< not enough bytes yet
    greeting,  ///< one, and whole
    rejected,  ///< the peer will not have this side
    error,     ///< the peer does not speak as it should
  };

  Outcome outcome = Outcome::need;  ///< which of them
  std::size_t consumed = 0;         ///< greeting: its bytes; frames may follow
  std::string client_id;            ///< greeting of a client: who it is; may be empty
  std::string reason;               ///< rejected: the peer's words, in UTF-8
  error code{};                     ///< error: what is wrong
  const char* why = "";             ///< error: what the peer did, as in "sent a greeting that is not UTF-8"
};

/// A greeting is at most so long, with its NUL, in bytes.
inline constexpr std::size_t greeting_size_max = 64 * 1024;

/// The greeting at the front of what a peer of that role has sent. `ended`: nothing follows.
/// Errors: handshake_failed; truncated, if the stream ends in it.
[[nodiscard]] PARLEY_EXPORT CommunicaGreeting read_greeting(std::span<const std::byte> unread, bool ended,
                                                            CommunicaRole from);
/// Whether what follows the peer's greeting is no frame, but why it will not have this side after all: then
/// read_rejection() reads it. False while there are less than five bytes.
[[nodiscard]] PARLEY_EXPORT bool begins_rejection(std::span<const std::byte> unread) noexcept;
/// As read_greeting(), for what begins so; never a greeting.
[[nodiscard]] PARLEY_EXPORT CommunicaGreeting read_rejection(std::span<const std::byte> unread, bool ended);

/// What to send first: `{"client_id": "…"}` and a NUL. Throws std::invalid_argument for an id that is not UTF-8 or is
/// longer than a greeting may be.
[[nodiscard]] PARLEY_EXPORT std::string client_greeting(std::string_view client_id);
/// `{"hello": "hello"}` and a NUL.
[[nodiscard]] PARLEY_EXPORT std::string server_greeting();
/// What to send in place of a greeting, or after it; then the stream has to end. What is not UTF-8 in `reason`, and
/// what is too much, is left out.
[[nodiscard]] PARLEY_EXPORT std::string rejection(std::string_view reason);

}  // namespace parley::wire
