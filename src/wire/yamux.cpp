#include "wire/yamux_core.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <stdexcept>
#include <utility>

namespace parley::wire {

// --- the stream ------------------------------------------------------------------------------------------------------

Yamux::Core::Core(MuxRole role, const MuxOptions& options, std::uint64_t seed)
    : channels{role, options, seed}, random_{~seed}, next_id_{role == MuxRole::client ? 1U : 2U} {}

void Yamux::Core::start(TimePoint now) {
  now_ = now;
  plan_keep_alive();
  if (!channels.options.handshake_ping) return become_ready(std::nullopt);
  if (channels.options.handshake_time_max > Duration::zero())
    handshake_until_ = now + channels.options.handshake_time_max;
  send_own_ping(now);
}

void Yamux::Core::become_ready(std::optional<Duration> round_trip) noexcept {
  is_ready_ = true;
  tells_ready_ = true;
  ready_round_trip_ = round_trip;
  handshake_until_.reset();
}

void Yamux::Core::feed(std::span<const std::byte> bytes, TimePoint now) {
  assert(input_.empty() && "what was fed before has not been read");
  if (bytes.empty() || channels.has_ended()) return;
  now_ = now;
  silent_until_.reset();
  input_ = bytes;
}

MuxEvent Yamux::Core::next_event() {
  MuxEvent event;
  do {
    if (tells_ready_) {
      tells_ready_ = false;
      event.kind = Kind::ready;
      event.round_trip = ready_round_trip_.value_or(Duration::zero());
      return event;
    }
    if (channels.next_event(event) || read(event)) return event;
    // Reading may have ended a channel, or the session.
  } while (tells_ready_ || tells_closed());
  if (!channels.has_ended()) return {};
  input_ = {};
  // A frame may open a channel and end the session: what is closed then has been opened before.
  if ((telling_ & (tell_opened | tell_reset)) != 0 && tell(event)) return event;
  return channels.next_event(event) ? event : MuxEvent{};
}

void Yamux::Core::put(YamuxType type, std::uint16_t flags, std::uint32_t id, std::uint32_t length) {
  YamuxFrame{0, type, flags, id, length}.encode(channels.out.extend(YamuxFrame::header_size));
}

/// The same, and the peer is the cause of it.
void Yamux::Core::put_answer(YamuxType type, std::uint16_t flags, std::uint32_t id, std::uint32_t length) {
  put(type, flags, id, length);
  channels.count_answer(YamuxFrame::header_size);
}

/// The peer has broken the protocol, or a limit.
void Yamux::Core::break_off(error code, std::string sentence) {
  if (channels.has_ended()) return;
  put(YamuxType::go_away, 0, 0, static_cast<std::uint32_t>(YamuxGoAway::protocol_error));
  if (!is_ready_ && code == error::malformed) {
    code = error::handshake_failed;
    sentence = "the peer does not speak yamux: " + sentence;
  }
  channels.end(code, std::move(sentence));
}

void Yamux::Core::stream_ended(boost::system::error_code code) {
  if (channels.has_ended()) return;
  if (code) return channels.end(code, code.message());
  if (!is_ready_) return channels.end(error::handshake_failed, "the stream ended before the peer had answered a ping");
  if (is_mid_frame()) return channels.end(error::truncated, "the stream ended inside a frame");
  channels.end(error::closed, "the peer has closed the stream");
}

// --- time ------------------------------------------------------------------------------------------------------------

void Yamux::Core::plan_keep_alive() noexcept {
  const Duration interval = channels.options.keep_alive_interval;
  if (interval <= Duration::zero()) return;
  const double part = static_cast<double>(random_() >> 11) * 0x1p-53;
  const double varied = 1 + std::clamp(channels.options.keep_alive_jitter, 0.0, 1.0) * (2 * part - 1);
  keep_alive_span_ = Duration{static_cast<Duration::rep>(static_cast<double>(interval.count()) * varied)};
  keep_alive_at_ = now_ + keep_alive_span_;
}

void Yamux::Core::send_own_ping(TimePoint now) {
  if (!pings.has_room()) return;
  pings.add(own_ping_value_, true, now);
  put(YamuxType::ping, YamuxFlags::syn, 0, own_ping_value_++);
}

std::optional<TimePoint> Yamux::Core::next_deadline() const noexcept {
  if (channels.has_ended()) return std::nullopt;
  auto next = earlier(channels.next_deadline(), handshake_until_);
  if (!is_reading_) return next;
  next = earlier(next, silent_until_ ? silent_until_ : keep_alive_at_);
  if (is_mid_frame() && channels.options.frame_time_max > Duration::zero())
    next = earlier(next, now_ + channels.options.frame_time_max);
  return next;
}

void Yamux::Core::expire(TimePoint now) {
  if (channels.has_ended()) return;
  const MuxOptions& options = channels.options;
  if (handshake_until_ && *handshake_until_ <= now) {
    // It does speak yamux; the answer may stand behind much else, on a slow link.
    if (has_heard_frame_) return become_ready(std::nullopt);
    return channels.end(error::timed_out,
                        "the peer has not answered the first ping within " + seconds_text(options.handshake_time_max));
  }
  for (const MuxWait what : {MuxWait::opening, MuxWait::stalled, MuxWait::closing}) {
    for (std::uint32_t due; (due = channels.first_due(what, now)) != no_channel;)
      reset_at(due, what == MuxWait::stalled ? error::peer_too_slow : error::timed_out);
  }
  if (!is_reading_) return;
  if (is_mid_frame() && options.frame_time_max > Duration::zero() && now - now_ >= options.frame_time_max) {
    return channels.end(error::timed_out, "nothing came for " + seconds_text(now - now_) + " inside a frame");
  }
  if (silent_until_) {
    if (*silent_until_ <= now)
      channels.end(error::peer_silent, "nothing has come from the peer for " + seconds_text(now - now_));
  } else if (keep_alive_at_ && *keep_alive_at_ <= now) {
    // What came meanwhile has put it off.
    if (now - now_ < keep_alive_span_) return plan_keep_alive();
    send_own_ping(now);
    plan_keep_alive();
    keep_alive_at_ = now + keep_alive_span_;
    if (options.keep_alive_time_max > Duration::zero()) silent_until_ = now + options.keep_alive_time_max;
  }
}

void Yamux::Core::note_delivery(std::uint64_t delivered, std::size_t undelivered, TimePoint now) noexcept {
  // Growing only: where the stream below adds to what it is given, what is written and not taken lets it fall.
  const bool moves = static_cast<std::int64_t>(delivered - std::exchange(delivered_, delivered)) > 0;
  const bool was_behind = std::exchange(undelivered_, undelivered) != 0;
  if (silent_until_ && moves && was_behind) silent_until_ = now + channels.options.keep_alive_time_max;
}

void Yamux::Core::set_reading(bool reads, TimePoint now) noexcept {
  if (reads == is_reading_) return;
  is_reading_ = reads;
  if (!reads) return;
  now_ = now;
  silent_until_.reset();
  if (keep_alive_at_) plan_keep_alive();
}

// --- channels --------------------------------------------------------------------------------------------------------

MuxOpened Yamux::Core::open(TimePoint now, std::optional<ChannelId> id) {
  if (id && (*id % 2 != own_parity() || *id < next_id_))
    throw std::invalid_argument{"yamux cannot open channel " + std::to_string(*id)};
  if (channels.has_ended()) return {{}, 0, channels.end_code()};
  if (peer_is_going_away_) return {{}, 0, error::going_away};
  const MuxOptions& options = channels.options;
  if (channels.table.open_count() >= options.channels_max ||
      channels.unacknowledged_count >= options.unacknowledged_max)
    return {{}, 0, error::full};
  const std::uint64_t chosen = id.value_or(next_id_);
  if (next_id_ > std::numeric_limits<ChannelId>::max()) return {{}, 0, error::channels_exhausted};
  next_id_ = chosen + 2;
  const std::uint32_t index = channels.add(static_cast<ChannelId>(chosen), true);
  MuxSlot& slot = channels.table[index];
  slot.receive.size = slot.receive.left = options.window_initial;
  put(YamuxType::window_update, YamuxFlags::syn, slot.id, options.window_initial - yamux_window);
  channels.wait(index, MuxWait::opening, now);
  return {channels.table.handle(index), slot.id, {}};
}

void Yamux::Core::accept(MuxChannel channel) {
  if (const auto found = channels.find_open(channel); !found.code) accept_at(found.index);
}

void Yamux::Core::accept_at(std::uint32_t index) {
  MuxSlot& slot = channels.table[index];
  if (slot.is_ours || slot.is_accepted) return;
  channels.accept(index);
  const std::uint32_t more = channels.options.window_initial - yamux_window;
  slot.receive.size += more;
  slot.receive.left += more;
  // What follows it on this channel, an end and a reset, is bounded by it.
  put_answer(YamuxType::window_update, YamuxFlags::ack, slot.id, more);
}

/// The peer has answered an opening.
void Yamux::Core::on_acknowledged(std::uint32_t index) noexcept {
  channels.accept(index);
  channels.stop_waiting(index);
  const MuxSlot& slot = channels.table[index];
  if (slot.is_discarding) {
    channels.wait(index, MuxWait::closing, now_);
  } else if (slot.is_blocked) {
    channels.wait(index, MuxWait::stalled, now_);
  }
}

MuxGrant Yamux::Core::reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint now) {
  MuxGrant grant;
  const auto found = channels.find_open(channel);
  grant.code = found.code;
  if (found.code) return grant;
  const std::uint32_t index = found.index;
  MuxSlot& slot = channels.table[index];
  if (slot.has_finished) {
    grant.code = error::send_ended;
    return grant;
  }
  accept_at(index);
  if (channels.has_ended()) {
    grant.code = channels.end_code();
    return grant;
  }
  if (size != 0) {
    if (slot.send.left == 0) return block(index, now), grant;
    const std::size_t allowance = channels.take_allowance(index);
    if (allowance == 0) return grant;
    grant.size = static_cast<std::uint32_t>(
        std::min({size, allowance, std::size_t{slot.send.left}, std::size_t{channels.options.frame_size_max}}));
    slot.send.left -= grant.size;
    channels.spend_allowance(grant.size);
    channels.counters.bytes_out += grant.size;
    if (grant.size != size) slot.send.left == 0 ? block(index, now) : channels.queue_turn(index);
  } else if (!finish) {
    return grant;
  }
  grant.is_finished = finish && grant.size == size;
  const YamuxFrame frame{0, size != 0 ? YamuxType::data : YamuxType::window_update,
                         grant.is_finished ? YamuxFlags::fin : std::uint16_t{0}, slot.id, grant.size};
  frame.encode(grant.header_bytes.data());
  grant.header_size = YamuxFrame::header_size;
  if (grant.is_finished) finish_at(index);
  return grant;
}

