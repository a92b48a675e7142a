// Who has been heard of at a socket for datagrams, against a plain model: few addresses, so that they come and go.
//
// PARLEY_PROPERTY_SCALE multiplies the number of seeds. A failure names its seed.
#include "policy/datagram_peers.hpp"

#include "try_count.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using policy::DatagramAddress;
using Peers = policy::DatagramPeers<int>;

struct KnownPeer {
  int peer;
  TimePoint heard;
  Peers::Place place;
};

/// Addresses that differ in each of their parts.
DatagramAddress address_number(std::uint64_t number) {
  return {number & 1, number >> 1 & 7, static_cast<std::uint32_t>(number >> 4 & 3),
          static_cast<std::uint16_t>(1 + (number >> 6))};
}

void compare_with_model(unsigned seed) {
  std::mt19937 random{seed};
  Peers peers{50s, {seed * 0x9e3779b97f4a7c15, ~std::uint64_t{seed}}};
  std::map<std::uint64_t, KnownPeer> model;
  TimePoint now{};
  for (int step = 0; step < 3000; ++step) {
    now += std::chrono::seconds{random() % 2};
    const std::uint64_t number = random() % 200;
    const auto known = model.find(number);
    const Peers::Place place = peers.find(address_number(number));
    ASSERT_EQ(place == Peers::nowhere, known == model.end());
    if (known == model.end()) {
      model[number] = {step, now, peers.add(address_number(number), step, now)};
    } else if (random() % 4 == 0) {
      ASSERT_EQ(peers[place], known->second.peer);
      peers.remove(place);
      model.erase(known);
    } else {
      ASSERT_EQ(place, known->second.place);
      peers.heard(place, now);
      known->second.heard = now;
    }
    while (const auto silent = peers.take_silent(now)) {
      const auto gone =
          std::find_if(model.begin(), model.end(), [&](const auto& each) { return each.second.peer == *silent; });
      ASSERT_NE(gone, model.end());
      ASSERT_LE(gone->second.heard + 50s, now);
      model.erase(gone);
    }
    ASSERT_EQ(peers.size(), model.size());
    for (const auto& [each, what] : model) ASSERT_GT(what.heard + 50s, now) << each;
  }
}

TEST(DatagramPeersModel, agrees) {
  for (unsigned seed = 1; seed <= try_count(20); ++seed) {
    SCOPED_TRACE(seed);
    compare_with_model(seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace parley::test
