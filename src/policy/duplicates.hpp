// Duplicates: the senders and ids of messages that have arrived, the last so many of them, so that one that comes again
// is known. An id is its sender's own: another peer that guesses it must not make this side believe it has been here.
#pragma once

#include <parley/identity.hpp>
#include <parley/wire/peer_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::policy {

class Duplicates {
 public:
  /// `count_max`: how many ids are remembered; when there are more, the oldest is forgotten. 0: none. `seed`: peers
  /// choose the ids, and must not know which of them collide.
  Duplicates(std::size_t count_max, std::uint64_t seed) noexcept;

  /// What is known of a message.
  enum class State : std::uint8_t {
    unknown,       ///< it has not been seen
    taken,         ///< the application has it, and has not acknowledged it
    acknowledged,  ///< it is done with
    declined,      ///< the application had it, and wants it again when it comes again
  };
  [[nodiscard]] State state(const Identity& sender, const wire::MessageId& id) const noexcept;

  /// It has arrived, for the first time.
  void add(const Identity& sender, const wire::MessageId& id, State state);
  /// Of one that has arrived; nothing if it has been forgotten.
  void set(const Identity& sender, const wire::MessageId& id, State state) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  struct Key {
    Identity sender;
    wire::MessageId id;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    State state = State::unknown;
  };
  static constexpr std::uint32_t empty = 0xffffffff;

  [[nodiscard]] std::size_t hash(const Key& key) const noexcept;
  [[nodiscard]] std::size_t find_bucket(const Key& key) const noexcept;
  void remove_bucket(std::size_t bucket) noexcept;
  void grow();

  const std::size_t count_max_;
  const std::uint64_t seed_;
  // Open addressing with linear probing: buckets hold positions in entries_, which is a ring when it has grown fully.
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> buckets_;  // a power of two, at least twice as many as entries
  std::size_t count_ = 0;
  std::size_t next_ = 0;  // of entries_: where the next goes
};

}  // namespace parley::policy
