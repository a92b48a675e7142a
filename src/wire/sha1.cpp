#include "wire/sha1.hpp"

#include <parley/wire/bytes.hpp>

#include <bit>
#include <cstdint>
#include <vector>

namespace parley::wire {
namespace {

using State = std::array<std::uint32_t, 5>;

constexpr std::size_t block_size = 64;

/// The message, a one bit, zeros, and its size in bits: whole blocks.
std::vector<std::byte> padded(std::span<const std::byte> bytes) {
  std::vector<std::byte> blocks(bytes.begin(), bytes.end());
  blocks.push_back(std::byte{0x80});
  while (blocks.size() % block_size != block_size - 8) blocks.push_back(std::byte{0});
  blocks.resize(blocks.size() + 8);
  store_big(blocks.data() + blocks.size() - 8, static_cast<std::uint64_t>(bytes.size()) * 8);
  return blocks;
}

std::array<std::uint32_t, 80> schedule(const std::byte* block) {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < 16; ++i) words[i] = load_big<std::uint32_t>(block + 4 * i);
  for (std::size_t i = 16; i < 80; ++i) {
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  return words;
}

void mix(State& state, const std::byte* block) {
  auto [a, b, c, d, e] = state;
  std::size_t i = 0;
  for (const std::uint32_t word : schedule(block)) {
    std::uint32_t f = b ^ c ^ d;
    std::uint32_t k = i < 40 ? 0x6ed9eba1 : 0xca62c1d6;
    if (i < 20) {
      f = (b & c) | (~b & d);
      k = 0x5a827999;
    } else if (i >= 40 && i < 60) {
      f = (b & c) | (b & d) | (c & d);
      k = 0x8f1bbcdc;
    }
    const std::uint32_t next = std::rotl(a, 5) + f + e + k + word;
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
    ++i;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

}  // namespace

std::array<std::byte, 20> sha1(std::span<const std::byte> bytes) {
  State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::vector<std::byte> blocks = padded(bytes);
  for (std::size_t at = 0; at < blocks.size(); at += block_size) mix(state, blocks.data() + at);
  std::array<std::byte, 20> digest{};
  for (std::size_t i = 0; i < state.size(); ++i) store_big(digest.data() + 4 * i, state[i]);
  return digest;
}

}  // namespace parley::wire
