#include "wire/tcpchan_core.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace parley::wire {
namespace {

std::string magic_text(std::uint32_t magic) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += digits[magic >> shift & 15];
  return text;
}

}  // namespace

// --- the stream ------------------------------------------------------------------------------------------------------

TcpChan::Core::Core(MuxRole role, const MuxOptions& options, std::uint64_t seed)
    : channels{role, options, seed}, next_id_{role == MuxRole::client ? 1U : 2U} {}

void TcpChan::Core::start(TimePoint now) {
  now_ = now;
  if (channels.options.handshake_time_max > Duration::zero())
    handshake_until_ = now + channels.options.handshake_time_max;
  if (channels.role == MuxRole::client) put(TcpChanOp::handshake_request, channels.options.magic);
}

void TcpChan::Core::feed(std::span<const std::byte> bytes, TimePoint now) {
  assert(input_.empty() && "what was fed before has not been read");
  if (bytes.empty() || channels.has_ended()) return;
  now_ = now;
  input_ = bytes;
}

MuxEvent TcpChan::Core::next_event() {
  MuxEvent event;
  do {
    if (tells_ready_) {
      tells_ready_ = false;
      event.kind = Kind::ready;
      return event;
    }
    if (channels.next_event(event) || read(event)) return event;
    // Reading may have ended channels, or the session.
  } while (tells_ready_ || channels.first_waiting(MuxWait::over) != no_channel);
  if (channels.has_ended()) input_ = {};
  return channels.next_event(event) ? event : MuxEvent{};
}

/// Reads on until there is something to tell; false: more input is needed, or something else is to be told.
bool TcpChan::Core::read(MuxEvent& event) {
  while (!channels.has_ended() && !tells_ready_ && channels.first_waiting(MuxWait::over) == no_channel) {
    if (input_.empty()) return false;
    if (body_left_ != 0 ? read_body(event) : read_header(event)) return true;
  }
  return false;
}

bool TcpChan::Core::read_body(MuxEvent& event) {
  auto size = static_cast<std::uint32_t>(std::min<std::size_t>(input_.size(), body_left_));
  const bool is_open = channels.is_open(arriving_);
  if (is_open) size = channels.receive(arriving_.index, size);
  if (size == 0) return false;
  const std::span<const std::byte> piece = input_.first(size);
  input_ = input_.subspan(size);
  body_left_ -= size;
  if (!is_open) return false;  // of a channel that is not there: passed over (section 3)
  channels.table[arriving_.index].receive.unread += size;
  event = channels.event_of(Kind::data, arriving_.index);
  event.bytes = piece;
  return true;
}

bool TcpChan::Core::read_header(MuxEvent& event) {
  // One byte after the other into `header_`, until it says how long it is: messages are rare beside their payload.
  while (!input_.empty()) {
    const std::size_t wanted = header_size_ < 2 ? 2 : TcpChanFrame::size_of(static_cast<TcpChanOp>(header_[1]));
    const std::size_t size = std::min(input_.size(), wanted - header_size_);
    std::memcpy(header_.data() + header_size_, input_.data(), size);
    header_size_ += size;
    input_ = input_.subspan(size);
    if (header_[0] != std::byte{0}) {
      break_off(error::malformed, "version " + std::to_string(std::to_integer<int>(header_[0])) + " in place of 0");
      return false;
    }
    if (header_size_ >= 2 && (header_[1] == std::byte{0} || header_[1] > std::byte{5})) {
      break_off(error::malformed, "a message of type " + std::to_string(std::to_integer<int>(header_[1])));
      return false;
    }
    if (header_size_ < 2 || header_size_ < TcpChanFrame::size_of(static_cast<TcpChanOp>(header_[1]))) continue;
    header_size_ = 0;
    return on_message(TcpChanFrame::decode(header_.data()), event);
  }
  return false;
}

bool TcpChan::Core::on_message(const TcpChanFrame& frame, MuxEvent& event) {
  if (frame.op == TcpChanOp::handshake_request) return on_request(frame), false;
  if (frame.op == TcpChanOp::handshake_reply) return on_reply(frame), false;
  if (!is_ready_) {
    break_off(error::malformed, "a message of channel " + std::to_string(frame.number) + " before the handshake");
    return false;
  }
  switch (frame.op) {
    case TcpChanOp::create: return on_create(frame.number, event);
    case TcpChanOp::close: return on_close(frame.number), false;
    default: return on_payload(frame, event);
  }
}

