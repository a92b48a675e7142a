// What fuzz targets of channels have in common: one core whose peer is the input, and two cores whose programs are.
#pragma once

#include "require.hpp"
#include "tests/support/mux_wire_checker.hpp"

#include <parley/error.hpp>
#include <parley/wire/mux.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace parley::fuzz {

using MuxKind = wire::MuxEvent::Kind;

/// Small limits, so that they are met.
inline MuxOptions mux_fuzz_options(unsigned choice) {
  MuxOptions options;
  options.handshake_ping = (choice & 1) != 0;
  options.channels_max = 8;
  options.accept_backlog = 4;
  options.unacknowledged_max = 4;
  options.resets_burst = 8;
  options.strays_max = 8;
  options.unread_size_max = (choice & 2) != 0 ? 600 : 600'000;
  options.answers_size_max = 240;
  options.output_high_water_size = 4096;
  options.write_quantum = 100;
  options.window_initial = (choice & 4) != 0 ? 300'000 : 262'144;
  return options;
}

/// Everything that a core has told of its channels, held against the rules of wire/mux.hpp.
class MuxListener {
 public:
  void hear(const wire::MuxEvent& event) {
    require(!has_ended_ || event.kind == MuxKind::closed);
    switch (event.kind) {
      case MuxKind::ended: has_ended_ = true; break;
      case MuxKind::opened: require(channels_.emplace(event.id, Channel{event.channel, {}, 0, false}).second); break;
      case MuxKind::data:
        at(event).bytes.append(reinterpret_cast<const char*>(event.bytes.data()), event.bytes.size());
        at(event).unread += event.bytes.size();
        require(!at(event).is_finished);
        break;
      case MuxKind::finished:
        require(!at(event).is_finished);
        at(event).is_finished = true;
        break;
      case MuxKind::closed:
        all_ += at(event).bytes + '|' + std::to_string(event.id) + ';';
        channels_.erase(event.id);
        break;
      case MuxKind::reset:
      case MuxKind::accepted:
      case MuxKind::window_grew: (void)at(event); break;
      default: break;
    }
  }
  void own(const wire::MuxOpened& opened) {
    if (!opened.code) require(channels_.emplace(opened.id, Channel{opened.channel, {}, 0, false}).second);
  }

  struct Channel {
    wire::MuxChannel handle;
    std::string bytes;
    std::size_t unread;
    bool is_finished;
  };
  [[nodiscard]] std::map<wire::ChannelId, Channel>& channels() { return channels_; }
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  /// What came on which channel.
  [[nodiscard]] std::string all() const {
    std::string text = all_;
    for (const auto& [id, channel] : channels_) text += channel.bytes + '|' + std::to_string(id) + ';';
    return text + (has_ended_ ? "ended" : "");
  }

 private:
  Channel& at(const wire::MuxEvent& event) {
    const auto found = channels_.find(event.id);
    require(found != channels_.end() && found->second.handle == event.channel);
    return found->second;
  }

  std::map<wire::ChannelId, Channel> channels_;
  std::string all_;
  bool has_ended_ = false;
};

/// The input is what the peer sends, in pieces of a size. The program takes every other byte and answers nothing.
template <class Core>
std::string hear_mux_bytes(std::span<const std::byte> input, unsigned choice, std::size_t piece_size,
                           bool ready_first) {
  const TimePoint now{std::chrono::hours{1}};
  const MuxRole role = (choice & 8) != 0 ? MuxRole::client : MuxRole::server;
  Core core{role, mux_fuzz_options(choice), 1};
  MuxListener listener;
  core.start(now);
  if (ready_first) listener.own(core.open(now));
  while (!input.empty()) {
    const auto piece = input.first(std::min(piece_size, input.size()));
    const std::vector<std::byte> exact(piece.begin(), piece.end());
    core.feed(exact, now);
    while (const auto event = core.next_event()) {
      if (event.kind == MuxKind::opened && event.id % 4 < 2) core.accept(event.channel, now);
      listener.hear(event);
    }
    input = input.subspan(piece.size());
    require(core.next_output().size() <= 8192);
    require(core.channel_count() <= 8);
    require(core.unread_size() <= mux_fuzz_options(choice).unread_size_max);
  }
  const std::string all = listener.all();
  core.stream_ended({}, now);
  while (const auto event = core.next_event()) listener.hear(event);
  require(listener.has_ended() && listener.channels().empty() && core.channel_count() == 0);
  return all;
}

/// First byte: options; second: the size of pieces. The same has to come of the same bytes however they are cut.
template <class Core>
void expect_sound_mux_bytes(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return;
  const auto input = std::as_bytes(std::span{data, size}).subspan(2);
  const bool opens = (data[0] & 16) != 0;
  const std::string whole = hear_mux_bytes<Core>(input, data[0], input.size() + 1, opens);
  require(whole == hear_mux_bytes<Core>(input, data[0], 1U + data[1] % 40U, opens));
}

