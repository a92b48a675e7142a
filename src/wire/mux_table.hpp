// MuxTable: the channels of a session. Records lie in blocks, which never move; a hash finds them by their number on
// the wire. A channel costs its record (80 bytes) and 16 to 32 bytes of the hash, whatever it has carried.
//
// Numbers come from the peer, so where they fall in the hash depends on a seed that the peer does not know.
#pragma once

#include <parley/error.hpp>
#include <parley/wire/mux.hpp>
#include <parley/wire/yamux_window.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace parley::wire {

inline constexpr std::uint32_t no_channel = ~std::uint32_t{0};

/// Of a doubly linked list through the records.
struct MuxLinks {
  std::uint32_t previous = no_channel;
  std::uint32_t next = no_channel;
};

/// What a channel waits for that has a limit in time, or that is still to be told.
enum class MuxWait : std::uint8_t {
  nothing,
  opening,  ///< for the peer's first frame
  stalled,  ///< for window
  closing,  ///< for the peer to finish
  over,     ///< to be told as closed
};
inline constexpr std::size_t mux_wait_count = 5;

struct MuxSlot {
  enum class State : std::uint8_t {
    free,
    open,      ///< has a number on the wire
    over,      ///< has none any more; not told yet
    lingering  ///< told; some of its bytes are not consumed
  };

  ChannelId id = 0;
  std::uint32_t generation = 0;
  YamuxSendWindow send;
  YamuxReceiveWindow receive;
  MuxLinks wait_links;
  MuxLinks turn_links;
  TimePoint wait_since{};
  State state = State::free;
  MuxWait wait = MuxWait::nothing;
  std::uint8_t why = 0;           ///< over: of parley::error; 0: both sides have finished
  bool is_ours : 1 = false;       ///< opened by this side
  bool is_accepted : 1 = false;   ///< by the side that did not open it
  bool has_finished : 1 = false;  ///< this side
  bool peer_has_finished : 1 = false;
  bool is_discarding : 1 = false;    ///< closed by the application: what comes is not for anybody
  bool goes_on_sending : 1 = false;  ///< the peer, though that is so
  bool is_blocked : 1 = false;       ///< wants to write, and may not
  bool has_turn : 1 = false;         ///< wants to write, and waits for its turn
  bool was_named : 1 = false;        ///< its turn has come, and it has not written since
};

class MuxTable {
 public:
  explicit MuxTable(std::uint64_t seed) noexcept : seed_{seed | 1} {}

  [[nodiscard]] MuxSlot& operator[](std::uint32_t index) noexcept {
    return (*blocks_[index / block_size])[index % block_size];
  }
  [[nodiscard]] const MuxSlot& operator[](std::uint32_t index) const noexcept {
    return (*blocks_[index / block_size])[index % block_size];
  }
  /// Records there are, in use or not.
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// Of those with a number.
  [[nodiscard]] std::size_t open_count() const noexcept { return open_count_; }

  /// A fresh record, found by this number from now on, which no other has.
  std::uint32_t add(ChannelId id) {
    grow_hash();
    std::uint32_t index = free_;
    if (index == no_channel) {
      if (size_ % block_size == 0) blocks_.push_back(std::make_unique<Block>());
      index = size_++;
    } else {
      free_ = (*this)[index].wait_links.next;
    }
    MuxSlot& slot = (*this)[index];
    const std::uint32_t generation = slot.generation;
    slot = {};
    slot.id = id;
    slot.generation = generation;
    slot.state = MuxSlot::State::open;
    std::size_t place = place_of(id);
    while (hash_[place].index != no_channel) place = (place + 1) & mask_;
    hash_[place] = {id, index};
    ++open_count_;
    return index;
  }

  [[nodiscard]] std::uint32_t find(ChannelId id) noexcept {
    if (recent_ != no_channel && (*this)[recent_].id == id && (*this)[recent_].state == MuxSlot::State::open) [[likely]]
      return recent_;
    if (open_count_ == 0) return no_channel;
    const std::size_t place = find_place(id);
    return recent_ = place == npos ? no_channel : hash_[place].index;
  }

