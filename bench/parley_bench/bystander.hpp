#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/throughput.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <cstdint>

namespace bench::messages {

/// Receives as in throughput while other connections are mute or, having asked for messages, do not read them.
class BystanderServer {
 public:
  explicit BystanderServer(const Options& o) : options_(o), receiver_(o.size), listener_(listen_on(io_, o)) {}

  void run_all() {
    start(io_, accept_all());
    say("READY");
    run(io_, options_);
    receiver_.report();
  }

 private:
  asio::awaitable<void> accept_all() {
    while (true) start(io_, serve(co_await listener_.accept()));
  }

  asio::awaitable<void> serve(parley::Connection peer) {
    parley::Message m = co_await peer.receive();
    if (mark_of(m.data()) == Mark::send_to_me) co_await send_without_end(peer);
    receiver_.see(m.data(), m.size());
    while (!receiver_.over()) {
      m = co_await peer.receive();
      receiver_.see(m.data(), m.size());
    }
    io_.stop();
  }

  asio::awaitable<void> send_without_end(parley::Connection& peer) {
    BodyMaker body(options_.size);
    for (std::uint64_t i = 0;; ++i) co_await peer.send(body.make(Mark::data, i));
  }

  const Options& options_;
  ThroughputReceiver receiver_;
  asio::io_context io_{1};
  parley::Listener listener_;
};

}  // namespace bench::messages
