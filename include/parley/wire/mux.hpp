// Many channels over one stream of bytes: what its protocols have in common. wire/yamux.hpp and wire/tcpchan.hpp are
// the protocols, wire/any_mux.hpp is one object that speaks either.
//
// A core is told what has come, what the application does and what time it is; it says what has happened and what is to
// be written. It does no I/O, owns no clock, and holds no payload but what write() was given. One turn of a driver:
//
//   core.feed(bytes, now);                           what was read; it stays where it is until…
//   while (auto event = core.next_event()) …         …this says that there is nothing more
//   while (room && (c = core.next_turn())) …         write on, those that had to stop, in turns
//   write(core.next_output()), core.wrote(n)         what the core has to say
//   wait for input, or until core.next_deadline(), then core.expire(now)
//
// Invariant: each channel is in exactly one place, and ends with exactly one event `closed`, after which its handle
// means nothing. The session ends with exactly one event `ended`, and then all its channels do.
#pragma once

#include <parley/limits.hpp>
#include <parley/time.hpp>

#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace parley {

/// The protocols of channels. Both ends have to be told the same.
enum class MuxDialect : std::uint8_t {
  yamux,    ///< flow control for each channel, half-closing, pings: what Go, Rust and JavaScript programs speak
  tcpchan,  ///< TCPChan version 0: no flow control, no half-closing, no pings
};

/// Which end of the stream this is. They differ in the numbers of the channels that they open, and in who begins.
enum class MuxRole : std::uint8_t {
  client,  ///< has connected; opens channels of odd numbers
  server,  ///< has accepted; opens channels of even numbers
};

/// What governs a session of channels. Sizes are bytes; a time of zero means never.
struct MuxOptions {
  /// Which protocol.
  MuxDialect dialect = MuxDialect::yamux;
  /// TCPChan: what both ends have to have in common. It is not a secret that would keep anybody out.
  std::uint32_t magic = 0xFEEDBACC;
  /// yamux: the session begins with a ping, and is ready when it is answered; so the peer is known to speak yamux, and
  /// how far away it is. Without it the session is ready at once. (A peer that has said something else by the time
  /// that a handshake may take is believed too; what it says may stand in front of the answer.)
  bool handshake_ping = true;
  /// From start() until the session has to be ready.
  Duration handshake_time_max = limits::handshake_time_max;

  /// yamux: how much a peer may send on a channel ahead of what has been consumed, when it is opened: 256 KiB (what the
  /// protocol begins with) up to `window_max`.
  std::uint32_t window_initial = 256 * limits::kib;
  /// yamux: what the window of a channel grows to at most, as far as bandwidth and delay ask for it. Not above
  /// `window_initial`: it does not grow.
  std::uint32_t window_max = 16 * limits::mib;
  /// yamux: by how much all windows together may have grown.
  std::size_t window_growth_max = 64 * limits::mib;
  /// Bytes of all channels that have been given out as `data` and are not consumed. A peer that passes it is cut
  /// (error::unread_limit). With yamux the windows bound it too; with TCPChan, which has no flow control, nothing else
  /// does: a driver that wants to hold such a peer back stops reading before. At most 4 GiB - 1.
  std::size_t unread_size_max = 256 * limits::mib;

  /// Channels open at a time, of both sides. Further ones of the peer are refused, own ones fail.
  std::size_t channels_max = 16'384;
  /// Channels of the peer that wait for accept(); further ones are refused.
  std::size_t accept_backlog = 256;
  /// yamux: own channels that the peer has not acknowledged; then open() answers error::full. Go refuses above 256.
  std::size_t unacknowledged_max = 256;
  /// Channels that a peer may open for nothing: they were refused, or it has reset them. So many at once, and so many
  /// more each second; then it is cut (error::too_many_channels, error::too_many_resets).
  std::uint32_t resets_burst = 1000;
  std::uint32_t resets_per_second = 100;
  /// yamux: frames for channels that were never opened, over the life of the session; then the peer is cut.
  std::uint32_t strays_max = 1000;
  /// Answers that wait to be written, to openings too: a peer that provokes more while it does not read is cut
  /// (error::flooded).
  std::size_t answers_size_max = 64 * limits::kib;

