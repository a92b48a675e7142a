// AmqpConfirms: which of the messages published on a channel the broker has not confirmed yet. It confirms one by one
// or all up to one, in any order; whoever asks here gets each number once.
//
//   settle(tag, is_multiple)               the broker has said so; false: it cannot have meant that
//   while (auto number = next()) …         to be asked before the next settle()
//
// Invariant: the numbers outstanding are those from first_ on whose flag is not set; the flag of first_ is never set.
#pragma once

#include "detail/ring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace parley::wire {

class AmqpConfirms {
 public:
  /// From now on, what is published counts.
  void start() noexcept { is_on_ = true; }
  [[nodiscard]] bool is_on() const noexcept { return is_on_; }

  /// The number of one more message.
  std::uint64_t add() {
    is_settled_.emplace_back(false);
    ++outstanding_count_;
    return first_ + is_settled_.size() - 1;
  }

  [[nodiscard]] bool settle(std::uint64_t tag, bool is_multiple) noexcept {
    const std::uint64_t end = first_ + is_settled_.size();
    if (is_multiple && tag == 0) tag = end - 1;
    if (tag >= end || (!is_multiple && (tag < first_ || is_settled_[tag - first_]))) return false;
    telling_ = is_multiple ? first_ : tag;
    telling_end_ = tag + 1;
    return true;
  }

  /// The next number of those that were settled.
  [[nodiscard]] std::optional<std::uint64_t> next() noexcept {
    for (; telling_ < telling_end_; ++telling_) {
      bool& is_settled = is_settled_[telling_ - first_];
      if (is_settled) continue;
      is_settled = true;
      --outstanding_count_;
      const std::uint64_t number = telling_++;
      for (; !is_settled_.empty() && is_settled_.front(); ++first_) is_settled_.pop_front();
      return number;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t outstanding_count() const noexcept { return outstanding_count_; }
  /// What they take here, with those that were settled out of order.
  [[nodiscard]] std::size_t remembered_count() const noexcept { return is_settled_.size(); }

 private:
  bool is_on_ = false;
  std::uint64_t first_ = 1;  // that is outstanding, or the next
  parley::detail::Ring<bool> is_settled_;
  std::size_t outstanding_count_ = 0;
  std::uint64_t telling_ = 0;
  std::uint64_t telling_end_ = 0;
};

}  // namespace parley::wire