void TcpChan::Core::on_request(const TcpChanFrame& frame) {
  if (channels.role == MuxRole::client) return break_off(error::malformed, "a handshake request from who has accepted");
  if (frame.number != channels.options.magic) {
    return channels.end(error::handshake_failed, "the peer has the magic " + magic_text(frame.number) +
                                                     ", and this side " + magic_text(channels.options.magic));
  }
  // One that comes again is answered again (section 2).
  put(TcpChanOp::handshake_reply, channels.options.magic);
  channels.count_answer(TcpChanFrame::short_size);
  if (!is_ready_) become_ready();
}

void TcpChan::Core::on_reply(const TcpChanFrame& frame) {
  if (channels.role == MuxRole::server) return break_off(error::malformed, "a handshake reply from who has connected");
  if (frame.number != channels.options.magic) {
    return channels.end(error::handshake_failed, "the peer has the magic " + magic_text(frame.number) +
                                                     ", and this side " + magic_text(channels.options.magic));
  }
  if (!is_ready_) become_ready();
}

void TcpChan::Core::become_ready() {
  is_ready_ = true;
  tells_ready_ = true;
  handshake_until_.reset();
  // Channels that were opened before.
  for (std::uint32_t index; (index = channels.first_waiting(MuxWait::opening)) != no_channel;) {
    channels.stop_waiting(index);
    put(TcpChanOp::create, channels.table[index].id);
    if (channels.table[index].is_blocked) channels.queue_turn(index);
    channels.table[index].is_blocked = false;
  }
}

bool TcpChan::Core::on_create(ChannelId id, MuxEvent& event) {
  if (channels.table.find(id) != no_channel) {
    break_off(error::malformed, "the peer has opened channel " + std::to_string(id) + " while it was open");
    return false;
  }
  const MuxOptions& options = channels.options;
  if (is_going_away_ || channels.table.open_count() >= options.channels_max ||
      channels.backlog_count >= options.accept_backlog) {
    refuse(id);
    return false;
  }
  event = channels.event_of(Kind::opened, channels.add(id, false));
  return true;
}

void TcpChan::Core::refuse(ChannelId id) {
  ++channels.counters.channels_refused;
  if (!channels.resets.take(now_)) {
    return break_off(error::too_many_channels, "the peer went on opening channels, up to " + std::to_string(id) +
                                                   ", with " + std::to_string(channels.table.open_count()) +
                                                   " open and " + std::to_string(channels.backlog_count) +
                                                   " not accepted");
  }
  put(TcpChanOp::close, id);
  channels.count_answer(TcpChanFrame::short_size);
}

void TcpChan::Core::on_close(ChannelId id) {
  const std::uint32_t index = channels.table.find(id);
  if (index == no_channel) {
    ++channels.counters.strays;
    return;
  }
  // Opened and closed before it was accepted: work for nothing.
  const MuxSlot& slot = channels.table[index];
  if (!slot.is_ours && !slot.is_accepted && !channels.resets.take(now_)) {
    return break_off(error::too_many_resets, "the peer has closed " + std::to_string(channels.options.resets_burst) +
                                                 " channels and more that were not accepted yet, the last of them " +
                                                 std::to_string(id));
  }
  channels.end_channel_in_order(index);
}

bool TcpChan::Core::on_payload(const TcpChanFrame& frame, MuxEvent& event) {
  const std::uint32_t index = channels.table.find(frame.number);
  arriving_ = index == no_channel ? MuxChannel{} : channels.table.handle(index);
  body_left_ = frame.length;
  if (index == no_channel) ++channels.counters.strays;
  if (index == no_channel || frame.length != 0) return false;
  event = channels.event_of(Kind::data, index);
  return true;
}

void TcpChan::Core::put(TcpChanOp op, std::uint32_t number) {
  TcpChanFrame{0, op, number, 0}.encode(channels.out.extend(TcpChanFrame::short_size));
}

void TcpChan::Core::break_off(error code, std::string sentence) {
  if (!is_ready_ && code == error::malformed) {
    code = error::handshake_failed;
    sentence = "the peer does not speak TCPChan: " + sentence;
  }
  channels.end(code, std::move(sentence));
}

