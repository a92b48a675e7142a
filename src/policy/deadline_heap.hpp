// DeadlineHeap: what is to happen when. Entries are not taken out one by one before their time; whoever finds that an
// entry no longer means anything, or that it came too early, passes it over or puts it back. So a peer that sends and
// receives all the time costs nothing here. Where many entries lose their meaning, retain() leaves the others.
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace parley::policy {

template <class What>
class DeadlineHeap {
 public:
  void add(TimePoint when, What what) {
    if (when == TimePoint::max()) return;
    entries_.push_back({when, ++last_serial_, std::move(what)});
    std::push_heap(entries_.begin(), entries_.end());
  }

  [[nodiscard]] std::optional<TimePoint> next() const noexcept {
    return entries_.empty() ? std::nullopt : std::optional{entries_.front().when};
  }

  /// The first that is due; of those that are due at the same time, the one that was added first.
  [[nodiscard]] std::optional<What> take_due(TimePoint now) {
    if (entries_.empty() || entries_.front().when > now) return std::nullopt;
    std::pop_heap(entries_.begin(), entries_.end());
    What what = std::move(entries_.back().what);
    entries_.pop_back();
    return what;
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Linear.
  template <class Means>
  void retain(Means&& means) {
    std::erase_if(entries_, [&](const Entry& entry) { return !means(entry.what); });
    std::make_heap(entries_.begin(), entries_.end());
  }
  void clear() noexcept { entries_.clear(); }

 private:
  struct Entry {
    TimePoint when;
    std::uint64_t serial;
    What what;
    bool operator<(const Entry& other) const noexcept {
      return when != other.when ? when > other.when : serial > other.serial;
    }
  };

  std::vector<Entry> entries_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace parley::policy
