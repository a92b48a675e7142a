// What the fuzz targets of the framings share: how an input is divided, and what must hold for it.
//
//   input: options (as each target says) || limit (u8) || cut (u8) || stream
//
// The cut seeds the sizes of the chunks. Every chunking must give what the whole stream gave, and the decoder's
// contract is checked at every step (chunked_decode.hpp), against heap blocks of the exact size. Encoder and decoder
// must agree as well: what was decoded can be sent on, and what is sent arrives.
#pragma once

#include "require.hpp"
#include "tests/support/chunked_decode.hpp"

#include <parley/wire/any_encoder.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fuzz {

/// Takes pieces from the front of an input; an input that is used up gives zeros.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_{reinterpret_cast<const char*>(data), size} {}

  std::uint8_t u8() {
    const std::string_view taken = text(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken.front());
  }

  std::string_view text(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest() { return text(rest_.size()); }

 private:
  std::string_view rest_;
};

/// Chunk sizes from a seed: small ones mostly, as those find mistakes.
class ChunkSizes {
 public:
  explicit ChunkSizes(std::uint8_t seed) : state_{seed * 2654435761u + 1} {}

  std::size_t operator()() {
    state_ = state_ * 1664525u + 1013904223u;
    const std::uint32_t bound = std::uint32_t{1} << ((state_ >> 16) % 8);
    return 1 + (state_ >> 24) % bound;
  }

 private:
  std::uint32_t state_;
};

inline void require_equal(const test::Decoded& cut, const test::Decoded& whole) {
  if (cut == whole) return;
  std::cerr << "cut:   " << cut << "\nwhole: " << whole << std::endl;
  std::abort();
}

/// Nothing when the framing refuses the body.
inline std::optional<std::string> encoded(const Framing& framing, std::size_t limit, std::string_view body) {
  wire::AnyEncoder encoder = wire::make_encoder(framing, limit);
  wire::Envelope envelope;
  if (encoder.encode(std::as_bytes(std::span{body}), envelope)) return std::nullopt;
  return test::wire_text(envelope, body);
}

/// Each message, sent on, is the same frame again, or a shorter one where the sender had wasted bytes.
inline void expect_sendable(const Framing& framing, std::size_t limit, std::string_view stream,
                            const test::Decoded& decoded) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < decoded.messages.size(); ++i) {
    const std::string_view frame = stream.substr(begin, decoded.frame_ends[i] - begin);
    const std::optional<std::string> again = encoded(framing, limit, decoded.messages[i]);
    require(again && again->size() <= frame.size());
    if (*again != frame) {
      require(again->size() < frame.size());
      require(test::decode_whole(framing, limit, *again).messages == std::vector{decoded.messages[i]});
    }
    begin = decoded.frame_ends[i];
  }
}

/// Any bodies the framing carries, one behind the other, arrive as they were sent.
inline void expect_arrival(const Framing& framing, std::size_t limit, std::string_view bodies, std::uint8_t seed) {
  std::string stream;
  std::vector<std::size_t> frame_ends;
  for (ChunkSizes body_size{seed}; !bodies.empty();) {
    const std::string_view body = bodies.substr(0, body_size());
    bodies.remove_prefix(body.size());
    if (const auto frame = encoded(framing, limit, body)) {
      stream += *frame;
      frame_ends.push_back(stream.size());
      if (framing.needs_half_close()) break;
    }
  }
  const test::Decoded arrived = test::decode_whole(framing, limit, stream);
  require(arrived.frame_ends == frame_ends && arrived.ending == test::Decoded::Ending::end);
  expect_sendable(framing, limit, stream, arrived);
}

/// The rest of `input` as limit, cut and stream. Returns what the stream was decoded to.
inline test::Decoded expect_sound(const Framing& framing, Input& input, std::size_t limit_min = 0) {
  const std::size_t limit = std::max<std::size_t>(input.u8(), limit_min);
  const std::uint8_t seed = input.u8();
  const std::string_view stream = input.rest();
  const test::Decoded whole = test::decode_whole(framing, limit, stream);
  const bool obey_need = (seed & 1) != 0;
  const bool end_with_last_chunk = (seed & 2) != 0;
  require_equal(test::decode_chunks(framing, limit, stream, ChunkSizes{seed}, obey_need, end_with_last_chunk), whole);
  require_equal(test::decode_chunks(
                    framing, limit, stream, [] { return 1; }, !obey_need, !end_with_last_chunk),
                whole);
  expect_sendable(framing, limit, stream, whole);
  expect_arrival(framing, limit, stream, seed);
  return whole;
}

}  // namespace parley::fuzz