void TcpChan::Core::stream_ended(boost::system::error_code code) {
  if (channels.has_ended()) return;
  if (code) return channels.end(code, code.message());
  if (!is_ready_) return channels.end(error::handshake_failed, "the stream ended before the handshake");
  if (is_mid_message()) return channels.end(error::truncated, "the stream ended inside a message");
  channels.end(error::closed, "the peer has closed the stream");
}

// --- time ------------------------------------------------------------------------------------------------------------

std::optional<TimePoint> TcpChan::Core::next_deadline() const noexcept {
  if (channels.has_ended()) return std::nullopt;
  const Duration frame_time_max = channels.options.frame_time_max;
  if (!is_reading_ || !is_mid_message() || frame_time_max <= Duration::zero()) return handshake_until_;
  return earlier(handshake_until_, now_ + frame_time_max);
}

void TcpChan::Core::expire(TimePoint now) {
  const MuxOptions& options = channels.options;
  if (handshake_until_ && *handshake_until_ <= now)
    channels.end(error::timed_out, "no handshake within " + seconds_text(options.handshake_time_max));
  if (is_reading_ && is_mid_message() && options.frame_time_max > Duration::zero() &&
      now - now_ >= options.frame_time_max)
    channels.end(error::timed_out, "nothing came for " + seconds_text(now - now_) + " inside a message");
}

void TcpChan::Core::set_reading(bool reads, TimePoint now) noexcept {
  if (reads && !is_reading_) now_ = now;
  is_reading_ = reads;
}

// --- channels --------------------------------------------------------------------------------------------------------

MuxOpened TcpChan::Core::open(TimePoint now, std::optional<ChannelId> id) {
  if (id && channels.table.find(*id) != no_channel)
    throw std::invalid_argument{"channel " + std::to_string(*id) + " is open already"};
  if (channels.has_ended()) return {{}, 0, channels.end_code()};
  if (channels.table.open_count() >= channels.options.channels_max) return {{}, 0, error::full};
  if (!id) {
    while (channels.table.find(next_id_) != no_channel) next_id_ += 2;
    id = next_id_;
    next_id_ += 2;
  }
  const std::uint32_t index = channels.add(*id, true);
  channels.accept(index);
  if (is_ready_) {
    put(TcpChanOp::create, *id);
  } else {
    channels.wait(index, MuxWait::opening, now);
  }
  return {channels.table.handle(index), *id, {}};
}

void TcpChan::Core::accept(MuxChannel channel) {
  if (const auto found = channels.find_open(channel); !found.code) channels.accept(found.index);
}

MuxGrant TcpChan::Core::reserve(MuxChannel channel, std::size_t size, bool finish) {
  MuxGrant grant;
  const auto found = channels.find_open(channel);
  grant.code = found.code;
  if (finish && !grant.code) grant.code = error::unavailable;
  if (grant.code || size == 0) return grant;
  const std::uint32_t index = found.index;
  channels.accept(index);
  MuxSlot& slot = channels.table[index];
  if (!is_ready_) return slot.is_blocked = true, grant;
  const std::size_t allowance = channels.take_allowance(index);
  if (allowance == 0) return grant;
  grant.size = static_cast<std::uint32_t>(std::min({size, allowance, std::size_t{TcpChanFrame::length_max}}));
  channels.spend_allowance(grant.size);
  channels.counters.bytes_out += grant.size;
  if (grant.size != size) channels.queue_turn(index);
  const TcpChanFrame frame{0, TcpChanOp::payload, slot.id, static_cast<std::uint16_t>(grant.size)};
  grant.header_size = static_cast<std::uint8_t>(frame.encode(grant.header_bytes.data()));
  return grant;
}

MuxWritten TcpChan::Core::write(MuxChannel channel, std::span<const std::byte> bytes) {
  return channels.write(
      bytes, [&](std::size_t size) { return reserve(channel, size, false); }, [&] { want_turn(channel); });
}

void TcpChan::Core::want_turn(MuxChannel channel) noexcept {
  const auto found = channels.find_open(channel);
  if (found.code) return;
  if (!is_ready_) {
    channels.table[found.index].is_blocked = true;
  } else {
    channels.queue_turn(found.index);
  }
}

