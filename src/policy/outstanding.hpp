// Outstanding: messages that were sent and have not been acknowledged (docs/protocols/aiomsg.md section 4).
//
// Ids are a random half, the same for all of a socket's life, and a counter: so the message that an acknowledgement is
// for is found by arithmetic. Messages wait in the order in which they were last sent, which is the order in which they
// fall due, as all wait equally long.
//
// Keys are consecutive, so most messages lie in a ring. One that stays while thousands come and go is put aside, or the
// ring would grow with all that were sent since.
//
// Invariant: a message is on exactly one of the two lists: sent (it has a link), or stranded (its link has gone).
#pragma once

#include "detail/ring.hpp"
#include "policy/link_id.hpp"

#include <parley/identity.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>
#include <parley/wire/peer_frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace parley::policy {

/// One message until it is acknowledged or given up.
struct OutstandingMessage {
  Message body;
  LinkId link;                        // it was last sent over; not set: stranded
  std::array<Identity, 2> sent_to{};  // the last peers that it was sent to: only they can acknowledge it
  std::optional<Identity> to;         // whoever else may not have it
  std::uint64_t operation = 0;        // that waits for the acknowledgement; 0: none
  unsigned sent_count = 0;
  unsigned sent_max = 0;
  TimePoint sent_at{};
  TimePoint expires = TimePoint::max();  // not sent again from then on

  [[nodiscard]] bool was_sent_to(const Identity& peer) const noexcept {
    return sent_to[0] == peer || sent_to[1] == peer;
  }
};

class Outstanding {
 public:
  using Key = std::uint64_t;  // the counter in the id

  explicit Outstanding(std::uint64_t seed) noexcept : half_{seed} {}

  /// Keeps the message, which is being sent over its `link` at `now`.
  Key add(OutstandingMessage message, TimePoint now);
  /// It is being sent once more, to `peer` over `link`.
  void sent_again(Key key, const Identity& peer, LinkId link, TimePoint now);
  /// It could not be sent again now: its turn comes after all others.
  void postpone(Key key, TimePoint now);
  /// Null when it is not, or no longer, outstanding.
  [[nodiscard]] OutstandingMessage* find(Key key) noexcept;
  /// The one whose acknowledgement that operation waits for; linear.
  [[nodiscard]] OutstandingMessage* find_operation(std::uint64_t operation) noexcept;
  [[nodiscard]] std::optional<Key> key_of(const wire::MessageId& id) const noexcept;
  [[nodiscard]] wire::MessageId id_of(Key key) const noexcept;
  /// It is acknowledged, or given up.
  OutstandingMessage remove(Key key);

  /// The link has gone: its messages are stranded, in the order in which they were sent first.
  void strand(LinkId link);
  /// Stranded ones, in order: the first, and the next behind `key`.
  [[nodiscard]] std::optional<Key> first_stranded() const noexcept { return first_of(stranded_); }
  [[nodiscard]] std::optional<Key> next_stranded(Key key) const noexcept;
  /// The one that was sent first of those that have a link.
  [[nodiscard]] std::optional<Key> longest_sent() const noexcept { return first_of(sent_); }

  template <class F>
  void for_each(F&& f) {
    for (auto& [key, entry] : stragglers_) f(entry.message);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].is_used) f(entries_[i].message);
    }
  }
  void clear() noexcept;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  static constexpr Key none = ~Key{0};
  struct List {
    Key first = none;
    Key last = none;
  };
  struct Entry {
    OutstandingMessage message;
    Key previous = none;
    Key next = none;
    bool is_used = false;
  };

  static std::optional<Key> first_of(const List& list) noexcept {
    return list.first == none ? std::nullopt : std::optional{list.first};
  }
  [[nodiscard]] Entry& entry(Key key) noexcept {
    return key < first_key_ ? stragglers_.find(key)->second : entries_[static_cast<std::size_t>(key - first_key_)];
  }
  [[nodiscard]] const Entry& entry(Key key) const noexcept {
    return key < first_key_ ? stragglers_.find(key)->second : entries_[static_cast<std::size_t>(key - first_key_)];
  }
  [[nodiscard]] bool is_sparse() const noexcept;
  void put_stragglers_aside();
  void strand_one(Key key, Entry& lost, Key& before) noexcept;
  [[nodiscard]] List& list_of(const Entry& e) noexcept { return e.message.link.is_set() ? sent_ : stranded_; }
  void link_before(List& list, Key key, Key before) noexcept;
  void unlink(List& list, Key key) noexcept;

  const std::uint64_t half_;
  detail::Ring<Entry> entries_;  // of consecutive keys, from first_key_ on; those in the middle may be unused
  Key first_key_ = 0;
  std::map<Key, Entry> stragglers_;  // of lower keys
  List sent_;
  List stranded_;
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

}  // namespace parley::policy