/// It wants to write, and has no window.
void Yamux::Core::block(std::uint32_t index, TimePoint now) noexcept {
  MuxSlot& slot = channels.table[index];
  slot.is_blocked = true;
  if (slot.wait == MuxWait::nothing) channels.wait(index, MuxWait::stalled, now);
}

MuxWritten Yamux::Core::write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint now) {
  return channels.write(
      bytes, [&](std::size_t size) { return reserve(channel, size, false, now); }, [&] { want_turn(channel); });
}

void Yamux::Core::want_turn(MuxChannel channel) noexcept {
  const auto found = channels.find_open(channel);
  if (!found.code && !channels.table[found.index].has_finished && !channels.table[found.index].is_blocked)
    channels.queue_turn(found.index);
}

void Yamux::Core::finish_at(std::uint32_t index) {
  MuxSlot& slot = channels.table[index];
  slot.has_finished = true;
  if (slot.wait == MuxWait::stalled) channels.stop_waiting(index);
  slot.is_blocked = false;
  channels.give_up_turn(index);
  if (slot.peer_has_finished) channels.end_channel_in_order(index);
}

boost::system::error_code Yamux::Core::finish(MuxChannel channel, TimePoint now) {
  const MuxGrant grant = reserve(channel, 0, true, now);
  channels.out.append(grant.header());
  return grant.code;
}

