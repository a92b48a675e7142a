// Frames of the aiomsg protocol, version 1, made byte by byte and without the library.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::support {

inline std::string aiomsg_frame(std::string_view envelope) {
  std::string frame;
  for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(envelope.size() >> shift & 0xff));
  return frame.append(envelope);
}

/// `identity` and `id` have 16 bytes.
inline std::string aiomsg_hello(std::string_view identity) { return aiomsg_frame("\1\1" + std::string{identity}); }
inline std::string aiomsg_heartbeat() { return aiomsg_frame("\2"); }
inline std::string aiomsg_data(std::string_view payload) { return aiomsg_frame("\3" + std::string{payload}); }
inline std::string aiomsg_request(std::string_view id, std::string_view payload) {
  return aiomsg_frame("\4" + std::string{id}.append(payload));
}
inline std::string aiomsg_acknowledgement(std::string_view id) { return aiomsg_frame("\5" + std::string{id}); }

/// One after the other.
inline std::string aiomsg_numbered_data(int count) {
  std::string frames;
  for (int i = 0; i < count; ++i) frames += aiomsg_data("m" + std::to_string(i));
  return frames;
}

/// `m0` to `m9`, as the conformance program prints them.
inline std::string numbered_lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "m" + std::to_string(i) + "\n";
  return lines;
}

}  // namespace parley::support
