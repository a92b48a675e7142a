// One core of channels with a test as its peer: bytes in hexadecimal, events as lines, and a clock that stands still
// until it is told otherwise.
#pragma once

#include "vectors/framing.hpp"

#include <parley/wire/mux.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

[[nodiscard]] inline std::string to_hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

[[nodiscard]] inline std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ') out += c;
  }
  return out;
}

/// As in "opened 1", "data 1 6869", "closed 3", "reset 1", "pong 7", "ended".
[[nodiscard]] inline std::string to_line(const wire::MuxEvent& event) {
  using Kind = wire::MuxEvent::Kind;
  const std::string id = ' ' + std::to_string(event.id);
  switch (event.kind) {
    case Kind::none: return "none";
    case Kind::ready: return "ready";
    case Kind::opened: return "opened" + id;
    case Kind::accepted: return "accepted" + id;
    case Kind::data: return "data" + id + ' ' + to_hex(event.bytes);
    case Kind::window_grew: return "window_grew" + id;
    case Kind::finished: return "finished" + id;
    case Kind::reset: return "reset" + id;
    case Kind::closed: return "closed" + id;
    case Kind::pong: return "pong " + std::to_string(event.value);
    case Kind::going_away: return "going_away";
    case Kind::ended: return "ended";
  }
  return "?";
}

using Lines = std::vector<std::string>;

template <class Core>
class MuxProbe {
 public:
  explicit MuxProbe(MuxRole role = MuxRole::client, const MuxOptions& options = {}) : core{role, options, 1} {}

  /// What comes of these bytes, given at once or in pieces.
  Lines feed(std::string_view hex, std::size_t piece_size = ~std::size_t{0}) {
    return feed_bytes(from_hex(hex), piece_size);
  }
  Lines feed_bytes(const std::string& bytes, std::size_t piece_size = ~std::size_t{0}) {
    Lines lines;
    const auto all = std::as_bytes(std::span{bytes});
    for (std::size_t i = 0; i < all.size(); i += std::min(piece_size, all.size() - i)) {
      core.feed(all.subspan(i, std::min(piece_size, all.size() - i)), now);
      for (const std::string& line : events()) lines.push_back(line);
    }
    return lines;
  }

  /// What has happened; codes and sentences of the last of each kind are kept.
  Lines events() {
    Lines lines;
    while (const auto event = core.next_event()) {
      lines.push_back(to_line(event));
      if (event.id != 0) channels[event.id] = event.channel;
      codes[event.kind] = event.code;
      sentences[event.kind] = std::string{event.sentence};
      if (event.round_trip != Duration{}) round_trip = event.round_trip;
    }
    return lines;
  }

  Lines pass(Duration span) {
    now += span;
    core.expire(now);
    return events();
  }

  std::string output() {
    std::string hex = to_hex(core.next_output());
    core.wrote(core.next_output().size());
    return hex;
  }

  wire::MuxChannel open() {
    const auto opened = core.open(now);
    channels[opened.id] = opened.channel;
    return opened.channel;
  }

  Core core;
  TimePoint now{std::chrono::hours{1}};
  std::map<wire::ChannelId, wire::MuxChannel> channels;  ///< as last seen
  std::map<wire::MuxEvent::Kind, boost::system::error_code> codes;
  std::map<wire::MuxEvent::Kind, std::string> sentences;
  Duration round_trip{};
};

}  // namespace parley::test
