// Bytes before and behind every message, such as STX and ETX: added on the way out, taken off on the way in. Where a
// message ends is said by the framing, so that a body may contain any of them.
#pragma once

#include <parley/app/filter.hpp>
#include <parley/detail/export.hpp>

#include <string>

namespace parley::app {

/// What stands around a body.
struct StartEnd {
  std::string start = "\x02";  ///< before it; may be empty
  std::string end = "\x03";    ///< behind it; may be empty
  /// What to do about a message that does not have them.
  OnBadMessage on_bad_message = OnBadMessage::fail_peer;
};

/// Adds and removes what `options` say.
[[nodiscard]] PARLEY_EXPORT MakeFilter start_end_filter(const StartEnd& options);

}  // namespace parley::app
