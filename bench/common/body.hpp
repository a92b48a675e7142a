#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

// Layout of a body, the same for every driver (little-endian, as the machines we measure on are):
//
//   0      marker: D data, S the measured window starts, E end, H hello (conns), R "send to me" (bystander)
//   1..8   u64 count: in a D its own index, counted from 0 since S (before S: since the beginning);
//          in an S, H or R 0; in an E how many D came since S
//   9..12  u32 number of the sender in conns, of the slot that asks in rpc; else 0
//   13..   filler
//
// A receiver checks marker, count and size of each body, so a run in which a message is lost, doubled,
// reordered or torn ends as an error and not as a rate.

enum class Mark : unsigned char { data = 'D', start = 'S', end = 'E', hello = 'H', send_to_me = 'R' };

inline constexpr std::size_t mark_size = 9;
inline constexpr std::size_t mark_and_peer_size = 13;
inline constexpr std::size_t body_size_min = 16;

inline void store_mark(void* body, Mark mark, std::uint64_t count) noexcept {
  auto* bytes = static_cast<unsigned char*>(body);
  bytes[0] = static_cast<unsigned char>(mark);
  std::memcpy(bytes + 1, &count, sizeof count);
}

inline Mark mark_of(const void* body) noexcept { return static_cast<Mark>(*static_cast<const unsigned char*>(body)); }

inline std::uint64_t count_of(const void* body) noexcept {
  std::uint64_t count;
  std::memcpy(&count, static_cast<const unsigned char*>(body) + 1, sizeof count);
  return count;
}

inline void store_peer(void* body, std::uint32_t peer) noexcept {
  std::memcpy(static_cast<unsigned char*>(body) + mark_size, &peer, sizeof peer);
}

inline std::uint32_t peer_of(const void* body) noexcept {
  std::uint32_t peer;
  std::memcpy(&peer, static_cast<const unsigned char*>(body) + mark_size, sizeof peer);
  return peer;
}

/// A body whose mark is yet to be stored.
inline std::vector<unsigned char> make_body(std::size_t size, std::uint32_t peer = 0) {
  std::vector<unsigned char> body(size, 'x');
  store_mark(body.data(), Mark::data, 0);
  store_peer(body.data(), peer);
  return body;
}

/// The receiving end's check of one sender's bodies: every D in order, and as many as E says.
class OrderCheck {
 public:
  /// Looks at one body of `size` bytes, of which at least `mark_size` can be read. Throws std::runtime_error when it is
  /// not the next one.
  Mark accept(const void* body, std::size_t size, std::size_t expected_size) {
    const Mark mark = mark_of(body);
    if (mark == Mark::data && count_of(body) == next_ && size == expected_size) [[likely]] {
      ++next_;
      return mark;
    }
    return accept_rare(body, size, expected_size, mark);
  }

  /// D since S.
  std::uint64_t received() const noexcept { return next_; }

 private:
  Mark accept_rare(const void* body, std::size_t size, std::size_t expected_size, Mark mark) {
    const std::uint64_t count = count_of(body);
    if (size != expected_size)
      throw std::runtime_error("a body of " + std::to_string(size) + " bytes where all have " +
                               std::to_string(expected_size));
    if (mark == Mark::data)
      throw std::runtime_error("message " + std::to_string(count) + " came where " + std::to_string(next_) +
                               " was due");
    if (mark == Mark::end && count != next_)
      throw std::runtime_error(std::to_string(count) + " messages were sent, " + std::to_string(next_) + " arrived");
    if (mark == Mark::start)
      next_ = 0;
    else if (mark != Mark::end && mark != Mark::hello && mark != Mark::send_to_me)
      throw std::runtime_error("a body begins with the unknown marker " + std::to_string(static_cast<int>(mark)));
    return mark;
  }

  std::uint64_t next_ = 0;
};

}  // namespace bench
