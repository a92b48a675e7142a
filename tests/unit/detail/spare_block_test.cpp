#include "detail/spare_block.hpp"

#include <gtest/gtest.h>

#include <new>

namespace parley::detail {
namespace {

/// One that is no thread's.
struct Spare : SpareBlock {
  ~Spare() { end(); }
};

TEST(SpareBlock, is_used_again_for_about_the_same_size) {
  Spare spare;
  void* const block = ::operator new(4000);
  spare.give_back(block, 4000);
  EXPECT_EQ(spare.take(3500), block);
  EXPECT_EQ(spare.take(3500), nullptr) << "it is taken";
  spare.give_back(block, 4000);
}

TEST(SpareBlock, is_not_used_for_larger_bodies_nor_for_much_smaller_ones) {
  Spare spare;
  spare.give_back(::operator new(4000), 4000);
  EXPECT_EQ(spare.take(4001), nullptr);
  EXPECT_EQ(spare.take(3000), nullptr);
}

TEST(SpareBlock, is_the_one_freed_last) {
  Spare spare;
  spare.give_back(::operator new(2000), 2000);
  void* const last = ::operator new(4000);
  spare.give_back(last, 4000);
  EXPECT_EQ(spare.take(2000), nullptr);
  EXPECT_EQ(spare.take(4000), last);
  ::operator delete(last);
}

TEST(SpareBlock, is_for_bodies_of_1000_bytes_to_8_KiB) {
  EXPECT_FALSE(SpareBlock::keeps(999));
  EXPECT_EQ(SpareBlock::keeps(1000), reuses_memory);
  EXPECT_EQ(SpareBlock::keeps(8192), reuses_memory);
  EXPECT_FALSE(SpareBlock::keeps(8193));
}

}  // namespace
}  // namespace parley::detail
