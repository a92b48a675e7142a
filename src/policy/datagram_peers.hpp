// DatagramPeers: who has been heard of at a socket for datagrams: by address, what there is of each, and who has been
// silent for too long.
//
// Records lie in blocks, which never move; a hash finds them by address. A peer costs its record (48 bytes) and 8 to 16
// bytes of the hash. Addresses come from strangers, who may write any into a datagram, so where they fall in the hash
// depends on secrets.
//
// All peers may be silent for the same time. So the records are in a list, in the order in which their peers were last
// heard of, and only its front can be due: no timer and no entry in a heap for each.
#pragma once

#include <parley/detail/seeded_hash.hpp>
#include <parley/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace parley::policy {

/// An address and a port; IPv4 as it is mapped into IPv6.
struct DatagramAddress {
  std::uint64_t high = 0;  ///< the first eight bytes of the address
  std::uint64_t low = 0;   ///< the last eight
  std::uint32_t scope = 0;
  std::uint16_t port = 0;
  bool operator==(const DatagramAddress&) const = default;
};

template <class Peer>
class DatagramPeers {
 public:
  /// The place of a record; it is used again when its peer has been removed.
  using Place = std::uint32_t;
  static constexpr Place nowhere = ~Place{0};

  /// `silence_max` zero: peers may be silent for ever.
  DatagramPeers(Duration silence_max, const parley::detail::HashSecrets& secrets)
      : silence_max_{silence_max}, secrets_{secrets} {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Duration silence_max() const noexcept { return silence_max_; }
  [[nodiscard]] Peer& operator[](Place place) noexcept { return record(place).peer; }

  [[nodiscard]] Place find(const DatagramAddress& address) noexcept {
    if (last_ != nowhere && record(last_).address == address) return last_;  // as most often
    if (size_ == 0) return nowhere;
    return hash_[find_slot(address)];
  }

  /// Of an address that is not there; it counts as heard of at `now`.
  Place add(const DatagramAddress& address, Peer peer, TimePoint now) {
    grow_hash();
    const Place place = take_place();
    record(place) = {address, std::move(peer), now, nowhere, nowhere};
    hash_[find_slot(address)] = place;
    ++size_;
    push_back(place);
    return place;
  }

  /// A datagram has come from there. `now` does not go backwards.
  void heard(Place place, TimePoint now) noexcept {
    record(place).heard = now;
    if (place == last_) return;
    unlink(place);
    push_back(place);
  }

  void remove(Place place) noexcept {
    remove_from_hash(record(place).address);
    unlink(place);
    record(place) = {};
    record(place).next = free_;
    free_ = place;
    --size_;
  }

  /// When the first peer will have been silent for too long.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept {
    if (first_ == nowhere || silence_max_ == Duration::zero()) return std::nullopt;
    return record(first_).heard + silence_max_;
  }

  /// One that has been; it is removed.
  [[nodiscard]] std::optional<Peer> take_silent(TimePoint now) {
    const auto deadline = next_deadline();
    if (!deadline || *deadline > now) return std::nullopt;
    const Place place = first_;
    std::optional<Peer> peer{std::move(record(place).peer)};
    remove(place);
    return peer;
  }

 private:
  struct Record {
    DatagramAddress address;
    Peer peer{};
    TimePoint heard{};
    Place previous = nowhere;
    Place next = nowhere;  // of a free one: the next that is free
  };
  static constexpr Place block_size = 64;
  using Block = std::array<Record, block_size>;

  [[nodiscard]] Record& record(Place place) noexcept { return (*blocks_[place / block_size])[place % block_size]; }
  [[nodiscard]] const Record& record(Place place) const noexcept {
    return (*blocks_[place / block_size])[place % block_size];
  }

  Place take_place() {
    if (free_ == nowhere) {
      if (used_ % block_size == 0) blocks_.push_back(std::make_unique<Block>());
      return used_++;
    }
    const Place place = free_;
    free_ = record(place).next;
    return place;
  }

  // --- the order of silence ---

  void push_back(Place place) noexcept {
    record(place).previous = last_;
    record(place).next = nowhere;
    (last_ == nowhere ? first_ : record(last_).next) = place;
    last_ = place;
  }
  void unlink(Place place) noexcept {
    const Place previous = record(place).previous;
    const Place next = record(place).next;
    (previous == nowhere ? first_ : record(previous).next) = next;
    (next == nowhere ? last_ : record(next).previous) = previous;
  }

  // --- the hash ---

  [[nodiscard]] std::size_t home_of(const DatagramAddress& address) const noexcept {
    const std::uint64_t rest = std::uint64_t{address.scope} << 16 | address.port;
    return parley::detail::seeded_hash(parley::detail::seeded_hash(address.high, address.low, secrets_), rest,
                                       secrets_) &
           (hash_.size() - 1);
  }
  [[nodiscard]] std::size_t behind(std::size_t slot) const noexcept { return (slot + 1) & (hash_.size() - 1); }

  /// Where the address is, or the empty slot where it would be.
  [[nodiscard]] std::size_t find_slot(const DatagramAddress& address) const noexcept {
    std::size_t slot = home_of(address);
    while (hash_[slot] != nowhere && record(hash_[slot]).address != address) slot = behind(slot);
    return slot;
  }

  void remove_from_hash(const DatagramAddress& address) noexcept {
    std::size_t hole = find_slot(address);
    // Those behind that would not be found over the hole move into it.
    for (std::size_t slot = behind(hole); hash_[slot] != nowhere; slot = behind(slot)) {
      const std::size_t home = home_of(record(hash_[slot]).address);
      const std::size_t mask = hash_.size() - 1;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      hash_[hole] = hash_[slot];
      hole = slot;
    }
    hash_[hole] = nowhere;
  }

  /// At most half full.
  void grow_hash() {
    if (2 * (size_ + 1) <= hash_.size()) return;
    std::vector<Place> old(hash_.empty() ? 16 : hash_.size() * 2, nowhere);
    old.swap(hash_);
    for (const Place place : old) {
      if (place != nowhere) hash_[find_slot(record(place).address)] = place;
    }
  }

  const Duration silence_max_;
  const parley::detail::HashSecrets secrets_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Place> hash_;
  Place used_ = 0;  // records there are, free ones included
  Place free_ = nowhere;
  Place first_ = nowhere;  // silent for longest
  Place last_ = nowhere;   // heard of last
  std::size_t size_ = 0;
};

}  // namespace parley::policy
