// AmqpMemory: what outlives one connection of a client's over a broker: which messages have come, so that one that the
// broker delivers again is known, and which have gone and are not confirmed.
#pragma once

#include <parley/message.hpp>
#include <parley/wire/request_metadata.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace parley::rpc::detail {

class AmqpMemory {
 public:
  /// So many messages that have come are known: more than the other side sends again after a lost connection, or those
  /// that it sends first would push out those that it sends next, and none of them would be known.
  static constexpr std::size_t seen_max = 65'536;
  /// So many may be unconfirmed before questions are refused.
  static constexpr std::size_t unconfirmed_count_max = 60'000;

  /// False: a message of that name has come before.
  bool is_new(const std::string& message_id) {
    if (message_id.empty()) return true;
    const Name name = name_of(message_id);
    if (!seen_.insert(name).second) return false;
    order_.push_back(name);
    if (order_.size() > seen_max) {
      seen_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

  /// A message that the broker has not confirmed.
  struct Unconfirmed {
    std::uint64_t number = 0;  // 0: not yet sent
    std::string message_id;
    std::string request_id;  // of a request; empty for anything else
    Message body;
  };

  /// Behind one that is not sent, none is.
  void add(Unconfirmed message) {
    if (message.number == 0) ++unsent_count_;
    unconfirmed_size_ += message.body.size();
    unconfirmed_.push_back(std::move(message));
  }
  void confirmed(std::uint64_t number) {
    // They are confirmed in about the order in which they were sent.
    for (auto at = unconfirmed_.begin(); at != unconfirmed_.end(); ++at) {
      if (at->number != number) continue;
      unconfirmed_size_ -= at->body.size();
      unconfirmed_.erase(at);
      return;
    }
  }
  /// The first that the channel had no room for: it and all behind it are not sent. Null: none.
  [[nodiscard]] const Unconfirmed* first_unsent() const noexcept {
    return unsent_count_ == 0 ? nullptr : &unconfirmed_[unconfirmed_.size() - unsent_count_];
  }
  /// That one has been.
  void sent(std::uint64_t number) noexcept { unconfirmed_[unconfirmed_.size() - unsent_count_--].number = number; }
  [[nodiscard]] std::size_t unsent_count() const noexcept { return unsent_count_; }
  /// Another channel goes on: from now on numbers are its own. Tells by what it is known as the last.
  [[nodiscard]] std::uint64_t begin_channel() noexcept { return ++last_channel_; }
  [[nodiscard]] bool is_last_channel(std::uint64_t channel) const noexcept { return channel == last_channel_; }

  /// All of them, in the order in which they were added.
  [[nodiscard]] std::deque<Unconfirmed> take_unconfirmed() {
    unsent_count_ = 0;
    unconfirmed_size_ = 0;
    return std::exchange(unconfirmed_, {});
  }
  [[nodiscard]] std::size_t unconfirmed_count() const noexcept { return unconfirmed_.size(); }
  [[nodiscard]] std::size_t unconfirmed_size() const noexcept { return unconfirmed_size_; }

  /// Of all that is remembered, about, in bytes.
  [[nodiscard]] std::size_t size() const noexcept {
    return sizeof *this + seen_.size() * size_of_seen + unconfirmed_.size() * sizeof(Unconfirmed) + unconfirmed_size_;
  }

 private:
  /// What is kept of a message's name: 32 digits, as all programs of this kind write them, or else a hash of it.
  using Name = wire::RequestId;
  static Name name_of(std::string_view message_id) noexcept {
    Name name;
    if (Name::parse(message_id, name)) return name;
    const std::hash<std::string_view> hash;
    return {hash(message_id), hash(message_id.substr(message_id.size() / 2))};
  }
  static_assert(std::has_unique_object_representations_v<Name>);
  struct HashOfName {
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&name), sizeof name});
    }
  };

  static constexpr std::size_t size_of_seen = 64;  // in the set and in the order

  std::unordered_set<Name, HashOfName> seen_;
  std::deque<Name> order_;
  std::deque<Unconfirmed> unconfirmed_;
  std::size_t unconfirmed_size_ = 0;
  std::size_t unsent_count_ = 0;
  std::uint64_t last_channel_ = 0;
};

}  // namespace parley::rpc::detail
