#include "wire/mux_channels.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

namespace parley::wire {
namespace {

/// Options as they can be meant.
MuxOptions sensible(MuxOptions options) noexcept {
  options.window_initial = std::clamp(options.window_initial, yamux_window, std::uint32_t{1} << 31);
  options.window_max = std::max(options.window_max, options.window_initial);
  options.unread_size_max = std::min<std::size_t>(options.unread_size_max, std::numeric_limits<std::uint32_t>::max());
  options.frame_size_max = std::clamp<std::uint32_t>(options.frame_size_max, 1, 64 * limits::kib);
  options.write_quantum = std::clamp<std::uint32_t>(options.write_quantum, 1, options.frame_size_max);
  options.output_high_water_size = std::max<std::size_t>(options.output_high_water_size, 1);
  return options;
}

}  // namespace

std::string seconds_text(Duration span) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  std::string text = std::to_string(milliseconds / 1000);
  if (milliseconds % 1000 != 0) text += '.' + std::to_string(1000 + milliseconds % 1000).substr(1);
  return text + " s";
}

MuxChannels::MuxChannels(MuxRole which, const MuxOptions& given, std::uint64_t seed)
    : options{sensible(given)}, role{which}, table{seed}, resets{options.resets_burst, options.resets_per_second} {}

void MuxChannels::end(boost::system::error_code code, std::string sentence) {
  if (has_ended_) return;
  has_ended_ = true;
  end_code_ = code;
  end_sentence_ = std::move(sentence);
}

void MuxChannels::count_answer(std::size_t size, std::size_t allowance) {
  out.count_provoked(size);
  if (out.provoked_max() <= options.answers_size_max + allowance) return;
  end(error::flooded, std::to_string(out.size()) + " bytes wait for a peer that does not read them");
}

bool MuxChannels::next_event(MuxEvent& event) {
  if (first_waiting(MuxWait::over) != no_channel) {
    event = take_over();
    return true;
  }
  if (!has_ended_) return false;
  if (!has_told_end_) {
    has_told_end_ = true;
    event = {};
    event.kind = MuxEvent::Kind::ended;
    event.code = end_code_;
    event.sentence = end_sentence_;
    return true;
  }
  for (; closed_up_to_ < table.size(); ++closed_up_to_) {
    if (table[closed_up_to_].state != MuxSlot::State::open) continue;
    end_channel(closed_up_to_, by_session);
    event = take_over();
    return true;
  }
  return false;
}

MuxChannels::Found MuxChannels::find_open(MuxChannel channel) const {
  const std::uint32_t index = table.index_of(channel);
  if (has_ended_) return {no_channel, code_of(by_session)};
  if (index == no_channel) return {no_channel, error::closed};
  const MuxSlot& slot = table[index];
  if (slot.state == MuxSlot::State::open) return {index, {}};
  return {no_channel, slot.why == 0 ? make_error_code(error::closed) : code_of(slot.why)};
}

std::uint32_t MuxChannels::add(ChannelId id, bool is_ours) {
  const std::uint32_t index = table.add(id);
  table[index].is_ours = is_ours;
  ++(is_ours ? unacknowledged_count : backlog_count);
  ++(is_ours ? counters.channels_opened : counters.channels_accepted);
  return index;
}

void MuxChannels::accept(std::uint32_t index) noexcept {
  MuxSlot& slot = table[index];
  if (slot.is_accepted) return;
  slot.is_accepted = true;
  --(slot.is_ours ? unacknowledged_count : backlog_count);
}

void MuxChannels::end_channel(std::uint32_t index, std::uint8_t why) {
  MuxSlot& slot = table[index];
  stop_waiting(index);
  slot.is_blocked = false;
  give_up_turn(index);
  if (!slot.is_accepted) --(slot.is_ours ? unacknowledged_count : backlog_count);
  if (slot.receive.size > options.window_initial) grown_size -= slot.receive.size - options.window_initial;
  table.forget_id(index);
  slot.why = why;
  // Bytes that came before a session was lost have come all the same; those of a reset channel mean nothing.
  if (why != 0 && why != by_session) drop_unread(index);
  waits_[number(MuxWait::over)].push_back(table, index);
}

std::uint32_t MuxChannels::receive(std::uint32_t index, std::uint32_t count) {
  if (unread_size == options.unread_size_max) {
    end(error::unread_limit, "the peer sent more on channel " + std::to_string(table[index].id) + " while " +
                                 std::to_string(unread_size) +
                                 " bytes of all channels were unread, which is the limit");
    return 0;
  }
  const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(count, options.unread_size_max - unread_size));
  unread_size += taken;
  counters.bytes_in += taken;
  return taken;
}

std::uint32_t MuxChannels::consume(MuxChannel channel, std::size_t size) noexcept {
  const std::uint32_t index = table.index_of(channel);
  if (index == no_channel) return no_channel;
  MuxSlot& slot = table[index];
  const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(size, slot.receive.unread));
  slot.receive.consume(count);
  unread_size -= count;
  if (slot.state == MuxSlot::State::open) return index;
  if (slot.state == MuxSlot::State::lingering && slot.receive.unread == 0) table.release(index);
  return no_channel;
}

