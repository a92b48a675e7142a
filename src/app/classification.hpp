// Classification: the messages of one peer that wait until it is known what the peer is. No I/O, no clock.
//
// Invariant: what is held is within the limits, and no kind has been given.
#pragma once

#include <parley/app/classify.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace parley::app::detail {

struct ClassificationLimits {
  std::size_t count_max;
  std::size_t size_max;
  Duration time_max;
};

class Classification {
 public:
  /// The first message came at `now`.
  Classification(const ClassificationLimits& limits, TimePoint now) noexcept
      : limits_{limits}, deadline_{now + limits.time_max} {}

  /// Another message; then it is time to ask.
  void add(Message message) {
    size_ += message.size();
    held_.push_back(std::move(message));
  }
  [[nodiscard]] std::span<const Message> held() const noexcept { return held_; }

  /// Whether the verdict may be `open`: a sentence that says why not, or nothing.
  [[nodiscard]] std::string why_not_open(TimePoint now) const;
  [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }

  /// Once there is a kind.
  [[nodiscard]] std::vector<Message> take_held() noexcept { return std::move(held_); }

 private:
  const ClassificationLimits limits_;
  const TimePoint deadline_;
  std::vector<Message> held_;
  std::size_t size_ = 0;
};

}  // namespace parley::app::detail
