#pragma once

#include "bench/common/body.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/process.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

// The scenario conns: every peer says H; the server prints ALL when it has heard all; at a line on the client's
// standard input every peer sends S, D for --seconds (16 at a time), E. With --seconds 0 the connections are idle but
// for S and E.

inline constexpr std::size_t conns_messages_per_turn = 16;

/// The server's book: checks the order of every peer by the number in its bodies, wherever the message came in.
class ConnsTally {
 public:
  ConnsTally(std::size_t peers, std::size_t size) : checks_(peers), size_(size) {}

  void see(const void* body, std::size_t body_size) {
    const Mark mark = check_of(body).accept(body, body_size, size_);
    if (mark == Mark::data) [[likely]]
      return;
    if (mark == Mark::hello) see_hello();
    if (mark == Mark::start && started_++ == 0) window_.open();
    if (mark == Mark::end && ++ended_ == checks_.size()) window_.close();
  }

  bool over() const noexcept { return ended_ == checks_.size(); }

  void report() const {
    std::uint64_t received = 0;
    for (const OrderCheck& check : checks_) received += check.received();
    JsonLine()
        .add("rss_per_conn", rss_per_conn_)
        .add("received", received)
        .add_rate(received, size_, window_)
        .add("accepted_per_s",
             accepted_.elapsed_s() > 0 ? static_cast<double>(checks_.size()) / accepted_.elapsed_s() : 0.0)
        .add_cpu(window_)
        .print();
  }

 private:
  OrderCheck& check_of(const void* body) {
    const std::uint32_t peer = peer_of(body);
    if (peer >= checks_.size()) throw std::runtime_error("a message of the unknown peer " + std::to_string(peer));
    return checks_[peer];
  }

  void see_hello() {
    if (heard_++ == 0) accepted_.open();
    if (heard_ < checks_.size()) return;
    accepted_.close();
    rss_per_conn_ = memory_.bytes_each(checks_.size());
    say("ALL");
  }

  std::vector<OrderCheck> checks_;  // before memory_: what the book itself takes is not the connections'
  MemoryPerPeer memory_;
  std::size_t size_;
  std::size_t heard_ = 0, started_ = 0, ended_ = 0;
  double rss_per_conn_ = 0;
  Window accepted_, window_;
};

/// What the client measures. Make it right before the first connect.
class ConnsClientRun {
 public:
  explicit ConnsClientRun(std::size_t peers) : peers_(peers) { connecting_.open(); }

  /// Waits for the line that says that the server has heard every peer; only then are the connections made, whatever
  /// the client's own calls returned before.
  void wait_for_start() {
    all_connected();
    wait_for_line();
    begin();
  }

  /// The same for those who wait in a way of their own: before the line and after it.
  void all_connected() { rss_per_conn_ = memory_.bytes_each(peers_); }
  void begin() {
    connecting_.close();
    window_.open();
  }

  /// Waits for the line that says that the server has reported.
  void report() {
    wait_for_line();
    end();
  }

  /// The same for those who have waited.
  void end() {
    window_.close();
    JsonLine()
        .add("conns_per_s", static_cast<double>(peers_) / connecting_.elapsed_s())
        .add("rss_per_conn", rss_per_conn_)
        .add_cpu(window_)
        .print();
  }

 private:
  std::size_t peers_;
  MemoryPerPeer memory_;
  double rss_per_conn_ = 0;
  Window connecting_, window_;
};

}  // namespace bench