void MuxChannels::drop_unread(std::uint32_t index) noexcept {
  MuxSlot& slot = table[index];
  unread_size -= slot.receive.unread;
  slot.receive.consume(slot.receive.unread);
}

MuxEvent MuxChannels::take_over() {
  const std::uint32_t index = first_waiting(MuxWait::over);
  waits_[number(MuxWait::over)].remove(table, index);
  MuxSlot& slot = table[index];
  MuxEvent event = event_of(MuxEvent::Kind::closed, index);
  if (slot.why != 0) {
    event.code = code_of(slot.why);
    sentence_ = sentence_of(slot);
    event.sentence = sentence_;
  }
  if (slot.receive.unread == 0) {
    table.release(index);
  } else {
    slot.state = MuxSlot::State::lingering;
  }
  return event;
}

boost::system::error_code MuxChannels::code_of(std::uint8_t why) const noexcept {
  if (why != by_session) return static_cast<error>(why);
  // That the session ended in order is no orderly end for a channel that was open.
  return end_code_ == error::closed ? make_error_code(error::session_ended) : end_code_;
}

std::string MuxChannels::sentence_of(const MuxSlot& slot) const {
  const std::string name = "channel " + std::to_string(slot.id);
  if (slot.why == by_session) return "the session of " + name + " has ended: " + end_sentence_;
  switch (static_cast<error>(slot.why)) {
    case error::closed: return name + " was reset by this side";
    case error::channel_reset: return "the peer has reset " + name;
    case error::channel_refused: return "the peer has refused " + name;
    case error::peer_too_slow:
      return "the peer has granted no window on " + name + " for " + seconds_text(options.stall_time_max);
    default: break;
  }
  if (slot.is_ours && !slot.is_accepted)
    return "the peer has not answered the opening of " + name + " for " + seconds_text(options.open_time_max);
  if (slot.goes_on_sending)
    return "the peer still sent on " + name + ' ' + seconds_text(options.discard_time_max) + " after its closing";
  return "the peer has not finished " + name + " within " + seconds_text(options.close_time_max) + " of its closing";
}

void MuxChannels::wait(std::uint32_t index, MuxWait what, TimePoint now) noexcept {
  stop_waiting(index);
  MuxSlot& slot = table[index];
  slot.wait = what;
  slot.wait_since = now;
  waits_[number(what)].push_back(table, index);
}

void MuxChannels::stop_waiting(std::uint32_t index) noexcept {
  MuxSlot& slot = table[index];
  if (slot.wait == MuxWait::nothing) return;
  waits_[number(slot.wait)].remove(table, index);
  slot.wait = MuxWait::nothing;
}

Duration MuxChannels::time_max(MuxWait what) const noexcept {
  switch (what) {
    case MuxWait::opening: return options.open_time_max;
    case MuxWait::stalled: return options.stall_time_max;
    case MuxWait::closing: return options.close_time_max;
    default: return Duration::zero();
  }
}

std::uint32_t MuxChannels::first_due(MuxWait what, TimePoint now) const noexcept {
  const std::uint32_t first = first_waiting(what);
  const Duration span = time_max(what);
  return first != no_channel && span > Duration::zero() && now - table[first].wait_since >= span ? first : no_channel;
}

std::optional<TimePoint> MuxChannels::next_deadline() const noexcept {
  std::optional<TimePoint> next;
  for (const MuxWait what : {MuxWait::opening, MuxWait::stalled, MuxWait::closing}) {
    const std::uint32_t first = first_waiting(what);
    if (first == no_channel || time_max(what) <= Duration::zero()) continue;
    next = earlier(next, table[first].wait_since + time_max(what));
  }
  return next;
}

std::size_t MuxChannels::take_allowance(std::uint32_t index) noexcept {
  const bool was_named = table[index].was_named;
  table[index].was_named = false;
  if (current_ == index && allowance_ != 0) return allowance_;
  // Others have been named meanwhile: who is woken up to write comes later than who writes at once.
  if (was_named) {
    current_ = index;
    return allowance_ = options.write_quantum;
  }
  if (!turns_.empty()) {
    queue_turn(index);
    return 0;
  }
  // Nobody else wants to write.
  current_ = index;
  return allowance_ = options.frame_size_max;
}

void MuxChannels::queue_turn(std::uint32_t index) noexcept {
  if (current_ == index) current_ = no_channel;
  if (table[index].has_turn) return;
  table[index].has_turn = true;
  turns_.push_back(table, index);
}

void MuxChannels::give_up_turn(std::uint32_t index) noexcept {
  table[index].was_named = false;
  if (current_ == index) current_ = no_channel;
  if (!table[index].has_turn) return;
  table[index].has_turn = false;
  turns_.remove(table, index);
}

MuxChannel MuxChannels::next_turn() noexcept {
  if (has_ended_ || turns_.empty() || out.size() >= options.output_high_water_size) return {};
  const std::uint32_t index = turns_.front();
  turns_.remove(table, index);
  table[index].has_turn = false;
  table[index].was_named = true;
  current_ = index;
  allowance_ = turns_.empty() ? options.frame_size_max : options.write_quantum;
  return table.handle(index);
}

}  // namespace parley::wire