  /// While several channels want to write, each may write so much before it is another's turn: the longest that a small
  /// message waits for each of them. 16 KiB takes 13 µs at 10 Gbit/s, and its header is less than 0.1 % of it.
  std::uint32_t write_quantum = 16 * limits::kib;
  /// Largest payload of a frame, when nobody else wants to write. At most 64 KiB, TCPChan's own limit.
  std::uint32_t frame_size_max = 64 * limits::kib;
  /// write() accepts no more while so much waits to be written.
  std::size_t output_high_water_size = 256 * limits::kib;

  /// yamux: from open() until the peer has answered in some way; then the channel is reset (error::timed_out).
  Duration open_time_max = std::chrono::seconds{75};
  /// yamux: from close() until the peer has finished too; then the channel is reset (error::timed_out).
  Duration close_time_max = std::chrono::minutes{5};
  /// yamux: what the peer sends after close() is read and dropped for so long; if it goes on sending then, the channel
  /// is reset (error::timed_out) and does not wait for `close_time_max`. (Sooner could cost the peer what it has not
  /// read yet, as a reset drops that.)
  Duration discard_time_max = std::chrono::seconds{10};
  /// yamux: how long a channel that wants to write may be without any window; then it is reset (error::peer_too_slow).
  Duration stall_time_max = std::chrono::minutes{5};
  /// yamux: a peer that nothing has been heard of for so long is sent a ping; zero: never.
  Duration keep_alive_interval = std::chrono::seconds{30};
  /// yamux: and if nothing at all has come for so long after it, the session ends (error::peer_silent). It does not
  /// count while the ping, or what stands before it, is seen to be on its way.
  Duration keep_alive_time_max = std::chrono::seconds{10};
  /// yamux: the part of the interval by which it varies at random, up and down, 0 to 1: many sessions that began
  /// together should not ping together.
  double keep_alive_jitter = 0.1;
  /// How long a frame may have begun without anything more coming; then the session ends (error::timed_out).
  Duration frame_time_max = std::chrono::seconds{30};
};

}  // namespace parley

namespace parley::wire {

/// What a channel is called on the wire.
using ChannelId = std::uint32_t;

/// A channel of one core. Numbers on the wire may be used again while the bytes of the old channel are still unread;
/// these are not. `index` is small and dense, so that a driver may keep its part of a channel in an array.
struct MuxChannel {
  std::uint32_t index = ~std::uint32_t{0};  ///< used again when a channel has gone, with another `generation`
  std::uint32_t generation = 0;             ///< tells those that had the same index apart

  /// Whether it is one, open or not.
  [[nodiscard]] explicit constexpr operator bool() const noexcept { return index != ~std::uint32_t{0}; }
  /// The same channel.
  friend constexpr bool operator==(MuxChannel, MuxChannel) noexcept = default;
};

/// What has happened. `bytes` are a part of what was fed, and as good as that; `sentence` is good until the next event.
struct MuxEvent {
  /// Of what kind it is. Those of a channel name it by `channel` and `id`.
  enum class Kind : std::uint8_t {
    none,         ///< nothing more: the input has been read, and its memory may be used again
    ready,        ///< the peer speaks the protocol; `round_trip` is how far away it is, if that was measured
    opened,       ///< the peer has opened a channel; it waits for accept() (or a write), or for reset(), which refuses
    accepted,     ///< the peer has acknowledged a channel of ours, by whatever frame came first
    data,         ///< `bytes` of a channel, in order, in pieces of any size; to be reported by consume() when taken.
                  ///< TCPChan may bring an empty one, which is no end
    window_grew,  ///< a channel that could not write may write again, when it is its turn; see next_turn()
    finished,     ///< the peer will send nothing more on this channel; everything before has been given out
    reset,        ///< the peer has reset, or refused, a channel: unread bytes are to be dropped; `closed` follows
    closed,       ///< a channel is over in both directions, and its handle with it; `code` says why, none: both sides
                  ///< have finished. Bytes of it that came before are still to be consumed, unless it was reset
    pong,         ///< the answer to the ping() of this `value`, after `round_trip`
    going_away,   ///< the peer takes no new channels; those that are open go on
    ended,        ///< the session is over; `code` and `sentence` say why. What next_output() has may still be written,
                  ///< as it tells the peer. Each open channel is `closed` next
  };

