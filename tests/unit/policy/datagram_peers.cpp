#include "policy/datagram_peers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace parley::policy {
namespace {

using namespace std::chrono_literals;
using Peers = DatagramPeers<int>;

constexpr parley::detail::HashSecrets known_secrets{0x1234567890abcdef, 0xfedcba0987654321};
constexpr TimePoint beginning{};

DatagramAddress at(std::uint64_t low, std::uint16_t port = 1) { return {0, low, 0, port}; }

TEST(DatagramPeers, are_found_by_their_whole_address) {
  Peers peers{60s, known_secrets};
  EXPECT_EQ(peers.find(at(1)), Peers::nowhere);
  peers.add({1, 2, 3, 4}, 10, beginning);
  peers.add({1, 2, 3, 5}, 11, beginning);
  peers.add({1, 2, 4, 4}, 12, beginning);
  peers.add({1, 3, 3, 4}, 13, beginning);
  peers.add({2, 2, 3, 4}, 14, beginning);
  EXPECT_EQ(peers[peers.find({1, 2, 3, 4})], 10);
  EXPECT_EQ(peers[peers.find({1, 2, 3, 5})], 11);
  EXPECT_EQ(peers[peers.find({1, 2, 4, 4})], 12);
  EXPECT_EQ(peers[peers.find({1, 3, 3, 4})], 13);
  EXPECT_EQ(peers[peers.find({2, 2, 3, 4})], 14);
  EXPECT_EQ(peers.find({2, 2, 3, 5}), Peers::nowhere);
  EXPECT_EQ(peers.size(), 5U);
}

TEST(DatagramPeers, a_removed_one_is_not_found_and_its_place_is_used_again) {
  Peers peers{60s, known_secrets};
  const Peers::Place place = peers.add(at(1), 10, beginning);
  peers.remove(place);
  EXPECT_EQ(peers.find(at(1)), Peers::nowhere);
  EXPECT_EQ(peers.size(), 0U);
  EXPECT_EQ(peers.next_deadline(), std::nullopt);
  EXPECT_EQ(peers.add(at(2), 11, beginning), place);
  EXPECT_EQ(peers.find(at(1)), Peers::nowhere);
}

TEST(DatagramPeers, are_silent_from_when_they_were_heard_of_last) {
  Peers peers{60s, known_secrets};
  const Peers::Place a = peers.add(at(1), 10, beginning);
  peers.add(at(2), 11, beginning + 10s);
  peers.add(at(3), 12, beginning + 20s);
  EXPECT_EQ(peers.next_deadline(), beginning + 60s);
  peers.heard(a, beginning + 30s);
  EXPECT_EQ(peers.next_deadline(), beginning + 70s);
  EXPECT_EQ(peers.take_silent(beginning + 70s - 1ns), std::nullopt);
  EXPECT_EQ(peers.take_silent(beginning + 70s), 11);
  EXPECT_EQ(peers.take_silent(beginning + 70s), std::nullopt);
  EXPECT_EQ(peers.find(at(2)), Peers::nowhere);
  EXPECT_EQ(peers.take_silent(beginning + 100s), 12);
  EXPECT_EQ(peers.take_silent(beginning + 100s), 10);
  EXPECT_EQ(peers.take_silent(beginning + 100s), std::nullopt);
  EXPECT_EQ(peers.size(), 0U);
}

TEST(DatagramPeers, one_in_the_middle_that_is_heard_of_goes_to_the_end) {
  Peers peers{60s, known_secrets};
  peers.add(at(1), 10, beginning);
  const Peers::Place b = peers.add(at(2), 11, beginning);
  peers.add(at(3), 12, beginning);
  peers.heard(b, beginning + 1s);
  std::vector<int> order;
  while (auto silent = peers.take_silent(beginning + 100s)) order.push_back(*silent);
  EXPECT_EQ(order, (std::vector{10, 12, 11}));
}

TEST(DatagramPeers, may_be_silent_for_ever) {
  Peers peers{Duration::zero(), known_secrets};
  peers.add(at(1), 10, beginning);
  EXPECT_EQ(peers.next_deadline(), std::nullopt);
  EXPECT_EQ(peers.take_silent(beginning + std::chrono::hours{10'000}), std::nullopt);
}

}  // namespace
}  // namespace parley::policy
