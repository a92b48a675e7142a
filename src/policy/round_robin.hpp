// RoundRobin: to the next peer able to take it.
#pragma once

#include "policy/high_water.hpp"
#include "policy/peer.hpp"

#include <cstddef>
#include <vector>

namespace parley::policy {

class RoundRobin {
 public:
  /// The next peer in the order in which they came that has room; null when none has. A peer that is skipped has its
  /// next turn when it would have come anyway.
  [[nodiscard]] Peer* next(const std::vector<Peer*>& peers, const HighWater& marks) noexcept {
    for (std::size_t tried = 0; tried < peers.size(); ++tried) {
      if (turn_ >= peers.size()) turn_ = 0;
      Peer* const peer = peers[turn_++];
      if (marks.has_room(peer->out)) return peer;
    }
    return nullptr;
  }

  /// The one whose turn it is, whether it has room or not; null when there is nobody.
  [[nodiscard]] Peer* next_of_all(const std::vector<Peer*>& peers) noexcept {
    if (peers.empty()) return nullptr;
    if (turn_ >= peers.size()) turn_ = 0;
    return peers[turn_++];
  }

  /// The peer at `index` leaves: nobody loses a turn by that.
  void left(std::size_t index) noexcept {
    if (index < turn_) --turn_;
  }

 private:
  std::size_t turn_ = 0;
};

}  // namespace parley::policy
