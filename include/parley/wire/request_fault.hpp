// What an answer that is an error carries (docs/protocols/communica.md, section 3): a small JSON object, whatever the
// format of the values is.
#pragma once

#include <parley/detail/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::wire {

/// Why a request has no answer, as its responder says it.
struct RequestFault {
  std::string message;               ///< for people
  std::optional<std::int64_t> code;  ///< for programs; what it means is between the two
  std::string data;                  ///< more, as JSON; empty without. No part of communica, which passes it over
  std::string reason;                ///< a name of this library's for what every program may meet; empty without
};

/// The names that `reason` may have.
inline constexpr std::string_view reason_no_such_route = "no_such_route";
inline constexpr std::string_view reason_overloaded = "overloaded";

/// `{"code": 404, "message": "…"}`, and behind that what else there is. What is not UTF-8 in `message` is replaced;
/// `data` that is not JSON is left out.
[[nodiscard]] PARLEY_EXPORT std::string put_fault(const RequestFault& fault);
/// Of a payload that could not be read: the message alone, as communica has it.
[[nodiscard]] PARLEY_EXPORT std::string put_rejection(std::string_view message);
/// Nothing, if `text` is not such an object with a message in it; a code that is missing, or is no whole number, is
/// none.
[[nodiscard]] PARLEY_EXPORT std::optional<RequestFault> read_fault(std::string_view text);

}  // namespace parley::wire
