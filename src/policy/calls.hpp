// Calls: requests that wait for their answers. Which of them a lost connection ends, which go on waiting and which are
// sent again is decided here; what is done about it is not.
//
// Ids are a random half, the same for all of a requester's life, and a half of a place in a table and how often it has
// been used: so the call that an answer is for is found by arithmetic, and an answer that comes too late, twice, or
// that nobody asked for finds none.
#pragma once

#include "policy/deadline_heap.hpp"

#include <parley/time.hpp>
#include <parley/wire/request_metadata.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace parley::policy {

/// What becomes of a request whose connection is lost before its answer has come.
enum class OnLoss : std::uint8_t {
  fail,    ///< it ends at once
  resume,  ///< it waits for its answer on the next connection
  resend,  ///< it is sent again on the next connection
};

/// `Pending`: what the owner keeps of a call.
template <class Pending>
class Calls {
 public:
  using Id = wire::RequestId;

  /// `origin`: random bits that no other requester has. `count_max`: of calls at the same time; 2^24 at most.
  Calls(std::uint64_t origin, std::size_t count_max)
      : origin_{origin}, count_max_{std::min(count_max, std::size_t{1} << place_bits)} {}

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  /// Of these too, and of some that have ended.
  [[nodiscard]] std::size_t deadline_count() const noexcept { return deadlines_.size(); }
  [[nodiscard]] bool is_full() const noexcept { return count_ >= count_max_; }

  /// Not when full.
  Id add(Pending pending, OnLoss on_loss, TimePoint deadline) {
    if (free_ == none) {
      free_ = static_cast<Place>(entries_.size());
      entries_.emplace_back().next_free = none;
    }
    const Place place = free_;
    Entry& entry = entries_[place];
    free_ = entry.next_free;
    entry.pending.emplace(std::move(pending));
    entry.on_loss = on_loss;
    entry.is_sent = false;
    ++count_;
    const std::uint64_t number = number_of(place, entry);
    deadlines_.add(deadline, number);
    return {origin_, number};
  }

  /// It is on its way over the connection that there is.
  void sent(const Id& id) noexcept {
    if (Entry* const entry = find(id)) entry->is_sent = true;
  }

  /// Null for an id that is not, or no longer, one of a call.
  [[nodiscard]] Pending* get(const Id& id) noexcept {
    Entry* const entry = find(id);
    return entry == nullptr ? nullptr : &*entry->pending;
  }

  /// Its answer has come, or it was cancelled.
  std::optional<Pending> take(const Id& id) {
    Entry* const entry = find(id);
    return entry == nullptr ? std::nullopt : std::optional{release(*entry)};
  }

  /// Before then nothing is late. It may be that of a call that has ended since.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept { return deadlines_.next(); }
  /// One whose deadline has passed.
  std::optional<std::pair<Id, Pending>> take_late(TimePoint now) {
    while (const std::optional<std::uint64_t> number = deadlines_.take_due(now)) {
      const Id id{origin_, *number};
      if (Entry* const entry = find(id)) return std::pair{id, release(*entry)};
    }
    return std::nullopt;
  }

  /// The connection has gone. `fails(Id, Pending)` is called with those that end with it; `waits(Id, Pending&)` with
  /// those that are to be sent on the next, in no order: all that were not sent, or may be sent again.
  template <class Fails, class Waits>
  void lost(Fails&& fails, Waits&& waits) {
    for (Place place = 0; place < entries_.size(); ++place) {
      Entry& entry = entries_[place];
      if (!entry.pending) continue;
      const Id id{origin_, number_of(place, entry)};
      if (entry.is_sent && entry.on_loss == OnLoss::resume) continue;
      if (entry.is_sent && entry.on_loss == OnLoss::fail) {
        fails(id, release(entry));
        continue;
      }
      entry.is_sent = false;
      waits(id, *entry.pending);
    }
  }

  /// All of them end.
  template <class Ends>
  void clear(Ends&& ends) {
    for (Place place = 0; place < entries_.size(); ++place) {
      if (!entries_[place].pending) continue;
      const Id id{origin_, number_of(place, entries_[place])};
      ends(id, release(entries_[place]));
    }
  }

 private:
  using Place = std::uint32_t;
  static constexpr unsigned place_bits = 24;
  static constexpr Place none = ~Place{0};
  static constexpr std::size_t deadlines_kept = 1024;

  struct Entry {
    std::optional<Pending> pending;
    std::uint64_t used = 0;  // so many calls have been here
    Place next_free = 0;
    OnLoss on_loss = OnLoss::fail;
    bool is_sent = false;
  };

  [[nodiscard]] static std::uint64_t number_of(Place place, const Entry& entry) noexcept {
    return entry.used << place_bits | place;
  }

  [[nodiscard]] Entry* find(const Id& id) noexcept {
    const std::uint64_t place = id.number & ((std::uint64_t{1} << place_bits) - 1);
    if (id.origin != origin_ || place >= entries_.size()) return nullptr;
    Entry& entry = entries_[place];
    const bool is_it = entry.pending && number_of(static_cast<Place>(place), entry) == id.number;
    return is_it ? &entry : nullptr;
  }

  Pending release(Entry& entry) {
    Pending pending = std::move(*entry.pending);
    entry.pending.reset();
    ++entry.used;
    entry.next_free = free_;
    free_ = static_cast<Place>(&entry - entries_.data());
    --count_;
    // Calls that have ended leave their deadlines behind. All of them are looked at when most mean nothing any more.
    if (deadlines_.size() > 2 * count_ + deadlines_kept) {
      deadlines_.retain([this](std::uint64_t number) { return find({origin_, number}) != nullptr; });
    }
    return pending;
  }

  const std::uint64_t origin_;
  const std::size_t count_max_;
  std::vector<Entry> entries_;
  Place free_ = none;
  std::size_t count_ = 0;
  DeadlineHeap<std::uint64_t> deadlines_;
};

}  // namespace parley::policy
