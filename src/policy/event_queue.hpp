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
  /// `size_max`: bytes of the messages that events carry.
  EventQueue(std::size_t count_max, std::size_t size_max) noexcept : count_max_{count_max}, size_max_{size_max} {}

  void add(SocketEvent event) {
    bodies_size_ += event.message.size();
    events_.emplace_back(std::move(event));
    while (events_.size() > count_max_ || (bodies_size_ > size_max_ && events_.size() > 1)) {
      (void)take();
      ++missed_;
    }
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
    bodies_size_ -= events_.front().message.size();
    return events_.take_front();
  }
  [[nodiscard]] bool empty() const noexcept { return events_.empty(); }
  /// How many were dropped because nobody asked.
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

 private:
  const std::size_t count_max_;
  const std::size_t size_max_;
  detail::Ring<SocketEvent> events_;
  std::size_t bodies_size_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace parley::policy