void Yamux::Core::close(MuxChannel channel, TimePoint now) {
  (void)finish(channel, now);
  const std::uint32_t index = channels.table.index_of(channel);
  if (index == no_channel) return;
  MuxSlot& slot = channels.table[index];
  slot.is_discarding = true;
  if (slot.state != MuxSlot::State::open) {
    (void)channels.consume(channel, slot.receive.unread);
    return;
  }
  channels.drop_unread(index);
  if (slot.wait == MuxWait::nothing) channels.wait(index, MuxWait::closing, now);
  give_credit(index, now);
}

void Yamux::Core::reset(MuxChannel channel) {
  const std::uint32_t index = channels.table.index_of(channel);
  if (index == no_channel) return;
  if (channels.table[index].state != MuxSlot::State::open) {
    (void)channels.consume(channel, channels.table[index].receive.unread);
  } else if (channels.has_ended()) {
    channels.drop_unread(index);
  } else {
    reset_at(index, error::closed);
  }
}

void Yamux::Core::reset_at(std::uint32_t index, error why) {
  const MuxSlot& slot = channels.table[index];
  put(YamuxType::window_update, YamuxFlags::rst, slot.id, 0);
  if (!slot.is_ours && !slot.is_accepted) channels.count_answer(YamuxFrame::header_size);
  channels.end_channel(index, why);
}

