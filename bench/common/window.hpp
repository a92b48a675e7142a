#pragma once

#include <sys/resource.h>
#include <sys/time.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bench {

using Clock = std::chrono::steady_clock;

struct CpuTime {
  std::int64_t user_ns = 0;
  std::int64_t sys_ns = 0;
};

/// CPU time of the whole process so far, all threads.
inline CpuTime cpu_time() noexcept {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ns = [](const timeval& t) {
    return std::int64_t{t.tv_sec} * 1'000'000'000 + std::int64_t{t.tv_usec} * 1'000;
  };
  return {ns(used.ru_utime), ns(used.ru_stime)};
}

/// The measured window of one side: wall time and CPU time between open() and close().
class Window {
 public:
  void open() noexcept {
    cpu_opened_ = cpu_time();
    opened_ = Clock::now();
  }

  void close() noexcept {
    closed_ = Clock::now();
    const CpuTime now = cpu_time();
    cpu_ = {now.user_ns - cpu_opened_.user_ns, now.sys_ns - cpu_opened_.sys_ns};
  }

  double elapsed_s() const noexcept { return std::chrono::duration<double>(closed_ - opened_).count(); }
  CpuTime cpu() const noexcept { return cpu_; }

 private:
  Clock::time_point opened_{}, closed_{};
  CpuTime cpu_opened_, cpu_;
};

/// Tells a sender when its time is over, without reading the clock (about 25 ns) for every small message.
class SendTimer {
 public:
  static constexpr std::size_t every_time = 16384;  ///< as `message_size`: read the clock at each call

  SendTimer(double seconds, std::size_t message_size)
      : end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))),
        stride_(message_size >= every_time ? 1 : every_time / message_size) {}

  bool over() noexcept {
    if (--left_ != 0) return false;
    left_ = stride_;
    return Clock::now() >= end_;
  }

 private:
  Clock::time_point end_;
  std::size_t stride_;
  std::size_t left_ = 1;
};

}  // namespace bench
