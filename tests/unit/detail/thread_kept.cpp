#include "detail/block_cache.hpp"
#include "detail/spare_block.hpp"

#include <parley/message.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace parley::detail {
namespace {

const std::string large(2000, 'x');

TEST(ThreadKept, memory_may_be_given_back_after_the_thread_has_let_go_of_it) {
  std::thread{[] {
    // Of a thread's variables the first that was made is destroyed last.
    static thread_local std::optional<Message> late;
    late.emplace(large);
    { const Message freed{large}; }
    late.emplace(large + large);
    { const Message freed{large}; }
  }}.join();
}

struct Made : MadeOverAndOver<Made, 4> {
  explicit Made(int value_) : value{value_} {}
  int value;
};

TEST(ThreadKept, objects_take_the_memory_of_those_before) {
  auto one = std::make_unique<Made>(1);
  const void* const memory = one.get();
  one.reset();
  const auto other = std::make_unique<Made>(2);
  EXPECT_EQ(other.get() == memory, reuses_memory);
  EXPECT_EQ(other->value, 2);
}

using Cache = BlockCache<48, 4>;

/// Gives a block back when it goes, and says how many the thread keeps then.
struct Late {
  explicit Late(std::size_t& kept_) : kept{kept_} {}
  Late(const Late&) = delete;
  Late& operator=(const Late&) = delete;
  ~Late() {
    Cache::of_this_thread().give_back(block);
    kept = Cache::of_this_thread().count();
  }
  void* block = Cache::of_this_thread().take();
  std::size_t& kept;
};

TEST(ThreadKept, nothing_is_kept_once_the_thread_has_let_go_of_it) {
  std::size_t before = 7;
  std::size_t after = 7;
  std::thread{[&] {
    static thread_local std::optional<Late> late;  // before the cache, so that it goes behind it
    (void)late;
    Cache::of_this_thread().give_back(Cache::of_this_thread().take());
    before = Cache::of_this_thread().count();
    late.emplace(after);
  }}.join();
  EXPECT_EQ(before, reuses_memory ? 1U : 0U);
  EXPECT_EQ(after, 0U);
}

}  // namespace
}  // namespace parley::detail
