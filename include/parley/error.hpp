// The library's error codes, one sentence each, and the exception that carries a fuller sentence.
//
// What a peer, the network or a limit does to an operation is an error code of this category (or the operating
// system's own, from boost::system::system_category). Misuse of an interface is std::invalid_argument instead.
#pragma once

#include <parley/detail/export.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <string>
#include <type_traits>

namespace parley {

enum class error {
  /// The peer ended its direction between two messages, or this side was closed: there is nothing more to come.
  closed = 1,
  /// The stream ended inside a message.
  truncated,
  /// A message, sent or announced by the peer, is larger than the limit.
  message_too_large,
  /// The bytes break the rules of the framing or protocol.
  malformed,
  /// The deadline passed first.
  timed_out,
  /// A queue is at its limit and the operation was told not to wait.
  full,
  /// The framing cannot carry this body: it contains the separator, or has the wrong length.
  unframeable,
  /// The framing carries one message per direction, and it was sent already; or this direction was shut down.
  send_ended,
  /// Nothing listens at an in-process endpoint.
  no_listener,
  /// The limit on open connections is reached.
  too_many_connections,
  /// The endpoint's scheme is known, and not available in this build.
  unavailable,
  /// The host has no address that could be tried.
  no_address,
  /// A whole message arrived, and its payload is not what the codec or the type asked for. The connection goes on.
  payload_rejected,
  /// TLS: the peer's certificate, or the lack of one, is not acceptable here; the sentence says what is wrong with it.
  untrusted_peer,
  /// The peer ended a handshake by saying no: to this side's certificate, TLS version, path, origin.
  refused_by_peer,
  /// The peer cannot be talked to: it does not speak the protocol, or nothing that both sides accept.
  handshake_failed,
};

[[nodiscard]] PARLEY_EXPORT const boost::system::error_category& error_category() noexcept;

[[nodiscard]] inline boost::system::error_code make_error_code(error e) noexcept {
  return {static_cast<int>(e), error_category()};
}

/// What throwing forms throw: the code, and in `what()` a sentence that names the endpoint and the numbers.
class PARLEY_EXPORT Error : public boost::system::system_error {
 public:
  Error(boost::system::error_code code, std::string sentence);

  [[nodiscard]] const char* what() const noexcept override { return sentence_.c_str(); }

 private:
  std::string sentence_;
};

}  // namespace parley

template <>
struct boost::system::is_error_code_enum<parley::error> : std::true_type {};
