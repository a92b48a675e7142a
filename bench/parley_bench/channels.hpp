// The scenario connect by channels themselves: open one, a round trip of bytes, close it.
#pragma once

#include "bench/common/connect.hpp"
#include "bench/common/conversation.hpp"
#include "bench/parley_bench/loop.hpp"

#include <parley/mux/serve.hpp>
#include <parley/mux/session.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace bench::channels {

namespace asio = boost::asio;
using messages::run;
using messages::start;
using messages::transport_options;
using parley::mux::Channel;
using parley::mux::Role;
using parley::mux::Session;

/// Serves one session: a coroutine per channel, until its peer has finished. The channel that brought E ends the
/// server.
class ConnectServer {
 public:
  explicit ConnectServer(const Options& o)
      : options_(o), acceptor_(io_.get_executor(), parley::Endpoint{o.addr.text}, transport_options(o)) {}

  void run_all() {
    start(io_, serve_one());
    say("READY");
    run(io_, options_);
    wait_for_line();
    window_.close();
    JsonLine().add_cpu(window_).print();
  }

 private:
  asio::awaitable<void> serve_one() {
    parley::transport::Stream stream = co_await acceptor_.async_accept(asio::use_awaitable);
    Session session{std::move(stream), Role::server};
    co_await parley::mux::serve(session, [this](Channel channel) { return echo(std::move(channel)); });
  }

  asio::awaitable<void> echo(Channel channel) {
    std::vector<unsigned char> body(options_.size);
    boost::system::error_code ec;
    Mark mark = Mark::data;
    while (true) {
      co_await asio::async_read(channel, asio::buffer(body), asio::redirect_error(asio::use_awaitable, ec));
      if (ec) break;
      mark = mark_of(body.data());
      if (mark == Mark::start) window_.open();
      co_await asio::async_write(channel, asio::buffer(body), asio::use_awaitable);
    }
    if (mark == Mark::end) io_.stop();
  }

  const Options& options_;
  asio::io_context io_{1};
  parley::transport::Acceptor acceptor_;
  Window window_;
};

/// `concurrency` coroutines, each of which opens one channel after the other until all have been.
class ConnectClient {
 public:
  explicit ConnectClient(const Options& o) : options_(o) {}

  asio::awaitable<void> run_all(asio::io_context& io) {
    parley::transport::StreamConnectOptions options;
    options.transport(transport_options(options_));
    parley::transport::Stream stream = co_await parley::transport::async_connect(
        io.get_executor(), parley::Endpoint{options_.addr.text}, options, asio::use_awaitable);
    session_.emplace(std::move(stream), Role::client);
    co_await one(Mark::start, 0);
    run_.begin();
    running_ = static_cast<std::size_t>(std::min<std::uint64_t>(options_.concurrency, options_.count));
    for (std::size_t i = running_; i > 0; --i) start(io, worker(io));
  }

 private:
  asio::awaitable<void> worker(asio::io_context& io) {
    while (begun_ < options_.count) co_await one(Mark::data, begun_++);
    if (--running_ == 0) start(io, finish(io));
  }

  asio::awaitable<void> one(Mark mark, std::uint64_t index) {
    const auto began = Clock::now();
    Channel channel = co_await session_->open();
    std::vector<unsigned char> body = make_body(options_.size, 0);
    store_mark(body.data(), mark, index);
    co_await asio::async_write(channel, asio::buffer(body), asio::use_awaitable);
    co_await asio::async_read(channel, asio::buffer(body), asio::use_awaitable);
    check_echo(body.data(), body.size(), index, options_.size);
    channel.close();
    run_.record(began);
  }

  asio::awaitable<void> finish(asio::io_context& io) {
    run_.end();
    co_await one(Mark::end, options_.count);
    run_.report();
    co_await asio::post(asio::use_awaitable);
    io.stop();  // the server has stopped as well, and would not end the session with this one
  }

  const Options& options_;
  std::optional<Session> session_;
  ConnectRun run_;
  std::uint64_t begun_ = 0;
  std::size_t running_ = 0;
};

}  // namespace bench::channels
