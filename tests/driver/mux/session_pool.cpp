// The sessions that a context has dialled, as far as nothing has to be connected for it.
#include "mux/session_pool.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace parley::mux::detail {
namespace {

TEST(MuxSessionPool, forgets_places_that_nobody_is_connected_to) {
  boost::asio::io_context context;
  SessionPool& pool = SessionPool::of(context.get_executor());
  const auto at = [&](int port) { return pool.at(Endpoint{"mux+tcp://127.0.0.1:" + std::to_string(port)}, {}); };
  const std::shared_ptr<PooledSession> kept = at(1);
  std::vector<std::weak_ptr<PooledSession>> all;
  for (int port = 2; port < 1000; ++port) all.push_back(at(port));
  const auto there = std::count_if(all.begin(), all.end(), [](const auto& each) { return !each.expired(); });
  EXPECT_LE(there, 32);
  EXPECT_EQ(at(1), kept) << "somebody may be about to connect by it";
}

}  // namespace
}  // namespace parley::mux::detail
