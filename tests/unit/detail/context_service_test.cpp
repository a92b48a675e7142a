// ContextService: what is kept once for each loop.
#include "detail/context_service.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace parley::detail {
namespace {

struct Asked {
  boost::asio::io_context context;
  ContextService& service = ContextService::of(context.get_executor());

  bool a_good_many_times() {
    for (int i = 0; i < 1000; ++i) (void)service.seems_run_by_this_thread_alone();
    return service.seems_run_by_this_thread_alone();
  }
};

TEST(ContextService, one_thread_that_has_asked_for_long_enough_seems_to_be_alone) {
  Asked asked;
  EXPECT_FALSE(asked.service.seems_run_by_this_thread_alone());
  EXPECT_TRUE(asked.a_good_many_times());
}

TEST(ContextService, once_a_second_thread_has_asked_none_is_alone) {
  Asked asked;
  EXPECT_TRUE(asked.a_good_many_times());
  std::jthread{[&] { EXPECT_FALSE(asked.a_good_many_times()); }}.join();
  EXPECT_FALSE(asked.a_good_many_times());
}

}  // namespace
}  // namespace parley::detail
