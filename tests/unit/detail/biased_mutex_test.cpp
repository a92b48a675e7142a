#include "detail/biased_mutex.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

namespace parley::detail {
namespace {

/// What a mutex guards; plain, so that two threads inside at once lose a step or are seen by the thread sanitizer.
struct Guarded {
  BiasedMutex mutex;
  std::uint64_t steps = 0;

  void step() {
    const std::lock_guard lock{mutex};
    ++steps;
  }
  void step(int count) {
    for (int i = 0; i < count; ++i) step();
  }
};

TEST(BiasedMutex, its_owner_locks_it_again_and_again) {
  Guarded guarded;
  guarded.step(1000);
  EXPECT_EQ(guarded.steps, 1000U);
}

TEST(BiasedMutex, another_thread_waits_until_the_owner_has_left) {
  Guarded guarded;
  std::unique_lock lock{guarded.mutex};
  std::atomic<bool> entered{false};
  std::jthread other{[&] {
    guarded.step();
    entered = true;
  }};
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_FALSE(entered);
  lock.unlock();
  other.join();
  EXPECT_EQ(guarded.steps, 1U);
}

TEST(BiasedMutex, the_owner_waits_for_the_one_who_took_it_over) {
  Guarded guarded;
  guarded.step();
  std::atomic<bool> entered{false};
  std::atomic<bool> leave{false};
  std::jthread other{[&] {
    const std::lock_guard lock{guarded.mutex};
    entered = true;
    while (!leave) std::this_thread::yield();
    ++guarded.steps;
  }};
  while (!entered) std::this_thread::yield();
  std::jthread helper{[&] { leave = true; }};
  guarded.step();
  EXPECT_EQ(guarded.steps, 3U);
}

TEST(BiasedMutex, no_step_is_lost_when_a_second_thread_comes_while_the_owner_works) {
  for (int round = 0; round < 200; ++round) {
    Guarded guarded;
    guarded.step();
    std::atomic<bool> started{false};
    std::jthread other{[&] {
      started = true;
      guarded.step(50);
    }};
    while (!started) std::this_thread::yield();
    guarded.step(200);
    other.join();
    ASSERT_EQ(guarded.steps, 251U) << "in round " << round;
  }
}

TEST(BiasedMutex, several_threads_that_come_at_once_find_it_ordinary) {
  for (int round = 0; round < 50; ++round) {
    Guarded guarded;
    {
      std::jthread threads[4];
      for (std::jthread& thread : threads) thread = std::jthread{[&] { guarded.step(100); }};
    }
    ASSERT_EQ(guarded.steps, 400U) << "in round " << round;
  }
}

TEST(BiasedMutex, a_forked_child_can_take_it_over) {
  Guarded guarded;
  guarded.step();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    guarded.step();
    std::thread{[&] { guarded.step(); }}.join();
    _exit(guarded.steps == 3 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace parley::detail
