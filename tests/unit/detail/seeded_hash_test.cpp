#include <parley/detail/seeded_hash.hpp>

#include <parley/identity.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <unordered_set>
#include <vector>

namespace parley::detail {
namespace {

constexpr HashSecrets secrets{0x243f6a8885a308d3, 0x13198a2e03707344};

/// The most that share one of as many buckets, which a container chooses by the lowest bits or by a remainder.
template <class Halves>
std::size_t fullest_bucket(Halves halves_of, std::uint64_t bucket_count) {
  std::vector<std::size_t> counts(bucket_count);
  for (std::uint64_t i = 0; i < 4096; ++i) {
    const std::array<std::uint64_t, 2> halves = halves_of(i);
    ++counts[seeded_hash(halves[0], halves[1], secrets) % bucket_count];
  }
  return *std::max_element(counts.begin(), counts.end());
}

template <class Halves>
void expect_spread(Halves halves_of) {
  EXPECT_LE(fullest_bucket(halves_of, 4096), 16U);
  EXPECT_LE(fullest_bucket(halves_of, 4099), 16U);
}

TEST(SeededHash, spreads_what_differs_in_few_bits) {
  using Halves = std::array<std::uint64_t, 2>;
  for (const int shift : {0, 20, 32, 52}) {
    SCOPED_TRACE(shift);
    expect_spread([=](std::uint64_t i) { return Halves{i << shift, 0}; });
    expect_spread([=](std::uint64_t i) { return Halves{0, i << shift}; });
    expect_spread([=](std::uint64_t i) { return Halves{i << shift, i << shift}; });
  }
}

TEST(SeededHash, depends_on_both_secrets) {
  const std::size_t hash = seeded_hash(1, 2, secrets);
  EXPECT_EQ(seeded_hash(1, 2, secrets), hash);
  EXPECT_NE(seeded_hash(1, 2, {secrets.first + 1, secrets.second}), hash);
  EXPECT_NE(seeded_hash(1, 2, {secrets.first, secrets.second + 1}), hash);
}

TEST(SeededHash, has_secrets_that_are_drawn_once) {
  EXPECT_EQ(&hash_secrets(), &hash_secrets());
  const HashSecrets other = draw_hash_secrets();
  EXPECT_NE(other.first, hash_secrets().first);
  EXPECT_NE(other.second, hash_secrets().second);
  EXPECT_NE(other.first, other.second);
}

Identity identity_of(std::uint64_t first, std::uint64_t second) {
  Identity::Bytes bytes;
  std::memcpy(bytes.data(), &first, sizeof first);
  std::memcpy(bytes.data() + sizeof first, &second, sizeof second);
  return Identity{bytes};
}

/// Chosen so that a hash without a secret, of which anybody can read the formula, is the same for all.
TEST(SeededHash, identities_that_were_made_to_collide_do_not) {
  std::unordered_set<std::size_t> hashes;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    hashes.insert(std::hash<Identity>{}(identity_of(i * 0x9e3779b97f4a7c15, i)));
  }
  EXPECT_EQ(hashes.size(), 1000U);
}

TEST(SeededHash, equal_identities_hash_alike) {
  const Identity one = identity_of(1, 2);
  EXPECT_EQ(std::hash<Identity>{}(one), std::hash<Identity>{}(identity_of(1, 2)));
  EXPECT_NE(std::hash<Identity>{}(one), std::hash<Identity>{}(identity_of(2, 1)));
}

}  // namespace
}  // namespace parley::detail
