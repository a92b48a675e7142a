// What a peer wrote, fit for a line of a log.
#pragma once

#include <string>

namespace parley::transport {

[[nodiscard]] inline std::string printable(std::string text) {
  for (char& each : text) {
    if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) each = '?';
  }
  return text;
}

}  // namespace parley::transport
