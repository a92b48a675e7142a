// Two sessions that talk to each other over a memory stream that behaves in any way a stream may.
#pragma once

#include <parley/mux/session.hpp>
#include <parley/testing/faulty_stream.hpp>
#include <parley/transport/memory.hpp>

#include "support/run_context.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>
#include <tuple>
#include <utility>

namespace parley::support {

struct SessionPair {
  mux::Session client;
  mux::Session server;
};

inline SessionPair session_pair(boost::asio::io_context& context, const mux::Options& options = {},
                                const testing::FaultPlan& plan = {}, std::size_t capacity = 64 * 1024) {
  auto [a, b] =
      transport::memory_pair(context.get_executor(), context.get_executor(), transport::MemoryOptions{capacity});
  return {mux::Session{testing::faulty_stream(std::move(a), plan), mux::Role::client, options},
          mux::Session{testing::faulty_stream(std::move(b), plan), mux::Role::server, options}};
}

/// The two ends of one channel, opened by the client.
inline std::pair<mux::Channel, mux::Channel> channel_pair(boost::asio::io_context& context, SessionPair& sessions) {
  mux::Channel near;
  mux::Channel far;
  sessions.client.open({}, [&](boost::system::error_code, mux::Channel channel) { near = std::move(channel); });
  sessions.server.accept({}, [&](boost::system::error_code, mux::Channel channel) { far = std::move(channel); });
  (void)run_until(context, [&] { return near && far; });
  return {std::move(near), std::move(far)};
}

}  // namespace parley::support
