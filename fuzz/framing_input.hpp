// What the fuzz targets of the framings share: how an input is divided, and what must hold for it.
//
//   input: options (as each target says) || limit (u8) || cut (u8) || stream
//
// The cut seeds the sizes of the chunks. Every chunking must give what the whole stream gave, and the decoder's
// contract is checked at every step (chunked_decode.hpp), against heap blocks of the exact size.
#pragma once

#include "tests/support/chunked_decode.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

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

/// The rest of `input` as limit, cut and stream.
inline void expect_same_however_cut(const Framing& framing, Input& input, std::size_t limit_min = 0) {
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
}

}  // namespace parley::fuzz