// --- credit ----------------------------------------------------------------------------------------------------------

void Yamux::Core::consume(MuxChannel channel, std::size_t size, TimePoint now) {
  const std::uint32_t index = channels.consume(channel, size);
  if (index != no_channel) give_credit(index, now);
}

void Yamux::Core::give_credit(std::uint32_t index, TimePoint now) {
  MuxSlot& slot = channels.table[index];
  if (channels.has_ended() || slot.peer_has_finished || !slot.receive.wants_update()) return;
  grow_window(index, now);
  const std::uint32_t due = slot.receive.due();
  slot.receive.left += due;
  put_answer(YamuxType::window_update, 0, slot.id, due);
}

void Yamux::Core::grow_window(std::uint32_t index, TimePoint now) {
  const MuxOptions& options = channels.options;
  YamuxReceiveWindow& window = channels.table[index].receive;
  if (window.size >= options.window_max) return;
  const auto round_trip = pings.shortest();
  if (!round_trip) {
    // Once in a while, as the peer may be one that does not answer.
    if (!pings.has_own() && now - pings.last_sent() >= std::chrono::seconds{1}) send_own_ping(now);
    return;
  }
  if (!pings.is_trusted() && !pings.has_own()) send_own_ping(now);
  const std::uint32_t wanted = window.measured_size(*round_trip, now);
  if (wanted <= window.size || channels.table[index].is_discarding || !pings.is_trusted()) return;
  const std::size_t left = options.window_growth_max - std::min(channels.grown_size, options.window_growth_max);
  const auto more =
      static_cast<std::uint32_t>(std::min<std::size_t>(std::min(wanted, options.window_max) - window.size, left));
  if (more == 0) return;
  window.size += more;
  channels.grown_size += more;
  ++channels.counters.windows_grown;
}

// --- the session -----------------------------------------------------------------------------------------------------