void TcpChan::Core::close(MuxChannel channel, bool in_order) {
  const std::uint32_t index = channels.table.index_of(channel);
  if (index == no_channel) return;
  if (channels.table[index].state != MuxSlot::State::open) {
    (void)channels.consume(channel, channels.table[index].receive.unread);
    return;
  }
  if (channels.has_ended()) return channels.drop_unread(index);
  // What was never created on the wire is not closed there either.
  const MuxSlot& slot = channels.table[index];
  if (slot.wait != MuxWait::opening) put(TcpChanOp::close, slot.id);
  // A peer's are its doing; but all that are open at a time may be closed at once.
  constexpr std::size_t size = TcpChanFrame::short_size;
  if (!slot.is_ours) channels.count_answer(size, channels.options.channels_max * size);
  channels.drop_unread(index);
  if (in_order) {
    channels.end_channel_in_order(index);
  } else {
    channels.end_channel(index, error::closed);
  }
}

// --- what others see -------------------------------------------------------------------------------------------------

TcpChan::TcpChan(MuxRole role, const MuxOptions& options, std::uint64_t seed)
    : core_{std::make_unique<Core>(role, options, seed)} {}
TcpChan::TcpChan(TcpChan&&) noexcept = default;
TcpChan& TcpChan::operator=(TcpChan&&) noexcept = default;
TcpChan::~TcpChan() = default;

void TcpChan::start(TimePoint now) { core_->start(now); }
void TcpChan::feed(std::span<const std::byte> bytes, TimePoint now) { core_->feed(bytes, now); }
MuxEvent TcpChan::next_event() { return core_->next_event(); }
std::span<const std::byte> TcpChan::next_output() const noexcept { return core_->channels.out.unwritten(); }
void TcpChan::wrote(std::size_t size) noexcept { core_->channels.out.wrote(size); }
std::optional<TimePoint> TcpChan::next_deadline() const noexcept { return core_->next_deadline(); }
void TcpChan::expire(TimePoint now) { core_->expire(now); }
void TcpChan::note_delivery(std::uint64_t /*delivered*/, std::size_t /*undelivered*/, TimePoint /*now*/) noexcept {
  // It has no pings.
}
void TcpChan::set_reading(bool reads, TimePoint now) noexcept { core_->set_reading(reads, now); }
void TcpChan::stream_ended(boost::system::error_code code, TimePoint /*now*/) { core_->stream_ended(code); }
MuxOpened TcpChan::open(TimePoint now, std::optional<ChannelId> id) { return core_->open(now, id); }
void TcpChan::accept(MuxChannel channel, TimePoint /*now*/) { core_->accept(channel); }
MuxGrant TcpChan::reserve(MuxChannel channel, std::size_t size, bool finish, TimePoint /*now*/) {
  return core_->reserve(channel, size, finish);
}
MuxWritten TcpChan::write(MuxChannel channel, std::span<const std::byte> bytes, TimePoint /*now*/) {
  return core_->write(channel, bytes);
}
void TcpChan::want_turn(MuxChannel channel) noexcept { core_->want_turn(channel); }
bool TcpChan::has_turn() const noexcept { return core_->channels.has_turn(); }
MuxChannel TcpChan::next_turn() noexcept { return core_->channels.next_turn(); }
void TcpChan::consume(MuxChannel channel, std::size_t size, TimePoint /*now*/) {
  (void)core_->channels.consume(channel, size);
}
boost::system::error_code TcpChan::finish(MuxChannel channel, TimePoint /*now*/) {
  return core_->reserve(channel, 0, true).code;
}
void TcpChan::close(MuxChannel channel, TimePoint /*now*/) { core_->close(channel, true); }
void TcpChan::reset(MuxChannel channel, TimePoint /*now*/) { core_->close(channel, false); }
boost::system::error_code TcpChan::ping(std::uint32_t /*value*/, TimePoint /*now*/) { return error::unavailable; }
void TcpChan::go_away(TimePoint /*now*/) { core_->go_away(); }
std::size_t TcpChan::channel_count() const noexcept { return core_->channels.table.open_count(); }
std::size_t TcpChan::unread_size() const noexcept { return core_->channels.unread_size; }
const MuxCounters& TcpChan::counters() const noexcept { return core_->channels.counters; }

}  // namespace parley::wire
