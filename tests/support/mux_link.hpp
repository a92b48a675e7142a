// A sender and a receiver of one yamux channel, over a link of a given rate and delay. Time is made up, and payload is
// zeros that are never copied, so that seconds at a gigabit take a moment.
#pragma once

#include <parley/wire/yamux.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace parley::test {

class MuxLink {
 public:
  /// `bytes_per_second` from sender to receiver; `delay` is of each way.
  MuxLink(double bytes_per_second, Duration delay, const MuxOptions& options)
      : sender{MuxRole::client, options, 1},
        receiver{MuxRole::server, options, 2},
        seconds_per_byte_{1 / bytes_per_second},
        delay_{delay} {
    sender.start(now_);
    receiver.start(now_);
    // As between real programs, the first pings meet no queues.
    for (int i = 0; i < 10; ++i, now_ += delay) carry();
    channel_ = sender.open(now_).channel;
  }

  /// Sends without end, for so long; returns how many bytes were received meanwhile.
  std::uint64_t run(Duration span, Duration step) {
    const std::uint64_t before = received_;
    for (const TimePoint until = now_ + span; now_ < until; now_ += step) {
      carry();
      send();
    }
    return received_ - before;
  }

  [[nodiscard]] std::uint32_t window() const { return receiver.window_size(received_channel_); }

  wire::Yamux sender;
  wire::Yamux receiver;

 private:
  struct Piece {
    TimePoint when;
    std::vector<std::byte> bytes;
    std::uint32_t zeros;
  };

  void carry() {
    deliver(to_receiver_, receiver);
    deliver(to_sender_, sender);
    say(receiver, to_sender_);
    say(sender, to_receiver_);
  }

  void deliver(std::deque<Piece>& pieces, wire::Yamux& to) {
    static const std::array<std::byte, 64 * 1024> zeros{};
    for (; !pieces.empty() && pieces.front().when <= now_; pieces.pop_front()) {
      hear(to, pieces.front().bytes);
      if (pieces.front().zeros != 0) hear(to, std::span{zeros}.first(pieces.front().zeros));
    }
  }

  void hear(wire::Yamux& to, std::span<const std::byte> bytes) {
    to.feed(bytes, now_);
    while (const auto event = to.next_event()) {
      if (event.kind == wire::MuxEvent::Kind::opened) {
        received_channel_ = event.channel;
        to.accept(event.channel, now_);
      }
      if (event.kind != wire::MuxEvent::Kind::data) continue;
      received_ += event.bytes.size();
      to.consume(event.channel, event.bytes.size(), now_);
    }
  }

  void say(wire::Yamux& from, std::deque<Piece>& pieces) {
    const auto output = from.next_output();
    if (output.empty()) return;
    put(pieces, {{}, {output.begin(), output.end()}, 0});
    from.wrote(output.size());
  }

  void send() {
    constexpr auto buffered = std::chrono::milliseconds{1};  // in front of the link
    while (free_at_ < now_ + buffered) {
      const auto grant = sender.reserve(channel_, 64 * 1024, false, now_);
      if (grant.size == 0 && !sender.next_turn()) return;
      if (grant.size == 0) continue;
      put(to_receiver_, {{}, {grant.header().begin(), grant.header().end()}, grant.size});
    }
  }

  void put(std::deque<Piece>& pieces, Piece piece) {
    piece.when = now_ + delay_;
    if (&pieces == &to_receiver_) {
      const double seconds = static_cast<double>(piece.bytes.size() + piece.zeros) * seconds_per_byte_;
      free_at_ =
          std::max(free_at_, now_) + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
      piece.when = free_at_ + delay_;
    }
    pieces.push_back(std::move(piece));
  }

  double seconds_per_byte_;
  Duration delay_;
  TimePoint now_{std::chrono::hours{1}};
  TimePoint free_at_{};
  wire::MuxChannel channel_;
  wire::MuxChannel received_channel_;
  std::deque<Piece> to_receiver_;
  std::deque<Piece> to_sender_;
  std::uint64_t received_ = 0;
};

}  // namespace parley::test
