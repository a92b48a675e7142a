// What comes from the peer: docs/protocols/yamux.md.
#include "wire/yamux_core.hpp"

#include <algorithm>
#include <cstring>

namespace parley::wire {
namespace {

std::string channel_text(ChannelId id) { return "channel " + std::to_string(id); }

}  // namespace

/// Reads on until there is something to tell; false: it needs more input, or something else is to be told.
bool Yamux::Core::read(MuxEvent& event) {
  while (!channels.has_ended() && !tells_ready_) {
    if (tells_closed()) return false;
    if (telling_ != 0 && (telling_ != tell_finished || body_left_ == 0)) {
      if (tell(event)) return true;
    } else if (input_.empty()) {
      return false;
    } else if (body_left_ != 0 ? read_body(event) : read_header(event)) {
      return true;
    }
  }
  return false;
}

/// The next of what the frame has to tell of its channel, unless the application has reset that meanwhile.
bool Yamux::Core::tell(MuxEvent& event) {
  const unsigned next = telling_ & (~telling_ + 1);
  telling_ &= ~next;
  event = arriving_event_;
  if (next == tell_reset) {
    event.kind = Kind::reset;
    event.code = channels.find_open(arriving_).code;
    return true;
  }
  if (!channels.is_open(arriving_)) return false;
  switch (next) {
    case tell_opened: event.kind = Kind::opened; break;
    case tell_accepted: event.kind = Kind::accepted; break;
    case tell_window_grew: event.kind = Kind::window_grew; break;
    default: event.kind = Kind::finished; on_fin(arriving_.index);
  }
  return true;
}

bool Yamux::Core::read_body(MuxEvent& event) {
  auto size = static_cast<std::uint32_t>(std::min<std::size_t>(input_.size(), body_left_));
  const bool is_open = channels.is_open(arriving_);
  const bool is_wanted = is_open && !channels.table[arriving_.index].is_discarding;
  if (is_wanted) {
    size = channels.receive(arriving_.index, size);
    if (size == 0) {
      put(YamuxType::go_away, 0, 0, static_cast<std::uint32_t>(YamuxGoAway::protocol_error));
      return false;
    }
  }
  const std::span<const std::byte> piece = input_.first(size);
  input_ = input_.subspan(size);
  body_left_ -= size;
  if (!is_open) return false;  // of a channel that is not there: passed over (section 4)
  YamuxReceiveWindow& window = channels.table[arriving_.index].receive;
  window.receive(size);
  if (!is_wanted) {
    window.consume(size);
    discard(arriving_.index);
    return false;
  }
  event = arriving_event_;
  event.kind = Kind::data;
  event.bytes = piece;
  return true;
}

/// Bytes of a channel that the application has closed have come. The peer has heard of that long since if it still
/// sends after a while, and would go on for as long as it is given credit; unless this is its end.
void Yamux::Core::discard(std::uint32_t index) {
  MuxSlot& slot = channels.table[index];
  const Duration span = channels.options.discard_time_max;
  if (telling_ != 0 || slot.wait != MuxWait::closing || span <= Duration::zero() || now_ - slot.wait_since < span)
    return give_credit(index, now_);
  slot.goes_on_sending = true;
  reset_at(index, error::timed_out);
}

bool Yamux::Core::read_header(MuxEvent& event) {
  const std::byte* from = input_.data();
  if (header_size_ != 0 || input_.size() < YamuxFrame::header_size) [[unlikely]] {
    const std::size_t size = std::min(input_.size(), YamuxFrame::header_size - header_size_);
    std::memcpy(header_.data() + header_size_, from, size);
    header_size_ += size;
    input_ = input_.subspan(size);
    if (header_[0] != std::byte{0}) {  // a stranger is known by its first byte
      break_off(error::malformed, "version " + std::to_string(std::to_integer<int>(header_[0])) + " in place of 0");
      return false;
    }
    if (header_size_ < YamuxFrame::header_size) return false;
    header_size_ = 0;
    from = header_.data();
  } else {
    input_ = input_.subspan(YamuxFrame::header_size);
  }
  const YamuxFrame frame = YamuxFrame::decode(from);
  if (frame.version != 0) {
    break_off(error::malformed, "version " + std::to_string(frame.version) + " in place of 0");
    return false;
  }
  has_heard_frame_ = true;
  switch (frame.type) {
    case YamuxType::data:
    case YamuxType::window_update: on_channel_frame(frame); return false;
    case YamuxType::ping: return on_ping(frame, event);
    case YamuxType::go_away: return on_go_away(frame, event);
  }
  break_off(error::malformed, "a frame of type " + std::to_string(static_cast<int>(frame.type)));
  return false;
}

bool Yamux::Core::on_ping(const YamuxFrame& frame, MuxEvent& event) {
  if (frame.has(YamuxFlags::syn)) {
    put_answer(YamuxType::ping, YamuxFlags::ack, 0, frame.length);
    return false;
  }
  if (!frame.has(YamuxFlags::ack)) return false;
  const auto ping = pings.answer(frame.length, now_);
  if (!ping) return false;  // nobody has asked: passed over (section 5)
  const Duration round_trip = now_ - ping->sent;
  if (ping->is_own) {
    if (!is_ready_) become_ready(round_trip);
    return false;
  }
  event = {};
  event.kind = Kind::pong;
  event.value = frame.length;
  event.round_trip = round_trip;
  return true;
}

bool Yamux::Core::on_go_away(const YamuxFrame& frame, MuxEvent& event) {
  const std::uint32_t code = frame.length;
  if (code != static_cast<std::uint32_t>(YamuxGoAway::normal)) {
    const char* const meaning = code == 1 ? ", a protocol error" : code == 2 ? ", an internal error" : "";
    channels.end(error::ended_by_peer, "the peer has ended the session with code " + std::to_string(code) + meaning);
    return false;
  }
  if (peer_is_going_away_) return false;
  peer_is_going_away_ = true;
  event = {};
  event.kind = Kind::going_away;
  return true;
}

void Yamux::Core::on_channel_frame(const YamuxFrame& frame) {
  arriving_ = {};
  if (frame.type == YamuxType::data) body_left_ = frame.length;
  if (frame.id == 0) return break_off(error::malformed, "a frame of a channel without a number");
  const std::uint32_t index = frame.has(YamuxFlags::syn) ? on_syn(frame) : channels.table.find(frame.id);
  if (index == no_channel) {
    if (!frame.has(YamuxFlags::syn)) on_stray(frame);
    return;
  }
  arriving_ = channels.table.handle(index);
  arriving_event_ = channels.event_of(Kind::none, index);
  if (frame.has(YamuxFlags::rst)) return on_reset(index);
  // Any frame of the peer's accepts the channel, as ACK may never come (section 2).
  if (const MuxSlot& slot = channels.table[index]; slot.is_ours && !slot.is_accepted) {
    on_acknowledged(index);
    telling_ |= tell_accepted;
  }
  if (frame.type == YamuxType::window_update) {
    if (!frame.has(YamuxFlags::syn)) on_window_update(frame, index);
  } else {
    on_data(frame, index);
  }
  if (!frame.has(YamuxFlags::fin) || channels.has_ended()) return;
  if (channels.table[index].peer_has_finished)
    return break_off(error::malformed, "the peer has finished " + channel_text(frame.id) + " twice");
  telling_ |= tell_finished;
}

/// The new channel, or none: it was refused, or it breaks the protocol.
std::uint32_t Yamux::Core::on_syn(const YamuxFrame& frame) {
  if (frame.id % 2 == own_parity()) {
    break_off(error::malformed, "the peer has opened " + channel_text(frame.id) + ", a number of this side's");
    return no_channel;
  }
  if (channels.table.find(frame.id) != no_channel) {
    break_off(error::malformed, "the peer has opened " + channel_text(frame.id) + " while it was open");
    return no_channel;
  }
  highest_peer_id_ = std::max(highest_peer_id_, frame.id);
  if (frame.has(YamuxFlags::rst)) {
    count_reset(frame.id);
    return no_channel;
  }
  const MuxOptions& options = channels.options;
  if (is_going_away_ || channels.table.open_count() >= options.channels_max ||
      channels.backlog_count >= options.accept_backlog) {
    refuse(frame);
    return no_channel;
  }
  const std::uint32_t index = channels.add(frame.id, false);
  if (frame.type == YamuxType::window_update && !channels.table[index].send.add(frame.length)) {
    break_off(error::malformed,
              "a window of 262144 + " + std::to_string(frame.length) + " bytes on " + channel_text(frame.id));
  }
  telling_ = tell_opened;
  return index;
}

void Yamux::Core::refuse(const YamuxFrame& frame) {
  ++channels.counters.channels_refused;
  if (!channels.resets.take(now_)) {
    return break_off(error::too_many_channels, "the peer went on opening channels, up to " + channel_text(frame.id) +
                                                   ", with " + std::to_string(channels.table.open_count()) +
                                                   " open and " + std::to_string(channels.backlog_count) +
                                                   " not accepted");
  }
  put_answer(YamuxType::window_update, YamuxFlags::rst, frame.id, 0);
}

/// For a channel that was closed it may have been on its way; for one that never was, it is a mistake (section 6).
void Yamux::Core::on_stray(const YamuxFrame& frame) {
  ++channels.counters.strays;
  const bool was_there = frame.id % 2 == own_parity() ? frame.id < next_id_ : frame.id <= highest_peer_id_;
  if (was_there || ++stray_count_ <= channels.options.strays_max) return;
  break_off(error::malformed, std::to_string(stray_count_) +
                                  " frames for channels that were never opened, the last for " +
                                  channel_text(frame.id));
}

void Yamux::Core::on_reset(std::uint32_t index) {
  const MuxSlot& slot = channels.table[index];
  const bool is_refusal = slot.is_ours && !slot.is_accepted;
  if (!slot.is_ours) count_reset(slot.id);
  channels.end_channel(index, is_refusal ? error::channel_refused : error::channel_reset);
  telling_ |= tell_reset;
}

/// Of a channel that the peer had opened itself: so much work for nothing.
void Yamux::Core::count_reset(ChannelId id) {
  if (channels.resets.take(now_)) return;
  break_off(error::too_many_resets, "the peer has reset " + std::to_string(channels.options.resets_burst) +
                                        " channels and more, the last of them " + channel_text(id));
}

void Yamux::Core::on_window_update(const YamuxFrame& frame, std::uint32_t index) {
  MuxSlot& slot = channels.table[index];
  if (!slot.send.add(frame.length)) {
    return break_off(error::malformed, "the peer has enlarged the window of " + channel_text(frame.id) + ", " +
                                           std::to_string(slot.send.left) + " bytes, by " +
                                           std::to_string(frame.length));
  }
  if (!slot.is_blocked || slot.send.left == 0) return;
  slot.is_blocked = false;
  if (slot.wait == MuxWait::stalled) channels.stop_waiting(index);
  channels.queue_turn(index);
  telling_ |= tell_window_grew;
}

void Yamux::Core::on_data(const YamuxFrame& frame, std::uint32_t index) {
  const MuxSlot& slot = channels.table[index];
  if (frame.length == 0) return;
  if (slot.peer_has_finished) {
    return break_off(error::malformed, "the peer sent " + std::to_string(frame.length) + " bytes on " +
                                           channel_text(frame.id) + ", which it had finished");
  }
  if (frame.length > slot.receive.left) {
    break_off(error::window_exceeded, "the peer sent " + std::to_string(frame.length) + " bytes on " +
                                          channel_text(frame.id) + " whose window was " +
                                          std::to_string(slot.receive.left));
  }
}

void Yamux::Core::on_fin(std::uint32_t index) {
  MuxSlot& slot = channels.table[index];
  slot.peer_has_finished = true;
  if (slot.has_finished) channels.end_channel_in_order(index);
}

}  // namespace parley::wire
