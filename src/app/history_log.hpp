// HistoryLog: the last messages of a peer, within bounds.
#pragma once

#include <parley/app/history.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace parley::app::detail {

class HistoryLog {
 public:
  HistoryLog(std::size_t count_max, std::size_t size_max) noexcept : count_max_{count_max}, size_max_{size_max} {}

  /// The oldest make room. One that is larger than the whole bound is forgotten at once.
  void add(HistoryEntry entry) {
    // Not a slice of what was read: a few bytes would keep a large buffer.
    const bool is_same = entry.on_wire == entry.in_program;
    entry.on_wire = entry.on_wire.compact();
    entry.in_program = is_same ? entry.on_wire : entry.in_program.compact();
    size_ += size_of(entry);
    entries_.push_back(std::move(entry));
    while (entries_.size() > count_max_ || size_ > size_max_) {
      size_ -= size_of(entries_.front());
      entries_.pop_front();
      ++forgotten_count_;
    }
  }

  [[nodiscard]] History snapshot() const { return {{entries_.begin(), entries_.end()}, forgotten_count_}; }

 private:
  static std::size_t size_of(const HistoryEntry& entry) noexcept {
    return entry.on_wire.size() + entry.in_program.size();
  }

  const std::size_t count_max_;
  const std::size_t size_max_;
  std::deque<HistoryEntry> entries_;
  std::size_t size_ = 0;  // of their bodies, each twice
  std::uint64_t forgotten_count_ = 0;
};

}  // namespace parley::app::detail
