#pragma once

#include "bench/common/body.hpp"
#include "bench/common/latency_histogram.hpp"
#include "bench/common/options.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

// The scenario rpc: --concurrency requests are open all the time, and each is answered with the bytes that it has. A
// request names the slot that asks, where conns has the number of the sender, because not everyone answers in order.
// A slot asks anew as soon as it has its reply.

/// For ends that do not read while they write: with more than this in flight both directions may be full, and then
/// neither end goes on.
inline bool may_fill_both_ways(const Options& o) noexcept { return o.size > 128 * 1024 / o.concurrency; }

/// The asking end: D from every slot for --warmup, S, D for --seconds, E. S and E are alone on the connection, so that
/// both ends agree about what is in the window whatever order requests are served in. This object says what to ask and
/// is told of the replies, so that a loop, callbacks and coroutines, one for each slot, drive it alike:
///
///     while (const auto slots = run.next_phase()) {
///       each slot below `slots`:  while (run.next(slot, body)) { ask; receive; run.replied(reply, size); }
///     }
///     run.report();
///
/// Not thread-safe. All slots of a phase have to be over before the next phase begins.
class RpcRun {
 public:
  explicit RpcRun(const Options& o)
      : size_(o.size), warmup_(o.warmup), seconds_(o.seconds), asked_(o.concurrency, nothing) {}

  /// How many slots ask in the phase that begins now; 0: it was the last one.
  std::size_t next_phase() {
    if (open_ != 0) throw std::runtime_error(std::to_string(open_) + " requests have had no reply");
    if (phase_ == Phase::data) window_.close();
    phase_ = static_cast<Phase>(static_cast<int>(phase_) + 1);
    over_ = phase_ == Phase::over;
    if (phase_ == Phase::warm_up) begin_data(warmup_);
    if (phase_ == Phase::data) begin_data(seconds_);
    return over_ ? 0 : is_data() ? asked_.size() : 1;
  }

  /// Makes `body`, which make_body() made, the next request of this slot; false: the slot has nothing more to ask in
  /// this phase.
  bool next(std::size_t slot, void* body) noexcept {
    if (over_) return false;
    const std::uint64_t count = is_data() ? asked_count_++ : phase_ == Phase::end ? asked_count_ : 0;
    store_mark(body, mark(), count);
    store_peer(body, static_cast<std::uint32_t>(slot));
    asked_[slot] = count;
    ++open_;
    over_ = !is_data();
    return true;
  }

  /// Returns the slot whose reply this is. Throws std::runtime_error when it answers no open request.
  std::size_t replied(const void* body, std::size_t size) {
    if (size != size_)
      throw std::runtime_error("a reply of " + std::to_string(size) + " bytes where all have " + std::to_string(size_));
    const std::size_t slot = peer_of(body);
    if (mark_of(body) != mark() || slot >= asked_.size() || asked_[slot] != count_of(body))
      throw std::runtime_error("the reply " + std::to_string(count_of(body)) + " to slot " + std::to_string(slot) +
                               " answers no open request");
    asked_[slot] = nothing;
    --open_;
    if (slot == timed_slot && is_data()) time_reply();
    return slot;
  }

  /// The same where the library says which request a reply answers.
  void replied(std::size_t slot, const void* body, std::size_t size) {
    if (replied(body, size) != slot)
      throw std::runtime_error("slot " + std::to_string(slot) + " was given the reply to another's request");
  }

  /// Requests without a reply.
  std::size_t open() const noexcept { return open_; }

  /// After the last phase.
  void report() const {
    JsonLine()
        .add("requests", asked_count_)
        .add("reqs_per_s", static_cast<double>(asked_count_) / window_.elapsed_s())
        .add("elapsed_s", window_.elapsed_s())
        .add_percentiles(times_)
        .add_cpu(window_)
        .print();
  }

 private:
  enum class Phase { none, warm_up, start, data, end, over };

  // One slot stands for all: reading the clock for every request would cost a tenth of the fastest ones.
  static constexpr std::size_t timed_slot = 0;
  static constexpr std::uint64_t nothing = std::numeric_limits<std::uint64_t>::max();

  bool is_data() const noexcept { return phase_ == Phase::warm_up || phase_ == Phase::data; }
  Mark mark() const noexcept { return is_data() ? Mark::data : phase_ == Phase::start ? Mark::start : Mark::end; }

  void begin_data(double seconds) noexcept {
    asked_count_ = 0;
    times_.clear();
    window_.open();
    last_ = Clock::now();
    end_ = last_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  // The timed slot also tells all others when the time is over.
  void time_reply() noexcept {
    const auto now = Clock::now();
    times_.record(std::chrono::nanoseconds(now - last_).count());
    last_ = now;
    over_ = over_ || now >= end_;
  }

  std::size_t size_;
  double warmup_, seconds_;
  std::vector<std::uint64_t> asked_;  // of each slot: the count in its open request
  std::size_t open_ = 0;
  std::uint64_t asked_count_ = 0;  // D in this phase
  Phase phase_ = Phase::none;
  bool over_ = false;             // nothing more is asked in this phase
  Clock::time_point last_, end_;  // of the timed slot's last reply; of the warm-up or the window
  LatencyHistogram times_;
  Window window_;
};

/// The answering end: sees every request, in any order, before it is sent back.
class RpcServed {
 public:
  explicit RpcServed(std::size_t size) : size_(size) {}

  /// Throws std::runtime_error when a body is not what RpcRun asks with, or requests were lost or doubled.
  void see(const void* body, std::size_t size) {
    if (size != size_)
      throw std::runtime_error("a request of " + std::to_string(size) + " bytes where all have " +
                               std::to_string(size_));
    const Mark mark = mark_of(body);
    if (mark == Mark::data) [[likely]] {
      ++served_;
      return;
    }
    if (mark == Mark::start) {
      served_ = 0;
      window_.open();
    } else if (mark == Mark::end) {
      if (count_of(body) != served_)
        throw std::runtime_error(std::to_string(count_of(body)) + " requests were made, " + std::to_string(served_) +
                                 " arrived");
      over_ = true;
    } else {
      throw std::runtime_error("a request begins with the unknown marker " + std::to_string(static_cast<int>(mark)));
    }
  }

  /// E was seen; it still has to be answered.
  bool over() const noexcept { return over_; }

  /// Once the client has reported too.
  void report() {
    window_.close();
    JsonLine().add("served", served_).add_cpu(window_).print();
  }

 private:
  std::size_t size_;
  std::uint64_t served_ = 0;  // D since S
  bool over_ = false;
  Window window_;
};

}  // namespace bench
