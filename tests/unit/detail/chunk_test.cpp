#include "detail/chunk.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace parley::detail {
namespace {

TEST(Chunk, has_at_least_the_room_asked_for) {
  for (const std::size_t size : {1U, 100U, 16U * 1024, 20'000U, 64U * 1024, 256U * 1024, 1'000'000U}) {
    const ChunkRef chunk{Chunk::take(size)};
    EXPECT_GE(chunk->capacity(), size);
    std::memset(chunk->data(), 1, size);
  }
}

TEST(Chunk, of_a_common_size_is_used_again) {
  ChunkRef first{Chunk::take(64 * 1024)};
  const void* const memory = first->data();
  first.reset();
  const ChunkRef second{Chunk::take(64 * 1024)};
  EXPECT_EQ(second->data(), memory);
  EXPECT_TRUE(second->is_unique());
}

TEST(Chunk, lives_until_the_last_reference_goes) {
  ChunkRef first{Chunk::take(16 * 1024)};
  first->add_reference();
  ChunkRef second{*first};
  std::memset(first->data(), 7, first->capacity());
  EXPECT_FALSE(second->is_unique());
  first.reset();
  EXPECT_TRUE(second->is_unique());
  EXPECT_EQ(second->data()[second->capacity() - 1], std::byte{7});
}

TEST(Chunk, more_than_the_pool_keeps_are_freed) {
  std::vector<ChunkRef> chunks;
  for (int i = 0; i < 100; ++i) chunks.emplace_back(Chunk::take(16 * 1024));
  chunks.clear();
  const ChunkRef again{Chunk::take(16 * 1024)};
  EXPECT_TRUE(again->is_unique());
}

TEST(ChunkRef, moves_its_one_reference) {
  ChunkRef first{Chunk::take(100)};
  ChunkRef second{std::move(first)};
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): specified
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->is_unique());
  first = std::move(second);
  EXPECT_TRUE(first->is_unique());
}

}  // namespace
}  // namespace parley::detail
