// SimulatedWire: a connection of the simulator. What one side writes arrives at the other a little later, in pieces, or
// not at all.
#pragma once

#include "policy/link_id.hpp"
#include "wire/in_buffer.hpp"
#include "wire/out_queue.hpp"

#include <parley/testing/simulator.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <random>
#include <vector>

namespace parley::testing {

using Dice = std::mt19937_64;

[[nodiscard]] inline bool roll(Dice& dice, double probability) {
  return probability > 0 && std::uniform_real_distribution<double>{}(dice) < probability;
}
[[nodiscard]] inline Duration roll(Dice& dice, Duration min, Duration max) {
  return max <= min ? min : Duration{std::uniform_int_distribution<Duration::rep>{min.count(), max.count()}(dice)};
}

struct SimulatedSide {
  SimulatedSocket::Impl* owner = nullptr;  // null when it has gone
  policy::LinkId link{};
  detail::InBuffer in{16 * 1024};
  detail::OutQueue out;
  bool is_finishing = false;  // ends when everything is written
  bool is_closed = false;     // writes and reads no more

  /// On its way to this side, or here and not read.
  struct Piece {
    TimePoint arrives;
    std::vector<std::byte> bytes;
    boost::system::error_code end{};  // instead of bytes
  };
  std::deque<Piece> incoming;
  std::size_t incoming_size = 0;
  TimePoint last_arrival{};

  void push(Piece piece) {
    piece.arrives = last_arrival = std::max(last_arrival, piece.arrives);
    incoming_size += piece.bytes.size();
    incoming.push_back(std::move(piece));
  }
};

struct SimulatedWire {
  std::array<SimulatedSide, 2> sides;
  bool is_half_open = false;
  std::optional<TimePoint> cut_at;
  std::optional<TimePoint> half_open_at;

  [[nodiscard]] SimulatedSide& other(const SimulatedSide& side) noexcept {
    return &side == &sides[0] ? sides[1] : sides[0];
  }
  [[nodiscard]] bool is_over() const noexcept { return sides[0].is_closed && sides[1].is_closed; }
};

}  // namespace parley::testing
