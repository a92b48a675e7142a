// The ways to send and to receive many messages, one of which the variant chooses.
#pragma once

#include "bench/common/driver_main.hpp"
#include "bench/common/throughput.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace bench::messages {

// --- connection: what most people write ---

inline asio::awaitable<std::uint64_t> send_each(parley::Connection& peer, BodyMaker& body, double seconds) {
  std::uint64_t sent = 0;
  for (SendTimer timer(seconds, body.size()); !timer.over(); ++sent) co_await peer.send(body.make(Mark::data, sent));
  co_return sent;
}

inline asio::awaitable<void> receive_each(parley::Connection& peer, ThroughputReceiver& receiver) {
  while (!receiver.over()) {
    const parley::Message m = co_await peer.receive();
    receiver.see(m.data(), m.size());
  }
}

// --- connection-try: waits only when there is no room, or nothing to receive ---

inline asio::awaitable<std::uint64_t> send_trying(parley::Connection& peer, BodyMaker& body, double seconds) {
  std::uint64_t sent = 0;
  // Whatever try_send refuses, send waits for or throws.
  for (SendTimer timer(seconds, body.size()); !timer.over(); ++sent)
    if (peer.try_send(body.make(Mark::data, sent))) co_await peer.send(body.make(Mark::data, sent));
  co_return sent;
}

inline asio::awaitable<void> receive_trying(parley::Connection& peer, ThroughputReceiver& receiver) {
  while (!receiver.over()) {
    const parley::Message first = co_await peer.receive();
    receiver.see(first.data(), first.size());
    while (const auto more = peer.try_receive()) receiver.see(more->data(), more->size());
  }
}

// --- connection-batch: receives many at a time; sends as connection ---

inline constexpr std::size_t batch_count_max = 256;

inline asio::awaitable<void> receive_batches(parley::Connection& peer, ThroughputReceiver& receiver) {
  while (!receiver.over())
    for (const parley::Message& m : co_await peer.receive_batch(batch_count_max)) receiver.see(m.data(), m.size());
}

/// What the variant says.
struct Way {
  asio::awaitable<std::uint64_t> (*send_data_for)(parley::Connection&, BodyMaker&, double seconds);
  asio::awaitable<void> (*receive_all)(parley::Connection&, ThroughputReceiver&);
};

inline std::optional<Way> find_way(const Options& o) {
  const std::string part = o.part("connection");
  if (o.blocking()) return std::nullopt;
  if (part == "connection" || is_over_channels(o)) return Way{send_each, receive_each};
  if (part == "connection-try") return Way{send_trying, receive_trying};
  if (part == "connection-batch") return Way{send_each, receive_batches};
  return std::nullopt;
}

/// Only the one-way scenarios have more ways than one.
inline void require_way(const Options& o) {
  const bool one_way = o.scenario == "throughput" || o.scenario == "inproc-throughput";
  const bool is_plain = o.part("connection") == "connection" || is_over_channels(o);
  if (!find_way(o) || (!one_way && !is_plain) || (is_beside_much(o) && o.scenario != "latency")) not_offered(o);
}

}  // namespace bench::messages
