#include "policy/duplicates.hpp"

#include <algorithm>
#include <cstring>

namespace parley::policy {
namespace {

constexpr std::size_t entries_min = 64;

}  // namespace

Duplicates::Duplicates(std::size_t count_max, std::uint64_t seed) noexcept : count_max_{count_max}, seed_{seed} {}

std::size_t Duplicates::hash(const Key& key) const noexcept {
  std::uint64_t parts[4];
  std::memcpy(parts, key.sender.bytes().data(), Identity::size);
  std::memcpy(parts + 2, key.id.data(), key.id.size());
  // Each is mixed with a secret: who chooses the ids must not know which of them collide.
  std::uint64_t mixed = seed_;
  for (const std::uint64_t part : parts) mixed = ((mixed ^ (mixed >> 29)) + part) * (seed_ | 1);
  mixed = (mixed ^ (mixed >> 32)) * 0x94d049bb133111ebU;
  return static_cast<std::size_t>(mixed ^ (mixed >> 29));
}

/// Where the id is, or the empty bucket where it would go.
std::size_t Duplicates::find_bucket(const Key& key) const noexcept {
  const std::size_t mask = buckets_.size() - 1;
  std::size_t at = hash(key) & mask;
  while (buckets_[at] != empty && entries_[buckets_[at]].key != key) at = (at + 1) & mask;
  return at;
}

Duplicates::State Duplicates::state(const Identity& sender, const wire::MessageId& id) const noexcept {
  if (buckets_.empty()) return State::unknown;
  const std::uint32_t entry = buckets_[find_bucket({sender, id})];
  return entry == empty ? State::unknown : entries_[entry].state;
}

void Duplicates::add(const Identity& sender, const wire::MessageId& id, State state) {
  if (count_max_ == 0) return;
  if (count_ == entries_.size() && count_ < count_max_) grow();
  if (count_ == entries_.size()) {
    remove_bucket(find_bucket(entries_[next_].key));
  } else {
    ++count_;
  }
  entries_[next_] = {{sender, id}, state};
  buckets_[find_bucket({sender, id})] = static_cast<std::uint32_t>(next_);
  next_ = next_ + 1 == entries_.size() && count_ == count_max_ ? 0 : next_ + 1;
}

void Duplicates::set(const Identity& sender, const wire::MessageId& id, State state) noexcept {
  if (buckets_.empty()) return;
  const std::uint32_t entry = buckets_[find_bucket({sender, id})];
  if (entry != empty) entries_[entry].state = state;
}

/// Closes the gap, so that what was put behind it is still found.
void Duplicates::remove_bucket(std::size_t bucket) noexcept {
  const std::size_t mask = buckets_.size() - 1;
  std::size_t gap = bucket;
  for (std::size_t at = (gap + 1) & mask; buckets_[at] != empty; at = (at + 1) & mask) {
    const std::size_t home = hash(entries_[buckets_[at]].key) & mask;
    if (((at - home) & mask) >= ((at - gap) & mask)) {
      buckets_[gap] = buckets_[at];
      gap = at;
    }
  }
  buckets_[gap] = empty;
}

void Duplicates::grow() {
  entries_.resize(std::min(count_max_, std::max(entries_min, entries_.size() * 2)));
  std::size_t bucket_count = 2 * entries_min;
  while (bucket_count < 2 * entries_.size()) bucket_count *= 2;
  buckets_.assign(bucket_count, empty);
  for (std::size_t i = 0; i < count_; ++i) buckets_[find_bucket(entries_[i].key)] = static_cast<std::uint32_t>(i);
}

}  // namespace parley::policy
