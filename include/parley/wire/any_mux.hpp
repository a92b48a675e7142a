// One object that speaks any protocol of channels, for those who learn which one when the program runs.
#pragma once

#include <parley/wire/mux.hpp>
#include <parley/wire/tcpchan.hpp>
#include <parley/wire/yamux.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace parley::wire {

/// One end of a session, in the dialect that the options name: a MuxCore.
class AnyMux {
 public:
  /// The protocols, in the order of MuxDialect.
  using Concrete = std::variant<Yamux, TcpChan>;

 private:
  static Concrete make(MuxRole role, const MuxOptions& options, std::uint64_t seed) {
    if (options.dialect == MuxDialect::tcpchan) return TcpChan{role, options, seed};
    return Yamux{role, options, seed};
  }

  template <class Self, class F>
  static decltype(auto) visit(Self& concrete, F&& f) {
    if (auto* const usual = std::get_if<Yamux>(&concrete)) [[likely]]
      return std::forward<F>(f)(*usual);
    return std::forward<F>(f)(*std::get_if<TcpChan>(&concrete));
  }

 public:
  /// `seed`: random bits that the peer does not know.
  AnyMux(MuxRole role, const MuxOptions& options, std::uint64_t seed) : concrete_{make(role, options, seed)} {}

  /// Which one it is.
  [[nodiscard]] MuxDialect which() const noexcept { return static_cast<MuxDialect>(concrete_.index()); }

  /// See MuxCore.
  void start(TimePoint now) {
    visit(concrete_, [&](auto& core) { core.start(now); });
  }
  void feed(std::span<const std::byte> bytes, TimePoint now) {
    visit(concrete_, [&](auto& core) { core.feed(bytes, now); });
  }
  [[nodiscard]] MuxEvent next_event() {
    return visit(concrete_, [](auto& core) { return core.next_event(); });
  }
  [[nodiscard]] std::span<const std::byte> next_output() const noexcept {
    return visit(concrete_, [](const auto& core) { return core.next_output(); });
  }
  void wrote(std::size_t size) noexcept {
    visit(concrete_, [&](auto& core) { core.wrote(size); });
  }
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept {
    return visit(concrete_, [](const auto& core) { return core.next_deadline(); });
  }
  void expire(TimePoint now) {
    visit(concrete_, [&](auto& core) { core.expire(now); });
  }
  void note_delivery(std::uint64_t delivered, std::size_t undelivered, TimePoint now) noexcept {
    visit(concrete_, [&](auto& core) { core.note_delivery(delivered, undelivered, now); });
  }
  void set_reading(bool reads, TimePoint now) noexcept {
    visit(concrete_, [&](auto& core) { core.set_reading(reads, now); });
  }
  void stream_ended(boost::system::error_code code, TimePoint now) {
    visit(concrete_, [&](auto& core) { core.stream_ended(code, now); });
  }
  MuxOpened open(TimePoint now, std::optional<ChannelId> id = {}) {
    return visit(concrete_, [&](auto& core) { return core.open(now, id); });
  }
  void accept(MuxChannel channel, TimePoint now) {
    visit(concrete_, [&](auto& core) { core.accept(channel, now); });
  }
  MuxGrant reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint now) {
    return visit(concrete_, [&](auto& core) { return core.reserve(channel, size, finish, now); });
  }
  MuxWritten write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint now) {
    return visit(concrete_, [&](auto& core) { return core.write(channel, bytes, now); });
  }
  void want_turn(MuxChannel channel) noexcept {
    visit(concrete_, [&](auto& core) { core.want_turn(channel); });
  }
  [[nodiscard]] bool has_turn() const noexcept {
    return visit(concrete_, [](const auto& core) { return core.has_turn(); });
  }
  [[nodiscard]] MuxChannel next_turn() noexcept {
    return visit(concrete_, [](auto& core) { return core.next_turn(); });
  }
  void consume(MuxChannel channel, std::size_t size, TimePoint now) {
    visit(concrete_, [&](auto& core) { core.consume(channel, size, now); });
  }
  boost::system::error_code finish(MuxChannel channel, TimePoint now) {
    return visit(concrete_, [&](auto& core) { return core.finish(channel, now); });
  }
  void close(MuxChannel channel, TimePoint now) {
    visit(concrete_, [&](auto& core) { core.close(channel, now); });
  }
  void reset(MuxChannel channel, TimePoint now) {
    visit(concrete_, [&](auto& core) { core.reset(channel, now); });
  }
  boost::system::error_code ping(std::uint32_t value, TimePoint now) {
    return visit(concrete_, [&](auto& core) { return core.ping(value, now); });
  }
  void go_away(TimePoint now) {
    visit(concrete_, [&](auto& core) { core.go_away(now); });
  }
  [[nodiscard]] std::size_t channel_count() const noexcept {
    return visit(concrete_, [](const auto& core) { return core.channel_count(); });
  }
  [[nodiscard]] std::size_t unread_size() const noexcept {
    return visit(concrete_, [](const auto& core) { return core.unread_size(); });
  }
  [[nodiscard]] std::optional<Duration> round_trip() const noexcept {
    return visit(concrete_, [](const auto& core) { return core.round_trip(); });
  }
  [[nodiscard]] std::uint32_t window_size(MuxChannel channel) const noexcept {
    return visit(concrete_, [&](const auto& core) { return core.window_size(channel); });
  }
  [[nodiscard]] bool can_half_close() const noexcept {
    return visit(concrete_, [](const auto& core) { return core.can_half_close(); });
  }
  [[nodiscard]] const MuxCounters& counters() const noexcept {
    return visit(concrete_, [](const auto& core) -> const MuxCounters& { return core.counters(); });
  }

 private:
  Concrete concrete_;
};

static_assert(MuxCore<AnyMux>);

}  // namespace parley::wire