  Kind kind = Kind::none;              ///< which of these
  ChannelId id = 0;                    ///< the channel's number on the wire
  MuxChannel channel{};                ///< the channel
  std::uint32_t value = 0;             ///< pong: of the ping
  std::span<const std::byte> bytes{};  ///< data: a part of what was fed
  Duration round_trip{};               ///< pong, ready
  boost::system::error_code code{};    ///< closed, reset, ended: why
  std::string_view sentence{};         ///< ended, closed with a code: for people, with the numbers

  /// Whether anything has happened.
  [[nodiscard]] explicit operator bool() const noexcept { return kind != Kind::none; }
};

/// What came of open().
struct MuxOpened {
  MuxChannel channel{};              ///< the new channel, unless there is a code
  ChannelId id = 0;                  ///< its number
  boost::system::error_code code{};  ///< full: too many; going_away; channels_exhausted; or why the session has ended
};

/// How much of a payload may go now, and what goes before it.
struct MuxGrant {
  /// Of a header, in bytes.
  static constexpr std::size_t header_size_max = 12;

  std::uint32_t size = 0;                                 ///< bytes of the payload, from its front
  std::uint8_t header_size = 0;                           ///< 0: nothing goes on the wire
  bool is_finished = false;                               ///< the end of the channel's direction is in the header
  std::array<std::byte, header_size_max> header_bytes{};  ///< see header()
  boost::system::error_code code{};                       ///< the channel cannot be written to, now or later