  /// The number is not its any more.
  void forget_id(std::uint32_t index) noexcept {
    std::size_t hole = find_place((*this)[index].id);
    (*this)[index].state = MuxSlot::State::over;
    --open_count_;
    // Those behind that would not be found over the hole move into it.
    for (std::size_t place = hole;;) {
      place = (place + 1) & mask_;
      if (hash_[place].index == no_channel) break;
      if (((place - place_of(hash_[place].id)) & mask_) >= ((place - hole) & mask_)) {
        hash_[hole] = hash_[place];
        hole = place;
      }
    }
    hash_[hole] = {};
  }

  void release(std::uint32_t index) noexcept {
    MuxSlot& slot = (*this)[index];
    slot.state = MuxSlot::State::free;
    ++slot.generation;
    slot.wait_links.next = free_;
    free_ = index;
  }

  /// The index of what a handle means, if it still means anything.
  [[nodiscard]] std::uint32_t index_of(MuxChannel channel) const noexcept {
    if (channel.index >= size_) return no_channel;
    const MuxSlot& slot = (*this)[channel.index];
    return slot.generation == channel.generation && slot.state != MuxSlot::State::free ? channel.index : no_channel;
  }
  [[nodiscard]] MuxChannel handle(std::uint32_t index) const noexcept { return {index, (*this)[index].generation}; }

 private:
  static constexpr std::uint32_t block_size = 64;
  using Block = std::array<MuxSlot, block_size>;
  struct Entry {
    ChannelId id = 0;
    std::uint32_t index = no_channel;
  };
  static constexpr std::size_t npos = ~std::size_t{0};

  [[nodiscard]] std::size_t place_of(ChannelId id) const noexcept {
    std::uint64_t bits = (id ^ seed_) * 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 29)) * seed_;
    return static_cast<std::size_t>(bits >> 32) & mask_;
  }

  [[nodiscard]] std::size_t find_place(ChannelId id) const noexcept {
    for (std::size_t place = place_of(id); hash_[place].index != no_channel; place = (place + 1) & mask_) {
      if (hash_[place].id == id) return place;
    }
    return npos;
  }

  /// At most half full.
  void grow_hash() {
    if (2 * (open_count_ + 1) <= hash_.size()) return;
    std::vector<Entry> old(hash_.empty() ? 16 : hash_.size() * 2);
    old.swap(hash_);
    mask_ = hash_.size() - 1;
    for (const Entry& entry : old) {
      if (entry.index == no_channel) continue;
      std::size_t place = place_of(entry.id);
      while (hash_[place].index != no_channel) place = (place + 1) & mask_;
      hash_[place] = entry;
    }
  }

  const std::uint64_t seed_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::uint32_t size_ = 0;
  std::uint32_t free_ = no_channel;
  std::vector<Entry> hash_;
  std::size_t mask_ = 0;
  std::size_t open_count_ = 0;
  std::uint32_t recent_ = no_channel;
};

/// A list through the records of a table; the links are of those that are in no other list of the kind.
template <MuxLinks MuxSlot::*links>
class MuxList {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == no_channel; }
  [[nodiscard]] std::uint32_t front() const noexcept { return first_; }

  void push_back(MuxTable& table, std::uint32_t index) noexcept {
    table[index].*links = {last_, no_channel};
    (last_ == no_channel ? first_ : (table[last_].*links).next) = index;
    last_ = index;
  }

  void remove(MuxTable& table, std::uint32_t index) noexcept {
    const MuxLinks own = table[index].*links;
    (own.previous == no_channel ? first_ : (table[own.previous].*links).next) = own.next;
    (own.next == no_channel ? last_ : (table[own.next].*links).previous) = own.previous;
    table[index].*links = {};
  }

 private:
  std::uint32_t first_ = no_channel;
  std::uint32_t last_ = no_channel;
};

}  // namespace parley::wire
