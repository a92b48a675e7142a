// yamux, version 0 (docs/protocols/yamux.md): channels with flow control over one stream. wire/mux.hpp has the calling
// sequence, and says of each member what it does.
//
// Receiving copies nothing and keeps nothing: next_event() reads on in what was fed, and `data` events are views into
// it. Of a frame in pieces only an unfinished header is kept, twelve bytes at most. So a frame may be as large as the
// window, whatever the size of the reads.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/mux.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::wire {

/// One end of a session: a MuxCore.
class PARLEY_EXPORT Yamux final {
 public:
  /// `seed`: random bits that the peer does not know; they decide where numbers fall in a table, and when pings are
  /// due.
  Yamux(MuxRole role, const MuxOptions& options, std::uint64_t seed);
  Yamux(Yamux&&) noexcept;
  Yamux& operator=(Yamux&&) noexcept;
  ~Yamux();

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

  /// `id`: of this role's parity, and above all that were opened before.
  MuxOpened open(TimePoint now, std::optional<ChannelId> id = {});
  /// See MuxCore.
  void accept(MuxChannel channel, TimePoint now);
  MuxGrant reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint now);
  MuxWritten write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint now);
  void want_turn(MuxChannel channel) noexcept;
  [[nodiscard]] bool has_turn() const noexcept;
  [[nodiscard]] MuxChannel next_turn() noexcept;
  void consume(MuxChannel channel, std::size_t size, TimePoint now);
  boost::system::error_code finish(MuxChannel channel, TimePoint now);
  void close(MuxChannel channel, TimePoint now);
  void reset(MuxChannel channel, TimePoint now);

  /// See MuxCore.
  boost::system::error_code ping(std::uint32_t value, TimePoint now);
  void go_away(TimePoint now);

  /// See MuxCore.
  [[nodiscard]] std::size_t channel_count() const noexcept;
  [[nodiscard]] std::size_t unread_size() const noexcept;
  [[nodiscard]] std::optional<Duration> round_trip() const noexcept;
  [[nodiscard]] std::uint32_t window_size(MuxChannel channel) const noexcept;
  [[nodiscard]] bool can_half_close() const noexcept { return true; }
  [[nodiscard]] const MuxCounters& counters() const noexcept;

 private:
  class PARLEY_HIDDEN Core;
  std::unique_ptr<Core> core_;
};

static_assert(MuxCore<Yamux>);

}  // namespace parley::wire
