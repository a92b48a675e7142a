// Byte streams of a network that delays, splits, is narrow, refuses, cuts and forgets, all by one seed. Time is what
// the caller says it is.
#pragma once

#include "testing/simulated_wire.hpp"

#include <parley/testing/simulator.hpp>
#include <parley/time.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace parley::test {

class SimulatedNetwork;

/// A connection: two directions, each with a side that writes and one that reads.
class SimulatedStream {
 public:
  enum class Side : std::uint8_t { dialling, accepting };

  explicit SimulatedStream(SimulatedNetwork& network) : network_{network} {}

  /// Takes as much as there is room for; returns how much.
  std::size_t write(Side side, std::span<const std::byte> bytes, TimePoint now);
  /// What has arrived; returns how much of `room` it fills.
  std::size_t read(Side side, std::span<std::byte> room, TimePoint now) {
    Direction& from = into(side);
    if (from.pieces.empty() || from.pieces.front().arrives > now) return 0;
    auto& [arrives, bytes] = from.pieces.front();
    const std::size_t size = std::min(room.size(), bytes.size() - from.read_size);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from.read_size), size, room.begin());
    from.size -= size;
    from.read_size += size;
    if (from.read_size == bytes.size()) {
      from.read_size = 0;
      from.pieces.pop_front();
    }
    return size;
  }

  /// This side writes no more.
  void finish(Side side, TimePoint now) { out_of(side).ends_at = std::max(now, out_of(side).last_arrival); }
  /// The other side has finished, and what it wrote was read.
  [[nodiscard]] bool has_ended(Side side, TimePoint now) {
    const Direction& from = into(side);
    return from.pieces.empty() && from.ends_at <= now;
  }
  /// This side has learned that nothing will come any more.
  [[nodiscard]] bool is_lost(Side side, TimePoint now) const { return lost_at_[index(side)] <= now; }

  /// Nothing passes any more from `when` on, and each side learns of it so much later.
  void lose(TimePoint when, Duration dialling_after, Duration accepting_after) {
    if (dies_at_ <= when) return;
    dies_at_ = when;
    lost_at_ = {when + dialling_after, when + accepting_after};
  }
  /// The network's part of `lose`: what is on its way is gone. True if that was now.
  bool die(TimePoint now) {
    if (is_dead_ || dies_at_ > now) return false;
    for (Direction& each : directions_) {
      std::erase_if(each.pieces, [this](const Piece& piece) { return piece.arrives > dies_at_; });
      if (each.ends_at > dies_at_) each.ends_at = TimePoint::max();
    }
    return is_dead_ = true;
  }
  /// What would have happened to it does not; of what did, both sides learn now.
  void be_spared_or_told(TimePoint now) {
    for (TimePoint& lost_at : lost_at_) lost_at = is_dead_ ? std::min(lost_at, now) : TimePoint::max();
    if (!is_dead_) dies_at_ = TimePoint::max();
  }

 private:
  struct Piece {
    TimePoint arrives;
    std::vector<std::byte> bytes;
  };
  struct Direction {
    std::deque<Piece> pieces;
    std::size_t size = 0;       // written and not read
    std::size_t read_size = 0;  // of the first piece
    TimePoint last_arrival{};
    TimePoint ends_at = TimePoint::max();
  };

  [[nodiscard]] static std::size_t index(Side side) noexcept { return side == Side::dialling ? 0 : 1; }
  [[nodiscard]] Direction& out_of(Side side) noexcept { return directions_[index(side)]; }
  [[nodiscard]] Direction& into(Side side) noexcept { return directions_[1 - index(side)]; }

  SimulatedNetwork& network_;
  std::array<Direction, 2> directions_;
  TimePoint dies_at_ = TimePoint::max();
  std::array<TimePoint, 2> lost_at_{TimePoint::max(), TimePoint::max()};
  bool is_dead_ = false;
};

class SimulatedNetwork {
 public:
  using Faults = testing::Faults;
  using FaultCounts = testing::FaultCounts;

  SimulatedNetwork(std::uint64_t seed, const Faults& faults) : dice_{seed * 0x9e3779b97f4a7c15U + 5}, faults_{faults} {}

  /// Null: refused.
  std::shared_ptr<SimulatedStream> dial(TimePoint now) {
    if (testing::roll(dice_, faults_.refuse)) return ++counts_.refused, nullptr;
    auto stream = std::make_shared<SimulatedStream>(*this);
    const bool may_be_cut = faults_.cut_every > Duration::zero();
    const bool may_be_half_open = faults_.half_open_every > Duration::zero();
    if (may_be_half_open && (!may_be_cut || testing::roll(dice_, 0.5))) {
      stream->lose(now + testing::roll(dice_, Duration{1}, 2 * faults_.half_open_every), in(500, 5'000),
                   in(500, 60'000));
      doomed_.push_back({stream, &counts_.half_open});
    } else if (may_be_cut) {
      stream->lose(now + testing::roll(dice_, Duration{1}, 2 * faults_.cut_every), in(0, 200), in(0, 200));
      doomed_.push_back({stream, &counts_.cut});
    }
    return stream;
  }

  /// What is due by then happens.
  void pass(TimePoint now) {
    std::erase_if(doomed_, [](const Doomed& each) { return each.stream.expired(); });
    for (const Doomed& each : doomed_) {
      if (each.stream.lock()->die(now)) ++*each.count;
    }
  }

  /// From now on nothing goes wrong; what went wrong is told to all.
  void make_peace(TimePoint now) {
    faults_ = {};
    for (const Doomed& each : doomed_) {
      if (const auto stream = each.stream.lock()) stream->be_spared_or_told(now);
    }
  }
  void count_killed() { ++counts_.killed; }

  [[nodiscard]] const Faults& faults() const noexcept { return faults_; }
  [[nodiscard]] const FaultCounts& counts() const noexcept { return counts_; }

 private:
  friend class SimulatedStream;

  struct Doomed {
    std::weak_ptr<SimulatedStream> stream;
    std::uint64_t* count;
  };

  [[nodiscard]] Duration in(int min, int max) {
    return testing::roll(dice_, std::chrono::milliseconds{min}, std::chrono::milliseconds{max});
  }
  [[nodiscard]] Duration delay() {
    const Duration rolled = testing::roll(dice_, faults_.delay_min, faults_.delay_max);
    if (rolled > Duration::zero()) ++counts_.delayed;
    return rolled;
  }

  testing::Dice dice_;
  Faults faults_;
  FaultCounts counts_;
  std::vector<Doomed> doomed_;
};

inline std::size_t SimulatedStream::write(Side side, std::span<const std::byte> bytes, TimePoint now) {
  Direction& to = out_of(side);
  const std::size_t room = network_.faults_.buffer_size - std::min(to.size, network_.faults_.buffer_size);
  bytes = bytes.first(std::min(bytes.size(), room));
  const std::size_t written = bytes.size();
  to.size += written;
  if (is_dead_) return written;
  const bool is_split = written > 1 && testing::roll(network_.dice_, network_.faults_.split);
  if (is_split) ++network_.counts_.split;
  while (!bytes.empty()) {
    const std::size_t size_max = is_split ? 1 + network_.dice_() % bytes.size() : bytes.size();
    const auto part = bytes.first(size_max);
    to.last_arrival = std::max(to.last_arrival, now + network_.delay());
    to.pieces.push_back({to.last_arrival, {part.begin(), part.end()}});
    bytes = bytes.subspan(part.size());
  }
  return written;
}

}  // namespace parley::test
