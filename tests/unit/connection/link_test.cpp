#include "connection/link.hpp"

#include <parley/transport/memory.hpp>

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

namespace parley::detail {
namespace {

namespace asio = boost::asio;

struct CountingSink final : LinkSink {
  bool wants_bytes() const override { return true; }
  std::size_t wanted_size() const override { return 0; }
  void on_bytes(Link::Lock&) override {}
  void on_read_end(boost::system::error_code) override {}
  void on_written(std::size_t) override {}
  void on_write_end(boost::system::error_code) override {}
  std::shared_ptr<void> hold() override {
    ++hold_count;
    return {};
  }
  int hold_count = 0;
};

TEST(Link, that_nobody_polls_is_held_once_for_a_wait) {
  asio::io_context context;
  const asio::any_io_executor executor = context.get_executor();
  auto [ours, theirs] = transport::memory_pair(executor, executor);
  BiasedMutex mutex;
  CountingSink sink;
  Link link{std::move(ours), executor, mutex, sink, ContextService::of(executor), 16 * 1024};
  const Link::Lock lock{mutex};
  link.start();
  EXPECT_EQ(sink.hold_count, 1);
}

}  // namespace
}  // namespace parley::detail
