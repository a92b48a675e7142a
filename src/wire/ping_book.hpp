// PingBook: pings under way, and the shortest round trip. Values may repeat; answers come in the order of the
// questions.
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parley::wire {

class PingBook {
 public:
  struct Ping {
    std::uint32_t value;
    bool is_own;  ///< the core's, not the application's
    TimePoint sent;
  };
  static constexpr std::size_t count_max = 16;
  static constexpr std::uint64_t trusted_count = 4;

  [[nodiscard]] bool has_room() const noexcept { return under_way_.size() < count_max; }
  [[nodiscard]] bool has_own() const noexcept {
    return std::any_of(under_way_.begin(), under_way_.end(), [](const Ping& ping) { return ping.is_own; });
  }
  [[nodiscard]] TimePoint last_sent() const noexcept { return last_sent_; }

  void add(std::uint32_t value, bool is_own, TimePoint now) {
    under_way_.push_back({value, is_own, now});
    last_sent_ = now;
  }

  /// The ping that this answers, if there is one.
  std::optional<Ping> answer(std::uint32_t value, TimePoint now) {
    const auto found =
        std::find_if(under_way_.begin(), under_way_.end(), [&](const Ping& ping) { return ping.value == value; });
    if (found == under_way_.end()) return std::nullopt;
    const Ping ping = *found;
    under_way_.erase(found);
    // The shortest of all times: later ones also tell how long they stood in queues, and a window that grew for that
    // would make the queues longer.
    ++answer_count_;
    shortest_ = shortest_ ? std::min(*shortest_, now - ping.sent) : now - ping.sent;
    return ping;
  }

  [[nodiscard]] std::optional<Duration> shortest() const noexcept { return shortest_; }

  /// Whether that is more than a first impression: the ping that a session begins with is answered by a program that is
  /// just beginning as well, and may have taken many times as long as the next.
  [[nodiscard]] bool is_trusted() const noexcept { return answer_count_ >= trusted_count; }

 private:
  std::vector<Ping> under_way_;
  TimePoint last_sent_{};
  std::optional<Duration> shortest_;
  std::uint64_t answer_count_ = 0;
};

}  // namespace parley::wire
