// What goes before the data of a request or an answer (docs/protocols/communica.md, section 3): a small JSON object
// with the request's id, what the message is, and the route.
//
// Read and written by hand, as each request needs it four times. An answer is the request's own metadata with another
// type, so that keys which this side does not know come back to who wrote them.
#pragma once

#include <parley/detail/export.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::wire {

/// What a message is. Others than these may come: those below `answer_min` are requests.
enum class RequestType : std::int32_t {
  request = 1,            ///< wants an answer
  notice = 2,             ///< wants none ("throw" in communica)
  answer = 11,            ///< the value
  failed = 30,            ///< an error that the handler did not mean to tell
  requester_error = 41,   ///< an error of who asks; also: no such route
  payload_rejected = 42,  ///< the request's data is not what the handler takes
  responder_error = 51,   ///< an error of who answers
};

/// From this type on a message is an answer.
inline constexpr std::int32_t answer_min = 11;
[[nodiscard]] constexpr bool is_answer(RequestType type) noexcept {
  return static_cast<std::int32_t>(type) >= answer_min;
}

/// What is read of one. The texts lie in the scanned text, or in `decoded` where they were written with escapes; both
/// must live and stay where they are as long as these.
struct RequestMetadata {
  std::string_view id;                      ///< of the request; empty for a notice
  RequestType type = RequestType::request;  ///< any number may have come
  std::string_view route;                   ///< empty without one
  bool has_route = false;                   ///< whether there is one
  std::int32_t timeout_ms = 0;              ///< for how long the answer is waited for; 0: not said
  std::size_t type_begin = 0;               ///< where the number of the type is in the text
  std::size_t type_end = 0;                 ///< and where it ends
};

/// What came of it: `what` is empty, or says what is wrong with the text, as in "has no type".
struct RequestMetadataScan {
  RequestMetadata metadata;  ///< what was read, if nothing is wrong
  const char* what = "";     ///< as said above
  std::size_t offset = 0;    ///< of what is wrong, in the text

  /// Whether nothing is wrong.
  [[nodiscard]] explicit operator bool() const noexcept { return *what == '\0'; }
};

/// Reads all of `text`, which has to be one JSON object (RFC 8259) in UTF-8, with a whole number `type` and texts `id`
/// and, if there is one, `route`, each once; and perhaps a whole number `timeout_ms`, which is this library's own and
/// which communica passes over. A missing `id` is an empty one. What else there is has to be JSON, nested
/// 32 deep at most. `decoded` is written to only if one of the texts has escapes.
[[nodiscard]] PARLEY_EXPORT RequestMetadataScan scan_metadata(std::string_view text, std::string& decoded);

/// Names a request: 32 hexadecimal digits on the wire.
struct RequestId {
  std::uint64_t origin = 0;  ///< the same for all requests of one requester, and of no other
  std::uint64_t number = 0;  ///< which of its requests

  /// Of the digits, in bytes.
  static constexpr std::size_t text_size = 32;
  /// Writes `text_size` lower-case digits.
  PARLEY_EXPORT void put(char* out) const noexcept;
  /// False where the text is not what put() writes.
  [[nodiscard]] PARLEY_EXPORT static bool parse(std::string_view text, RequestId& id) noexcept;

  friend bool operator==(const RequestId&, const RequestId&) noexcept = default;
};

/// A route's name as it stands in metadata: in quotes, escaped where JSON wants it. Throws std::invalid_argument for
/// what is not UTF-8.
[[nodiscard]] PARLEY_EXPORT std::string quoted_route(std::string_view route);

/// Writes what communica would: `{"id": "…", "type": 1, "route": "…"}`, without the route if `quoted_route` is empty
/// and with an empty id for a notice; and `timeout_ms` unless that is 0. Returns its size; `out` has metadata_size()
/// bytes.
PARLEY_EXPORT std::size_t put_metadata(char* out, const RequestId& id, RequestType type, std::string_view quoted_route,
                                       std::int32_t timeout_ms = 0) noexcept;
/// What put_metadata() writes at most.
[[nodiscard]] constexpr std::size_t metadata_size(std::string_view quoted_route) noexcept {
  constexpr std::size_t braces_keys_numbers_and_id = 112;
  return braces_keys_numbers_and_id + quoted_route.size();
}

/// Writes the metadata of an answer to the request of which `request` was read from `text`. Returns its size; `out` has
/// text.size() + `answer_growth_max` bytes.
PARLEY_EXPORT std::size_t put_answer_metadata(char* out, std::string_view text, const RequestMetadata& request,
                                              RequestType type) noexcept;
inline constexpr std::size_t answer_growth_max = 1;

}  // namespace parley::wire
