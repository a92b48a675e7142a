#pragma once

#include "bench/common/fanout.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/socket/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench::sockets {

using messages::BodyMaker;

/// Publishes, and waits where a subscriber has no room, so that nothing is dropped.
inline asio::awaitable<void> fanout_server(asio::io_context& io, const Options& o) {
  parley::Socket socket{io.get_executor(), publishing(o, parley::Overflow::wait)};
  co_await bind(socket, o);
  co_await line_comes();
  co_await socket.wait_for_peers(o.peers);
  BodyMaker body(o.size);
  FanoutPublishing publishing;
  publishing.open();
  co_await socket.send(body.make(Mark::start, 0));
  for (std::uint64_t i = 0; i < o.count; ++i) co_await socket.send(body.make(Mark::data, i));
  co_await socket.send(body.make(Mark::end, o.count));
  publishing.sent_all(o.count);
  co_await line_comes();
  publishing.report();
  io.stop();
}

/// Subscribers, each a Socket with a coroutine that receives.
class FanoutClient {
 public:
  FanoutClient(asio::io_context& io, const Options& o) : io_(io), options_(o), tally_(o.peers, o.size) {
    sockets_.reserve(o.peers);
  }

  asio::awaitable<void> run_all() {
    for (std::size_t i = 0; i < options_.peers; ++i) {
      sockets_.emplace_back(io_.get_executor(), socket_options(options_));
      co_await connect(sockets_.back(), options_);
    }
    say("READY");
    for (std::size_t i = 0; i < options_.peers; ++i) start(io_, receive_as(i));
  }

 private:
  /// The last to end reports.
  asio::awaitable<void> receive_as(std::size_t index) {
    for (Mark mark = Mark::data; mark != Mark::end;) {
      const parley::Received r = co_await sockets_[index].receive();
      tally_.see(index, r.message.data(), r.message.size());
      mark = mark_of(r.message.data());
    }
    if (!tally_.over()) co_return;
    tally_.report();
    io_.stop();
  }

  asio::io_context& io_;
  const Options& options_;
  FanoutTally tally_;
  std::vector<parley::Socket> sockets_;
};

}  // namespace bench::sockets
