// EventQueue: what a socket tells, until it is asked. Drops of the same peer for the same reason are counted in one
// event as long as that waits: a slow peer may cause millions a second.
#pragma once

#include "detail/ring.hpp"

#include <parley/policy/socket_event.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace parley::policy {

class EventQueue {
 public:
  explicit EventQueue(std::size_t count_max) noexcept : count_max_{count_max} {}

  void add(SocketEvent event) {
    if (events_.size() == count_max_) {
      events_.pop_front();
      ++missed_;
    }
    events_.emplace_back(std::move(event));
  }

  void add_dropped(const Identity& identity, boost::system::error_code cause, std::uint64_t count) {
    // Peers are few that drop at the same time; the last events are the likely place.
    constexpr std::size_t looked_at_max = 16;
    for (std::size_t i = events_.size(); i > 0 && events_.size() - i < looked_at_max; --i) {
      SocketEvent& event = events_[i - 1];
      if (event.kind != SocketEvent::Kind::dropped || event.identity != identity || event.cause != cause) continue;
      event.count += count;
      return;
    }
    SocketEvent event;
    event.kind = SocketEvent::Kind::dropped;
    event.identity = identity;
    event.cause = cause;
    event.sentence = cause.message();
    event.count = count;
    add(std::move(event));
  }

  [[nodiscard]] std::optional<SocketEvent> take() {
    if (events_.empty()) return std::nullopt;
    return events_.take_front();
  }
  [[nodiscard]] bool empty() const noexcept { return events_.empty(); }
  /// How many were dropped because nobody asked.
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

 private:
  const std::size_t count_max_;
  detail::Ring<SocketEvent> events_;
  std::uint64_t missed_ = 0;
};

}  // namespace parley::policy
