#pragma once

#include "bench/common/body.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

// The scenario fanout: a server publishes S, D --count times and E to --peers subscribers, all of them in one client
// process. The client prints READY when they are there, and the server starts at a line on its standard input.

/// The subscribers' book: checks the order of what each of them gets. The window is from the first S to the last E.
class FanoutTally {
 public:
  FanoutTally(std::size_t subscribers, std::size_t size) : checks_(subscribers), size_(size) {}

  void see(std::size_t subscriber, const void* body, std::size_t body_size) {
    const Mark mark = checks_[subscriber].accept(body, body_size, size_);
    if (mark == Mark::data) [[likely]]
      return;
    if (mark == Mark::start && started_++ == 0) window_.open();
    if (mark == Mark::end) {
      expected_ += count_of(body);
      if (++ended_ == checks_.size()) window_.close();
    }
  }

  bool over() const noexcept { return ended_ == checks_.size(); }

  void report() const {
    std::uint64_t delivered = 0;
    for (const OrderCheck& check : checks_) delivered += check.received();
    JsonLine()
        .add("delivered", delivered)
        .add("expected", expected_)
        .add_rate(delivered, size_, window_)
        .add_cpu(window_)
        .print();
  }

 private:
  std::vector<OrderCheck> checks_;
  std::size_t size_;
  std::size_t started_ = 0, ended_ = 0;
  std::uint64_t expected_ = 0;
  Window window_;
};

/// What the publisher measures: from before S to when E was accepted; its CPU time up to close().
class FanoutPublishing {
 public:
  void open() noexcept { window_.open(); }
  void sent_all(std::uint64_t count) noexcept {
    sent_ = count;
    window_.close();
    elapsed_s_ = window_.elapsed_s();
  }

  /// When the script has said that the subscribers have reported.
  void report() {
    window_.close();
    JsonLine().add("sent", sent_).add("elapsed_s", elapsed_s_).add_cpu(window_).print();
  }

 private:
  Window window_;
  std::uint64_t sent_ = 0;
  double elapsed_s_ = 0;
};

}  // namespace bench