  /// What goes before them.
  [[nodiscard]] std::span<const std::byte> header() const noexcept { return {header_bytes.data(), header_size}; }
};

/// What came of write().
struct MuxWritten {
  std::size_t size = 0;              ///< bytes taken, from the front
  boost::system::error_code code{};  ///< the channel cannot be written to, now or later
};

/// What a session has counted.
struct MuxCounters {
  std::uint64_t channels_opened = 0;    ///< by this side
  std::uint64_t channels_accepted = 0;  ///< opened by the peer, and not refused at once
  std::uint64_t channels_refused = 0;   ///< by this side, for a limit or since it is going away
  std::uint64_t bytes_in = 0;           ///< payload given out
  std::uint64_t bytes_out = 0;          ///< payload granted
  std::uint64_t strays = 0;             ///< frames for channels that are not there
  std::uint64_t windows_grown = 0;      ///< how often a receive window has become larger
};

/// What Yamux, TcpChan and AnyMux are, and what their members do. Not thread-safe. Peer input makes no call throw;
/// std::bad_alloc apart. What is said about a channel that is not there any more does nothing, or answers why.
template <class T>
concept MuxCore = requires(T& core, const T& constant, std::span<const std::byte> bytes, TimePoint now,
                           MuxChannel channel, std::size_t size, boost::system::error_code code) {
  // --- the stream ---------------------------------------------------------------------------------------------------

  /// Once, before anything else: the stream is there.
  core.start(now);

  /// What has been read from the stream. It has to stay as it is until next_event() has said that there is nothing
  /// more; only then comes the next. Allocates nothing.
  core.feed(bytes, now);

  /// The next thing that has happened, or one of Kind::none. Between two calls any other may be made.
  { core.next_event() } -> std::same_as<MuxEvent>;

  /// What is to be written before anything else; good until the next call of the core. Take it only as the stream has
  /// room, or what the limits bound here would pile up there.
  { constant.next_output() } -> std::same_as<std::span<const std::byte>>;

  /// So many bytes of that, and not more than there are, have been written, or are sure to be before all that comes
  /// later.
  core.wrote(size);

  /// When expire() is to be called although nothing has happened; it may turn out that there was nothing to do.
  { constant.next_deadline() } -> std::same_as<std::optional<TimePoint>>;

  /// Carries out what is due: time-outs, and pings.
  core.expire(now);

  /// Just before expire(), if the driver knows: of all that was said, so many bytes have reached the peer's system, and
  /// so many have not yet. As long as they do, a ping may be among those that are on their way, and the silence of the
  /// peer means nothing.
  core.note_delivery(std::uint64_t{}, size, now);

  /// false: the driver does not read from the stream for now, so that a silent peer may not be to blame for it.
  core.set_reading(true, now);

  /// There will be no more input. Without a code: the peer has ended the stream in order. All that was fed has been
  /// read by next_event() before. The session has ended: error::closed, truncated, handshake_failed, or `code`.
  core.stream_ended(code, now);

  // --- channels -----------------------------------------------------------------------------------------------------

  /// A new channel, which may be written to at once. Without an id it has the next number; which ids may be chosen is
  /// the protocol's affair, and any other is std::invalid_argument.
  /// Errors: full (it may be tried again after an `accepted` or `closed`); going_away and channels_exhausted (yamux);
  /// why the session has ended.
  { core.open(now) } -> std::same_as<MuxOpened>;
  { core.open(now, ChannelId{}) } -> std::same_as<MuxOpened>;

  /// Takes a channel that the peer has opened, and lets it have its whole window. A first write does so too.
  core.accept(channel, now);

  /// How many of `size` bytes may go now, and the header that goes before them. The caller puts both on the wire,
  /// behind all of next_output(). `true`: if all of it may go, that is the end of this direction; with a size of 0 it
  /// always may. Less than asked for, and the channel is remembered: next_turn() will name it when there is window and
  /// it is its turn. Allocates nothing, but for an acknowledgement that is due.
  /// Errors: send_ended; closed, channel_reset, …: why the channel is over; why the session has ended.
  { core.reserve(channel, size, true, now) } -> std::same_as<MuxGrant>;

  /// The same for programs that would copy anyway: as much as may go is copied into next_output(), behind its headers.
  { core.write(channel, bytes, now) } -> std::same_as<MuxWritten>;

  /// Asks for a turn without writing: the driver has something for this channel, and no room in its stream.
  core.want_turn(channel);

  /// Whether next_turn() would name a channel if there were room.
  { constant.has_turn() } -> std::same_as<bool>;

  /// The next channel that had to stop and may write on, or none. It may write `write_quantum` now; if it wants more it
  /// comes again, after the others. To be asked whenever the stream has room, until the answer is none. None, too,
  /// while next_output() is above its mark.
  { core.next_turn() } -> std::same_as<MuxChannel>;

  /// The application has taken `size` more bytes of what came as `data`. Credit to the peer comes of it, and larger
  /// windows. Also of channels that have been closed meanwhile; of ones that are not there any more it does nothing.
  core.consume(channel, size, now);

  /// The end of this direction; the peer's goes on. All that was to be written has been granted before.
  /// Errors: as reserve().
  { core.finish(channel, now) } -> std::same_as<boost::system::error_code>;

  /// The application is done with the channel: this direction ends (if it has not), and whatever still comes is dropped
  /// until the peer has finished too, for `close_time_max` at most, or for `discard_time_max` if it goes on sending.
  /// Unread bytes need not be consumed any more.
  core.close(channel, now);

  /// Both directions end at once. Of a channel that was not accepted: refuses it.
  core.reset(channel, now);

  // --- the session --------------------------------------------------------------------------------------------------

  /// Asks the peer for an answer, a `pong` of this value. Errors: full (16 are under way); why the session has ended.
  { core.ping(std::uint32_t{}, now) } -> std::same_as<boost::system::error_code>;

  /// Takes no new channels of the peer from now on, and tells it so. Those that are open go on. When channel_count() is
  /// 0 and the output written, the stream can be closed with nothing lost.
  core.go_away(now);

  /// Channels that are open, of both sides.
  { constant.channel_count() } -> std::same_as<std::size_t>;
  /// Bytes that were given out and are not consumed, of all channels.
  { constant.unread_size() } -> std::same_as<std::size_t>;
  /// The shortest round trip that was measured.
  { constant.round_trip() } -> std::same_as<std::optional<Duration>>;
  /// How large the receive window of an open channel is, in bytes; 0 if it is not open.
  { constant.window_size(channel) } -> std::same_as<std::uint32_t>;
  /// Whether finish() leaves the other direction open.
  { constant.can_half_close() } -> std::same_as<bool>;
  /// Up to now.
  { constant.counters() } -> std::same_as<const MuxCounters&>;
};

}  // namespace parley::wire
