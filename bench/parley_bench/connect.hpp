#pragma once

#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/connect_sides.hpp"

#include <cstdint>
#include <utility>

namespace bench::messages {

/// One coroutine per connection, until its peer closes.
class ConnectServer : ConnectServerSide {
 public:
  explicit ConnectServer(const Options& o) : ConnectServerSide(o), listener_(listen_on(io_, o)) {}

  void run_all() { serve_until_end(accept_all()); }

 private:
  asio::awaitable<void> accept_all() {
    while (true) start(io_, serve(co_await listener_.accept()));
  }

  asio::awaitable<void> serve(parley::Connection peer) {
    Mark mark = Mark::data;
    while (auto m = co_await peer.next()) {
      mark = mark_of(m->data());
      came(mark);
      co_await peer.send(std::move(*m));
    }
    ended(mark);
  }

  parley::Listener listener_;
};

/// Connections, each closed before the next.
class ConnectClient : ConnectClientSide<ConnectClient> {
 public:
  using ConnectClientSide::ConnectClientSide;

  asio::awaitable<void> run_all(asio::io_context& io) { return converse(io); }

 private:
  friend ConnectClientSide<ConnectClient>;

  asio::awaitable<void> one(Mark mark, std::uint64_t index) {
    parley::Connection peer = co_await connect_to(options_);
    co_await peer.send(BodyMaker(options_.size).make(mark, index));
    const parley::Message echo = co_await peer.receive();
    check_echo(echo.data(), echo.size(), index, options_.size);
    co_await peer.close();
  }

  asio::awaitable<void> leave_when_done(asio::io_context& io) {
    leave(io, options_);
    co_return;
  }
};

}  // namespace bench::messages
