// AmqpMemory: what outlives one connection of a client's over a broker: which messages have come, so that one that the
// broker delivers again is known, and which have gone and are not confirmed.
#pragma once

#include <parley/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace parley::rpc::detail {

class AmqpMemory {
 public:
  /// False: a message of that name has come before.
  bool is_new(const std::string& message_id) {
    if (message_id.empty()) return true;
    if (!seen_.insert(message_id).second) return false;
    order_.push_back(message_id);
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
  /// One that the channel had no room for.
  [[nodiscard]] std::optional<Unconfirmed> take_unsent() {
    if (unsent_count_ == 0) return std::nullopt;
    const auto at =
        std::find_if(unconfirmed_.begin(), unconfirmed_.end(), [](const auto& each) { return each.number == 0; });
    Unconfirmed unsent = std::move(*at);
    unconfirmed_.erase(at);
    unconfirmed_size_ -= unsent.body.size();
    --unsent_count_;
    return unsent;
  }
  [[nodiscard]] std::size_t unsent_count() const noexcept { return unsent_count_; }
  /// All of them, in the order in which they were added.
  [[nodiscard]] std::deque<Unconfirmed> take_unconfirmed() {
    unsent_count_ = 0;
    unconfirmed_size_ = 0;
    return std::exchange(unconfirmed_, {});
  }
  [[nodiscard]] std::size_t unconfirmed_count() const noexcept { return unconfirmed_.size(); }
  [[nodiscard]] std::size_t unconfirmed_size() const noexcept { return unconfirmed_size_; }

 private:
  static constexpr std::size_t seen_max = 16'384;

  std::unordered_set<std::string> seen_;
  std::deque<std::string> order_;
  std::deque<Unconfirmed> unconfirmed_;
  std::size_t unconfirmed_size_ = 0;
  std::size_t unsent_count_ = 0;
};

}  // namespace parley::rpc::detail
