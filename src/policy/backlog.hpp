// Backlog: messages that no peer's queue has taken yet, in the order in which they were sent. Those that have been
// accepted are kept until a peer comes; behind them stand those whose senders wait to be accepted.
#pragma once

#include "detail/ring.hpp"

#include <parley/identity.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

namespace parley::policy {

using OperationId = std::uint64_t;  // 0: none

/// What a call may say about one message.
struct SendSettings {
  unsigned sent_max = 0;                 // at-least-once: how often at most; 0: as the socket's options say
  TimePoint expires = TimePoint::max();  // not sent from then on
  OperationId confirms = 0;              // the operation that waits for the acknowledgement
};

struct PendingMessage {
  Message body;
  std::optional<Identity> to;  // none: by the socket's mode
  SendSettings settings;
  OperationId waits = 0;  // the operation that waits for this one to be accepted
};

class Backlog {
 public:
  void add(PendingMessage message) {
    if (message.waits == 0) {
      kept_size_ += message.body.size();
      ++kept_count_;
    }
    count_in(message);
    messages_.emplace_back(std::move(message));
  }
  void add_front(PendingMessage message) {
    kept_size_ += message.body.size();
    ++kept_count_;
    count_in(message);
    messages_.emplace_front(std::move(message));
  }

  /// It is accepted: its sender waits no more.
  OperationId accept(std::size_t index) {
    PendingMessage& accepted = messages_[index];
    kept_size_ += accepted.body.size();
    ++kept_count_;
    return std::exchange(accepted.waits, 0);
  }
  PendingMessage take(std::size_t index) {
    PendingMessage taken = index == 0 ? messages_.take_front() : messages_.take(index);
    if (taken.waits == 0) {
      kept_size_ -= taken.body.size();
      --kept_count_;
    }
    count_out(taken);
    return taken;
  }

  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return messages_.size(); }
  [[nodiscard]] PendingMessage& operator[](std::size_t index) noexcept { return messages_[index]; }
  /// Some are for this peer.
  [[nodiscard]] bool has_any_for(const Identity& identity) const noexcept { return counts_by_peer_.contains(identity); }
  /// Some are for a peer of which that is so.
  template <class Predicate>
  [[nodiscard]] bool has_any_for(Predicate&& is_so) const noexcept requires std::predicate<Predicate, const Identity&> {
    return std::any_of(counts_by_peer_.begin(), counts_by_peer_.end(),
                       [&](const auto& each) { return is_so(each.first); });
  }
  /// Some are for whichever peer comes first.
  [[nodiscard]] bool has_any_by_mode() const noexcept { return by_mode_count_ > 0; }

  /// Of those that were accepted.
  [[nodiscard]] std::size_t kept_size() const noexcept { return kept_size_; }
  [[nodiscard]] std::size_t kept_count() const noexcept { return kept_count_; }
  [[nodiscard]] bool has_waiting() const noexcept { return messages_.size() > kept_count_; }

 private:
  void count_in(const PendingMessage& message) {
    if (message.to) {
      ++counts_by_peer_[*message.to];
    } else {
      ++by_mode_count_;
    }
  }
  void count_out(const PendingMessage& message) {
    if (!message.to) {
      --by_mode_count_;
    } else if (const auto found = counts_by_peer_.find(*message.to); --found->second == 0) {
      counts_by_peer_.erase(found);
    }
  }

  detail::Ring<PendingMessage> messages_;
  std::unordered_map<Identity, std::size_t> counts_by_peer_;  // none is 0
  std::size_t kept_size_ = 0;
  std::size_t kept_count_ = 0;
  std::size_t by_mode_count_ = 0;
};

}  // namespace parley::policy