/// Two ends and what goes between them, driven by the input: two bytes are an operation.
template <class Core, class Checker>
class MuxPair {
 public:
  explicit MuxPair(unsigned choice) : ends_{End{MuxRole::client, choice}, End{MuxRole::server, choice}} {
    for (End& end : ends_) end.core.start(now_);
  }

  void operate(std::uint8_t what, std::uint8_t how) {
    End& end = ends_[what & 1];
    const auto picked = pick(end, how);
    switch (what >> 1 & 15) {
      case 0: end.listener.own(end.core.open(now_)); break;
      case 1:
      case 2: write(end, picked, how * 20U); break;
      case 3: write(end, picked, how * 2000U); break;
      case 4:
        if (picked) end.core.accept(*picked, now_);
        break;
      case 5:
        if (picked) (void)end.core.finish(*picked, now_);
        break;
      case 6:
        if (picked) end.core.close(*picked, now_), forget_unread(end, *picked);
        break;
      case 7:
        if (picked) end.core.reset(*picked, now_), forget_unread(end, *picked);
        break;
      case 8:
      case 9: consume(end, picked, how * 1000U); break;
      case 10: (void)end.core.ping(how, now_); break;
      case 11:
        if (how > 200) end.core.go_away(now_);
        break;
      case 12:
        now_ += std::chrono::milliseconds{how * how};
        for (End& each : ends_) each.core.expire(now_), listen(each);
        break;
      case 13:
        if (const auto channel = end.core.next_turn()) write(end, channel, how * 100U);
        break;
      default: carry(what & 1, how * 100U + 1); break;
    }
    listen(end);
    check();
  }

  /// Everything is carried, and then the stream ends.
  void end() {
    for (int i = 0; i < 20; ++i) carry(0, ~std::size_t{0}), carry(1, ~std::size_t{0});
    for (End& end : ends_) {
      end.core.stream_ended({}, now_);
      listen(end);
      require(end.listener.has_ended() && end.listener.channels().empty() && end.core.channel_count() == 0);
    }
    check();
  }

 private:
  struct End {
    End(MuxRole role, unsigned choice)
        : core{role, mux_fuzz_options(choice), 1}, checker{role == MuxRole::client, 16 << 20} {}
    Core core;
    MuxListener listener;
    Checker checker;
  };

  static std::optional<wire::MuxChannel> pick(End& end, unsigned how) {
    auto& channels = end.listener.channels();
    if (channels.empty()) return std::nullopt;
    auto at = channels.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(how % channels.size()));
    return at->second.handle;
  }

  void write(End& end, std::optional<wire::MuxChannel> channel, std::size_t size) {
    if (!channel) return;
    static const std::vector<std::byte> zeros(600'000);
    (void)end.core.write(*channel, std::span{zeros}.first(size), now_);
  }
  void consume(End& end, std::optional<wire::MuxChannel> channel, std::size_t size) {
    if (!channel) return;
    for (auto& [id, each] : end.listener.channels()) {
      if (!(each.handle == *channel)) continue;
      const std::size_t count = std::min(size, each.unread);
      each.unread -= count;
      end.core.consume(*channel, count, now_);
    }
  }
  void forget_unread(End& end, wire::MuxChannel channel) {
    for (auto& [id, each] : end.listener.channels()) {
      if (each.handle == channel) each.unread = 0;
    }
  }
  void listen(End& end) {
    while (const auto event = end.core.next_event()) {
      // Limits may be passed, but neither side ever breaks the protocol.
      require(event.kind != MuxKind::ended || (event.code != error::malformed && event.code != error::window_exceeded));
      end.listener.hear(event);
    }
  }
  void carry(unsigned from, std::size_t size) {
    End& source = ends_[from];
    End& target = ends_[1 - from];
    const auto output = source.core.next_output();
    const auto piece = output.first(std::min(size, output.size()));
    const std::vector<std::byte> exact(piece.begin(), piece.end());
    source.checker.said(exact);
    source.core.wrote(exact.size());
    target.checker.heard(exact);
    target.core.feed(exact, now_);
    listen(target);
  }
  void check() {
    for (End& end : ends_) {
      require(end.checker.problem().empty());
      require(end.core.channel_count() <= 8);
      require(end.core.next_output().size() <= 4096 + 65'536 + 20'000);
    }
  }

  TimePoint now_{std::chrono::hours{1}};
  End ends_[2];
};

/// First byte: options; then operations.
template <class Core, class Checker>
void expect_sound_mux_operations(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return;
  MuxPair<Core, Checker> pair{data[0]};
  for (std::size_t i = 1; i + 1 < size; i += 2) pair.operate(data[i], data[i + 1]);
  pair.end();
}

}  // namespace parley::fuzz
