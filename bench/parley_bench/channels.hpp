// The scenario connect by channels themselves: open one, a round trip of bytes, close it.
#pragma once

#include "bench/parley_bench/connect_sides.hpp"

#include <parley/mux/serve.hpp>
#include <parley/mux/session.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace bench::channels {

namespace asio = boost::asio;
using messages::ConnectClientSide;
using messages::ConnectServerSide;
using messages::transport_options;
using parley::mux::Channel;
using parley::mux::Role;
using parley::mux::Session;

/// Serves one session: a coroutine per channel, until its peer has finished.
class ConnectServer : ConnectServerSide {
 public:
  explicit ConnectServer(const Options& o)
      : ConnectServerSide(o), acceptor_(io_.get_executor(), parley::Endpoint{o.addr.text}, transport_options(o)) {}

  void run_all() { serve_until_end(serve_one()); }

 private:
  asio::awaitable<void> serve_one() {
    parley::transport::Stream stream = co_await acceptor_.async_accept(asio::use_awaitable);
    Session session{std::move(stream), Role::server};
    co_await parley::mux::serve(session, [this](Channel channel) { return echo(std::move(channel)); });
  }

  asio::awaitable<void> echo(Channel channel) {
    std::vector<unsigned char> body(options_.size);
    Mark mark = Mark::data;
    while (true) {
      const auto [ec, size] = co_await asio::async_read(channel, asio::buffer(body), asio::as_tuple(asio::deferred));
      if (ec) break;
      mark = mark_of(body.data());
      came(mark);
      co_await asio::async_write(channel, asio::buffer(body), asio::deferred);
    }
    ended(mark);
  }

  parley::transport::Acceptor acceptor_;
};

/// Channels of one session, each closed before the next.
class ConnectClient : ConnectClientSide<ConnectClient> {
 public:
  using ConnectClientSide::ConnectClientSide;

  asio::awaitable<void> run_all(asio::io_context& io) {
    parley::transport::StreamConnectOptions options;
    options.transport(transport_options(options_));
    parley::transport::Stream stream = co_await parley::transport::async_connect(
        io.get_executor(), parley::Endpoint{options_.addr.text}, options, asio::use_awaitable);
    session_.emplace(std::move(stream), Role::client);
    co_await converse(io);
  }

 private:
  friend ConnectClientSide<ConnectClient>;

  asio::awaitable<void> one(Mark mark, std::uint64_t index) {
    Channel channel = co_await session_->open();
    std::vector<unsigned char> body = make_body(options_.size, 0);
    store_mark(body.data(), mark, index);
    co_await asio::async_write(channel, asio::buffer(body), asio::deferred);
    co_await asio::async_read(channel, asio::buffer(body), asio::deferred);
    check_echo(body.data(), body.size(), index, options_.size);
    channel.close();
  }

  /// The server has stopped as well, and would not end the session with this one.
  asio::awaitable<void> leave_when_done(asio::io_context& io) {
    co_await asio::post(asio::use_awaitable);
    io.stop();
  }

  std::optional<Session> session_;
};

}  // namespace bench::channels
