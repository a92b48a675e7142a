// TCPChan, version 0 (docs/protocols/tcpchan.md): channels over one stream, and little else. wire/mux.hpp has the
// calling sequence, and says of each member what it does, with these differences.
//
// - There is no flow control. What a peer sends has come, whether anybody wants it or not: at `unread_size_max` the
//   session ends. A driver that wants to hold the peer back stops reading from the stream, which stops all channels.
// - A channel closes in both directions at once: finish() answers error::unavailable, `closed` comes without
//   `finished`, and what is on its way to a side that has closed is lost.
// - Nothing says that a channel was refused or reset, or that the peer is alive: no `accepted`, no `reset`, no `pong`.
//   Channels of the peer above a limit are closed again.
// - Both sides may choose any number. Without one, this side takes odd numbers where it has connected and even ones
//   where it has accepted. Should the peer choose the same number at the same moment, the session ends.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/mux.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::wire {

/// One end of a session: a MuxCore. The one that has connected asks for the handshake; until it is `ready`, channels
/// can be opened, and nothing can be written to them.
class PARLEY_EXPORT TcpChan final {
 public:
  /// `seed`: random bits that the peer does not know; they decide where numbers fall in a table.
  TcpChan(MuxRole role, const MuxOptions& options, std::uint64_t seed);
  TcpChan(TcpChan&&) noexcept;
  TcpChan& operator=(TcpChan&&) noexcept;
  ~TcpChan();

  /// See MuxCore.
  void start(TimePoint now);
  void feed(std::span<const std::byte> bytes, TimePoint now);
  [[nodiscard]] MuxEvent next_event();
  [[nodiscard]] std::span<const std::byte> next_output() const noexcept;
  void wrote(std::size_t size) noexcept;
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
  void expire(TimePoint now);
  void note_delivery(std::uint64_t delivered, std::size_t undelivered, TimePoint now) noexcept;
  void set_reading(bool reads, TimePoint now) noexcept;
  void stream_ended(boost::system::error_code code, TimePoint now);

  /// `id`: any number that no open channel has.
  MuxOpened open(TimePoint now, std::optional<ChannelId> id = {});
  /// Nothing of it is on the wire.
  void accept(MuxChannel channel, TimePoint now);
  /// With `finish`, error::unavailable, and nothing is granted.
  MuxGrant reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint now);
  /// See MuxCore.
  MuxWritten write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint now);
  void want_turn(MuxChannel channel) noexcept;
  [[nodiscard]] bool has_turn() const noexcept;
  [[nodiscard]] MuxChannel next_turn() noexcept;
  void consume(MuxChannel channel, std::size_t size, TimePoint now);
  /// error::unavailable, as there is no such thing.
  boost::system::error_code finish(MuxChannel channel, TimePoint now);
  /// Both directions end, behind what was granted. Unread bytes need not be consumed any more.
  void close(MuxChannel channel, TimePoint now);
  /// As close(): the protocol makes no difference. The code of `closed` is error::closed.
  void reset(MuxChannel channel, TimePoint now);

  /// error::unavailable, as there is no such thing.
  boost::system::error_code ping(std::uint32_t value, TimePoint now);
  /// From now on channels that the peer opens are closed again. It is not told.
  void go_away(TimePoint now);

  /// See MuxCore.
  [[nodiscard]] std::size_t channel_count() const noexcept;
  [[nodiscard]] std::size_t unread_size() const noexcept;
  /// Nothing: there are no pings.
  [[nodiscard]] std::optional<Duration> round_trip() const noexcept { return std::nullopt; }
  /// 0: there are no windows.
  [[nodiscard]] std::uint32_t window_size(MuxChannel /*channel*/) const noexcept { return 0; }
  /// See MuxCore.
  [[nodiscard]] bool can_half_close() const noexcept { return false; }
  [[nodiscard]] const MuxCounters& counters() const noexcept;

 private:
  class PARLEY_HIDDEN Core;
  std::unique_ptr<Core> core_;
};

static_assert(MuxCore<TcpChan>);

}  // namespace parley::wire
