// Windows of yamux (docs/protocols/yamux.md, 3 and 8): who may send how much, when credit is given, and how large a
// window should be. Arithmetic only.
//
// A receive window of size W is in three parts: `left`, what the peer may still send; `unread`, what it has sent and
// nobody has consumed; and what has been consumed and not been given back. Invariant: left + unread <= size.
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace parley::wire {

/// What every channel begins with, in each direction.
inline constexpr std::uint32_t yamux_window = 256 * 1024;

/// What this side may still send on a channel.
struct YamuxSendWindow {
  std::uint32_t left = yamux_window;  ///< bytes

  /// An update of the peer's; false: it would overflow, which breaks the protocol.
  [[nodiscard]] constexpr bool add(std::uint32_t delta) noexcept {
    if (delta > std::numeric_limits<std::uint32_t>::max() - left) return false;
    left += delta;
    return true;
  }
};

/// What the peer may still send on a channel, and when it is told that it may send more.
struct YamuxReceiveWindow {
  std::uint32_t size = yamux_window;  ///< how far ahead the peer may be
  std::uint32_t left = yamux_window;  ///< of that, what it has not sent yet
  std::uint32_t unread = 0;           ///< come, and not consumed
  std::uint32_t sampled = 0;          ///< consumed since `since`
  TimePoint since{};                  ///< when the measurement of the rate began; none: TimePoint{}

  /// `count` bytes have come; they were in the window.
  constexpr void receive(std::uint32_t count) noexcept {
    left -= count;
    unread += count;
  }
  /// They have been consumed.
  constexpr void consume(std::uint32_t count) noexcept {
    unread -= count;
    sampled = sampled > std::numeric_limits<std::uint32_t>::max() - count ? std::numeric_limits<std::uint32_t>::max()
                                                                          : sampled + count;
  }

  /// Consumed, and not given back: what an update would say.
  [[nodiscard]] constexpr std::uint32_t due() const noexcept { return size - left - unread; }

  /// Updates are sent when so much is due: half of a small window, as others do; less of a large one, which then does
  /// the work of a larger one. With a part f held back, a sender is never idle from 1 / (1 - f) times bandwidth x
  /// delay.
  [[nodiscard]] static constexpr std::uint32_t batch(std::uint32_t size) noexcept {
    return std::min(size / 2, std::max(size / 8, yamux_window / 2));
  }
  /// Whether an update is to be sent.
  [[nodiscard]] constexpr bool wants_update() const noexcept { return due() >= batch(size); }

  /// The least that a round trip counts as. A ping that nothing stands before may come back sooner, within one machine;
  /// beside a bulk transfer both programs have some hundred kilobytes to go through before they see what has come.
  static constexpr std::chrono::microseconds round_trip_min{100};

  /// What the window should be, by what was consumed since the last such measurement, and the shortest round trip
  /// (zero: not known). Not smaller than it is; no limits are heeded. A measurement takes a round trip, and a
  /// millisecond at least, so that the size of single reads does not count.
  [[nodiscard]] std::uint32_t measured_size(Duration shortest_round_trip, TimePoint now) noexcept {
    if (since == TimePoint{}) return begin_measurement(now), size;
    const Duration elapsed = now - since;
    if (elapsed < std::max<Duration>(shortest_round_trip, std::chrono::milliseconds{1})) return size;
    const Duration round_trip = std::max<Duration>(shortest_round_trip, round_trip_min);
    const double in_flight =
        static_cast<double>(sampled) * static_cast<double>(round_trip.count()) / static_cast<double>(elapsed.count());
    begin_measurement(now);
    if (in_flight <= enough(size)) return size;
    const double wanted = std::max(2 * in_flight, 1.25 * size);
    return wanted >= 0xffff'0000 ? 0xffff'0000U : static_cast<std::uint32_t>(wanted);
  }

 private:
  void begin_measurement(TimePoint now) noexcept {
    since = now;
    sampled = 0;
  }

  /// Up to so much bandwidth x delay the window does not hold the sender up; see batch().
  static constexpr double enough(std::uint32_t size) noexcept {
    return size <= yamux_window ? size * (17.0 / 32) : size * 0.75;
  }
};

}  // namespace parley::wire
