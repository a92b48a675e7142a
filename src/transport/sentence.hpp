// Reasons inside sentences: `cannot listen on …: permission denied`.
#pragma once

#include <boost/system/error_code.hpp>

#include <cerrno>
#include <string>

namespace parley::transport {

/// The message, beginning in lower case as it stands after a colon.
[[nodiscard]] inline std::string reason(const boost::system::error_code& ec) {
  if (ec == boost::system::errc::too_many_files_open)
    return "this process has as many files and sockets open as it may (see ulimit -n)";
  std::string text = ec.message();
  const bool capitalised = text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z');
  if (capitalised) text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

[[nodiscard]] inline boost::system::error_code from_errno(int value) noexcept {
  return {value, boost::system::system_category()};
}
[[nodiscard]] inline boost::system::error_code last_errno() noexcept { return from_errno(errno); }

}  // namespace parley::transport
