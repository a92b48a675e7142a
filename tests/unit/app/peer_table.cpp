#include "app/peer_table.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace parley::app::detail {
namespace {

TEST(PeerTable, finds_by_id_and_keeps_the_order) {
  PeerTable<int> table;
  for (int i = 1; i <= 5; ++i) table.add(static_cast<PeerId>(i), std::make_shared<int>(i));
  EXPECT_EQ(*table.take(3), 3);
  EXPECT_EQ(table.find(3), nullptr);
  EXPECT_EQ(table.take(3), nullptr);
  EXPECT_EQ(*table.find(5), 5);
  EXPECT_EQ(table.find(6), nullptr);
  EXPECT_EQ(table.find(0), nullptr);
  std::vector<int> all;
  for (const auto& each : table.all()) all.push_back(*each);
  EXPECT_EQ(all, (std::vector{1, 2, 4, 5}));
  EXPECT_EQ(table.size(), 4U);
}

TEST(PeerTable, closes_its_gaps_and_still_finds_everybody) {
  PeerTable<int> table;
  for (int i = 1; i <= 1000; ++i) table.add(static_cast<PeerId>(i), std::make_shared<int>(i));
  for (int i = 1; i <= 1000; ++i) {
    if (i % 10 == 0) continue;
    EXPECT_EQ(*table.take(static_cast<PeerId>(i)), i);
  }
  EXPECT_EQ(table.size(), 100U);
  for (int i = 1; i <= 1000; ++i) EXPECT_EQ(table.find(static_cast<PeerId>(i)) != nullptr, i % 10 == 0) << i;
  EXPECT_EQ(table.all().size(), 100U);
}

}  // namespace
}  // namespace parley::app::detail
