// yamux, version 0 (docs/protocols/yamux.md): channels with flow control over one stream. wire/mux.hpp has the calling
// sequence.
//
// Receiving copies nothing and keeps nothing: next_event() reads on in what was fed, and `data` events are views into
// it. Of a frame in pieces only an unfinished header is kept, twelve bytes at most. So a frame may be as large as the
// window, whatever the size of the reads.
//
// Not thread-safe. Peer input makes no call throw; std::bad_alloc apart.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/mux.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::wire {

/// One end of a session.
class PARLEY_EXPORT Yamux final {
 public:
  /// `seed`: random bits that the peer does not know.
  Yamux(MuxRole role, const MuxOptions& options, std::uint64_t seed);
  Yamux(Yamux&&) noexcept;
  Yamux& operator=(Yamux&&) noexcept;
  ~Yamux();

  // --- the stream ---------------------------------------------------------------------------------------------------

  /// Once, before anything else: the stream is there.
  void start(TimePoint now);

  /// What has been read from the stream. It has to stay as it is until next_event() has said that there is nothing
  /// more; only then comes the next. Allocates nothing.
  void feed(std::span<const std::byte> bytes, TimePoint now);

  /// The next thing that has happened, or one of Kind::none. Between two calls any other may be made.
  [[nodiscard]] MuxEvent next_event();

  /// What is to be written before anything else; good until the next call of the core. Take it only as the stream has
  /// room, or what the limits bound here would pile up there.
  [[nodiscard]] std::span<const std::byte> next_output() const noexcept;

  /// So much of that has been written, or is sure to be before all that comes later.
  void wrote(std::size_t size) noexcept;

  /// When expire() is to be called although nothing has happened; it may turn out that there was nothing to do.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;

  /// Carries out what is due: time-outs, and pings.
  void expire(TimePoint now);

  /// false: the driver does not read from the stream for now, so that a silent peer may not be to blame for it.
  void set_reading(bool reads, TimePoint now) noexcept;

  /// There will be no more input. Without a code: the peer has ended the stream in order. All that was fed has been
  /// read by next_event() before. The session has ended: error::closed, truncated, handshake_failed, or `code`.
  void stream_ended(boost::system::error_code code, TimePoint now);

  // --- channels -----------------------------------------------------------------------------------------------------

  /// A new channel, which may be written to at once. Without `id` it has the next number. An `id` is of this role's
  /// parity and above all that were opened before; anything else is std::invalid_argument.
  /// Errors: full (it may be tried again after an `accepted` or `closed`), going_away, channels_exhausted.
  MuxOpened open(TimePoint now, std::optional<ChannelId> id = {});

  /// Takes a channel that the peer has opened, and lets it have its whole window. A first write does so too.
  void accept(MuxChannel channel, TimePoint now);

  /// How many of `size` bytes may go now, and the header that goes before them. The caller puts both on the wire,
  /// behind all of next_output(). `finish`: if all of it may go, that is the end of this direction; with a size of 0 it
  /// always may. Less than asked for, and the channel is remembered: next_turn() will name it when there is window and
  /// it is its turn. Allocates nothing.
  /// Errors: send_ended; closed, channel_reset, …: why the channel is over; why the session has ended.
  MuxGrant reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint now);

  /// The same for programs that would copy anyway: as much as may go is copied into next_output(), behind its headers.
  MuxWritten write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint now);

  /// Asks for a turn without writing: the driver has something for this channel, and no room in its stream.
  void want_turn(MuxChannel channel) noexcept;

  /// Whether next_turn() would name a channel if there were room.
  [[nodiscard]] bool has_turn() const noexcept;

  /// The next channel that had to stop and may write on, or none. It may write `write_quantum` now; if it wants more it
  /// comes again, after the others. To be asked whenever the stream has room, until the answer is none. None, too,
  /// while next_output() is above its mark.
  [[nodiscard]] MuxChannel next_turn() noexcept;

  /// The application has taken `size` more bytes of what came as `data`. Credit to the peer comes of it, and larger
  /// windows. Also of channels that have been closed meanwhile; of ones that are not there any more it does nothing.
  void consume(MuxChannel channel, std::size_t size, TimePoint now);

  /// The end of this direction; the peer's goes on. All that was to be written has been granted before.
  /// Errors: as reserve().
  boost::system::error_code finish(MuxChannel channel, TimePoint now);

  /// The application is done with the channel: this direction ends (if it has not), and whatever still comes is dropped
  /// until the peer has finished too, for `close_time_max` at most. Unread bytes need not be consumed any more.
  void close(MuxChannel channel, TimePoint now);

  /// Both directions end at once. Of a channel that was not accepted: refuses it.
  void reset(MuxChannel channel, TimePoint now);

  // --- the session --------------------------------------------------------------------------------------------------

  /// Asks the peer for an answer, a `pong` of this value. Errors: full (16 are under way); why the session has ended.
  boost::system::error_code ping(std::uint32_t value, TimePoint now);

  /// Takes no new channels of the peer from now on, and tells it so. Those that are open go on. When channel_count() is
  /// 0 and the output written, the stream can be closed with nothing lost.
  void go_away(TimePoint now);

  /// Channels that are open, of both sides.
  [[nodiscard]] std::size_t channel_count() const noexcept;
  /// Bytes that were given out and are not consumed, of all channels.
  [[nodiscard]] std::size_t unread_size() const noexcept;
  /// The shortest round trip that was measured.
  [[nodiscard]] std::optional<Duration> round_trip() const noexcept;
  /// How large the receive window of an open channel is, in bytes; 0 if it is not open.
  [[nodiscard]] std::uint32_t window_size(MuxChannel channel) const noexcept;
  /// Whether finish() leaves the other direction open.
  [[nodiscard]] bool can_half_close() const noexcept { return true; }
  /// Up to now.
  [[nodiscard]] const MuxCounters& counters() const noexcept;

 private:
  class PARLEY_HIDDEN Core;
  std::unique_ptr<Core> core_;
};

static_assert(MuxCore<Yamux>);

}  // namespace parley::wire