boost::system::error_code Yamux::Core::ping(std::uint32_t value, TimePoint now) {
  if (channels.has_ended()) return channels.end_code();
  if (!pings.has_room()) return error::full;
  pings.add(value, false, now);
  put(YamuxType::ping, YamuxFlags::syn, 0, value);
  return {};
}

void Yamux::Core::go_away() {
  if (channels.has_ended() || is_going_away_) return;
  is_going_away_ = true;
  put(YamuxType::go_away, 0, 0, static_cast<std::uint32_t>(YamuxGoAway::normal));
}

// --- what others see -------------------------------------------------------------------------------------------------

Yamux::Yamux(MuxRole role, const MuxOptions& options, std::uint64_t seed)
    : core_{std::make_unique<Core>(role, options, seed)} {}
Yamux::Yamux(Yamux&&) noexcept = default;
Yamux& Yamux::operator=(Yamux&&) noexcept = default;
Yamux::~Yamux() = default;

void Yamux::start(TimePoint now) { core_->start(now); }
void Yamux::feed(std::span<const std::byte> bytes, TimePoint now) { core_->feed(bytes, now); }
MuxEvent Yamux::next_event() { return core_->next_event(); }
std::span<const std::byte> Yamux::next_output() const noexcept { return core_->channels.out.unwritten(); }
void Yamux::wrote(std::size_t size) noexcept { core_->channels.out.wrote(size); }
std::optional<TimePoint> Yamux::next_deadline() const noexcept { return core_->next_deadline(); }
void Yamux::expire(TimePoint now) { core_->expire(now); }
void Yamux::note_delivery(std::uint64_t delivered, std::size_t undelivered, TimePoint now) noexcept {
  core_->note_delivery(delivered, undelivered, now);
}
void Yamux::set_reading(bool reads, TimePoint now) noexcept { core_->set_reading(reads, now); }
void Yamux::stream_ended(boost::system::error_code code, TimePoint /*now*/) { core_->stream_ended(code); }
MuxOpened Yamux::open(TimePoint now, std::optional<ChannelId> id) { return core_->open(now, id); }
void Yamux::accept(MuxChannel channel, TimePoint /*now*/) { core_->accept(channel); }
MuxGrant Yamux::reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint now) {
  return core_->reserve(channel, size, finish, now);
}
MuxWritten Yamux::write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint now) {
  return core_->write(channel, bytes, now);
}
void Yamux::want_turn(MuxChannel channel) noexcept { core_->want_turn(channel); }
bool Yamux::has_turn() const noexcept { return core_->channels.has_turn(); }
MuxChannel Yamux::next_turn() noexcept { return core_->channels.next_turn(); }
void Yamux::consume(MuxChannel channel, std::size_t size, TimePoint now) { core_->consume(channel, size, now); }
boost::system::error_code Yamux::finish(MuxChannel channel, TimePoint now) { return core_->finish(channel, now); }
void Yamux::close(MuxChannel channel, TimePoint now) { core_->close(channel, now); }
void Yamux::reset(MuxChannel channel, TimePoint /*now*/) { core_->reset(channel); }
boost::system::error_code Yamux::ping(std::uint32_t value, TimePoint now) { return core_->ping(value, now); }
void Yamux::go_away(TimePoint /*now*/) { core_->go_away(); }
std::size_t Yamux::channel_count() const noexcept { return core_->channels.table.open_count(); }
std::size_t Yamux::unread_size() const noexcept { return core_->channels.unread_size; }
std::optional<Duration> Yamux::round_trip() const noexcept { return core_->pings.shortest(); }
std::uint32_t Yamux::window_size(MuxChannel channel) const noexcept {
  const auto found = core_->channels.find_open(channel);
  return found.code ? 0 : core_->channels.table[found.index].receive.size;
}
const MuxCounters& Yamux::counters() const noexcept { return core_->channels.counters; }

}  // namespace parley::wire
