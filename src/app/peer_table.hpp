// PeerTable: peers by their ids, which only rise; in little memory, and in the order in which they came.
#pragma once

#include <parley/app/peer.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace parley::app::detail {

template <class State>
class PeerTable {
 public:
  /// Above all before.
  void add(PeerId id, std::shared_ptr<State> peer) {
    entries_.push_back({id, std::move(peer)});
    ++count_;
  }
  /// Null: no longer there.
  [[nodiscard]] std::shared_ptr<State> find(PeerId id) const {
    const auto at = place_of(id);
    return at == entries_.end() || at->id != id ? nullptr : at->peer;
  }
  /// What was there, or null.
  std::shared_ptr<State> take(PeerId id) {
    const auto at = place_of(id);
    if (at == entries_.end() || at->id != id || !at->peer) return nullptr;
    auto peer = std::move(entries_[static_cast<std::size_t>(at - entries_.begin())].peer);
    --count_;
    // Gaps are closed when they are half of all.
    if (entries_.size() > 16 && count_ < entries_.size() / 2) {
      std::erase_if(entries_, [](const Entry& each) { return each.peer == nullptr; });
      entries_.shrink_to_fit();
    }
    return peer;
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] std::vector<std::shared_ptr<State>> all() const {
    std::vector<std::shared_ptr<State>> peers;
    peers.reserve(count_);
    for (const Entry& entry : entries_) {
      if (entry.peer) peers.push_back(entry.peer);
    }
    return peers;
  }
  void clear() noexcept {
    entries_.clear();
    count_ = 0;
  }

 private:
  struct Entry {
    PeerId id;
    std::shared_ptr<State> peer;  // null: a gap
  };

  [[nodiscard]] auto place_of(PeerId id) const { return std::ranges::lower_bound(entries_, id, {}, &Entry::id); }

  std::vector<Entry> entries_;
  std::size_t count_ = 0;  // without gaps
};

}  // namespace parley::app::detail
