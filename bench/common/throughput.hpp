#pragma once

#include "bench/common/body.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <cstddef>
#include <cstdint>

namespace bench {

/// The receiving end of a throughput run: checks every body, opens the window at S, closes it at E.
class ThroughputReceiver {
 public:
  explicit ThroughputReceiver(std::size_t size) : size_(size) {}

  void see(const void* body, std::size_t body_size) {
    const Mark mark = check_.accept(body, body_size, size_);
    if (mark == Mark::data) [[likely]]
      return;
    if (mark == Mark::start) window_.open();
    if (mark == Mark::end) {
      window_.close();
      expected_ = count_of(body);
      over_ = true;
    }
  }

  bool over() const noexcept { return over_; }

  void report() const {
    JsonLine()
        .add("received", check_.received())
        .add("expected", expected_)
        .add_rate(check_.received(), size_, window_)
        .add_cpu(window_)
        .print();
  }

 private:
  OrderCheck check_;
  Window window_;
  std::size_t size_;
  std::uint64_t expected_ = 0;
  bool over_ = false;
};

}  // namespace bench
