#include "testing/simulator_impl.hpp"

#include <boost/system/errc.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace parley::testing {

using boost::system::error_code;
using policy::LinkId;
using policy::SocketAction;
namespace errc = boost::system::errc;

namespace {

error_code system_error(errc::errc_t code) { return make_error_code(code); }

}  // namespace

// --- time ------------------------------------------------------------------------------------------------------------

void Simulator::Impl::pass(Duration span) {
  const TimePoint end = now + span;
  for (;;) {
    settle();
    const TimePoint next = next_event(end);
    if (next > end) break;
    now = std::max(now, next);
    for (const auto& socket : sockets) {
      if (const auto& core = socket->impl_->core) core->expire(now);
    }
    for (const auto& wire : wires) {
      if (wire->cut_at && *wire->cut_at <= now) {
        wire->cut_at.reset();
        ++counts.cut;
        cut(*wire);
      }
      if (wire->half_open_at && *wire->half_open_at <= now) {
        wire->half_open_at.reset();
        ++counts.half_open;
        wire->is_half_open = true;
      }
    }
  }
  now = end;
}

TimePoint Simulator::Impl::next_event(TimePoint end) const {
  TimePoint next = end + Duration{1};
  const auto consider = [&](std::optional<TimePoint> when) {
    if (when && *when > now) next = std::min(next, *when);
  };
  for (const auto& socket : sockets) {
    const SimulatedSocket::Impl& impl = *socket->impl_;
    if (!impl.core) continue;
    if (const auto deadline = impl.core->next_deadline()) next = std::min(next, std::max(*deadline, now));
    consider(impl.closes_by);
    for (const auto& dialled : impl.diallers) consider(dialled.answered_at);
  }
  for (const auto& wire : wires) {
    consider(wire->cut_at);
    consider(wire->half_open_at);
    for (const SimulatedSide& side : wire->sides) {
      if (!side.is_closed && !side.incoming.empty()) consider(side.incoming.front().arrives);
    }
  }
  return next;
}

Duration Simulator::Impl::delay() {
  const Duration rolled = roll(dice, faults.delay_min, faults.delay_max);
  if (rolled > Duration::zero()) ++counts.delayed;
  return rolled;
}

void Simulator::Impl::settle() {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < sockets.size(); ++i) changed |= act(*sockets[i]->impl_);
    for (std::size_t i = 0; i < wires.size(); ++i) changed |= move(*wires[i]);
    std::erase_if(wires, [](const auto& wire) { return wire->is_over(); });
  }
}

// --- sockets ---------------------------------------------------------------------------------------------------------

bool Simulator::Impl::act(SimulatedSocket::Impl& socket) {
  if (!socket.core) return false;
  bool changed = false;
  while (const auto action = socket.core->next_action()) {
    perform(socket, *action);
    changed = true;
  }
  while (auto completion = socket.core->next_completion()) {
    socket.outcomes.push_back({completion->operation, completion->ec});
  }
  while (auto event = socket.core->next_event()) socket.events.push_back(std::move(*event));
  answer_dials(socket);
  check_closing(socket);
  return changed;
}

void Simulator::Impl::perform(SimulatedSocket::Impl& socket, const SocketAction& action) {
  SimulatedSide* const side = side_of(socket, action.link);
  switch (action.kind) {
    case SocketAction::Kind::flush: break;  // move() looks at all of them
    case SocketAction::Kind::close_link:
      if (side != nullptr) close_side(*side, system_error(errc::connection_reset));
      break;
    case SocketAction::Kind::finish_link:
      if (side != nullptr) side->is_finishing = true;
      break;
    case SocketAction::Kind::look_at_link:
      if (side != nullptr && !side->incoming.empty() && side->incoming.back().end &&
          side->incoming.back().arrives <= now) {
        socket.core->on_seen_dead(action.link);
      }
      break;
    case SocketAction::Kind::dial:
      for (auto& dialled : socket.diallers) {
        if (dialled.id == action.dialler) dialled.answered_at = now + delay();
      }
      break;
    case SocketAction::Kind::stop_dialling:
      std::erase_if(socket.diallers, [&](const auto& dialled) { return dialled.id == action.dialler; });
      break;
  }
}

void Simulator::Impl::answer_dials(SimulatedSocket::Impl& socket) {
  for (std::size_t i = 0; i < socket.diallers.size(); ++i) {
    auto& dialled = socket.diallers[i];
    if (!dialled.answered_at || *dialled.answered_at > now) continue;
    dialled.answered_at.reset();
    answer(socket, dialled);
  }
}

void Simulator::Impl::answer(SimulatedSocket::Impl& socket, const SimulatedSocket::Impl::Dialled& dialled) {
  SimulatedSocket::Impl* const listener = listener_at(dialled.endpoint);
  const bool is_refused = roll(dice, faults.refuse);
  if (listener == nullptr || is_refused) {
    if (is_refused) ++counts.refused;
    socket.core->on_dial_failed(dialled.id, system_error(errc::connection_refused),
                                "cannot connect to " + dialled.endpoint.to_string() + ": connection refused", now);
    return;
  }
  SimulatedWire& wire = *wires.emplace_back(std::make_unique<SimulatedWire>());
  if (faults.cut_every > Duration::zero()) wire.cut_at = now + roll(dice, Duration{1}, 2 * faults.cut_every);
  if (faults.half_open_every > Duration::zero()) {
    wire.half_open_at = now + roll(dice, Duration{1}, 2 * faults.half_open_every);
  }
  const auto attach = [&](SimulatedSide& side, SimulatedSocket::Impl& owner, bool is_dialled) {
    side.owner = &owner;
    side.link = owner.core->add_link(
        {.endpoint = dialled.endpoint, .is_dialled = is_dialled, .dialler = is_dialled ? dialled.id : 0, .since = now},
        side.in, side.out, now);
  };
  attach(wire.sides[0], socket, true);
  attach(wire.sides[1], *listener, false);
}

SimulatedSocket::Impl* Simulator::Impl::listener_at(const Endpoint& endpoint) const {
  for (const auto& socket : sockets) {
    SimulatedSocket::Impl& impl = *socket->impl_;
    if (impl.core && std::find(impl.bound.begin(), impl.bound.end(), endpoint) != impl.bound.end()) return &impl;
  }
  return nullptr;
}

void Simulator::Impl::check_closing(SimulatedSocket::Impl& socket) {
  if (!socket.closes_by || !socket.core || (*socket.closes_by > now && !socket.core->is_drained())) return;
  const policy::SocketRemains remains = socket.core->finish_closing(system_error(errc::operation_canceled));
  socket.closes_by.reset();
  socket.remains = {remains.unsent_count, remains.unacknowledged_count, 0};
  for (const auto& wire : wires) {
    for (SimulatedSide& side : wire->sides) {
      if (side.owner == &socket) socket.remains.unconfirmed_size += wire->other(side).incoming_size;
    }
  }
  while (const auto action = socket.core->next_action()) perform(socket, *action);
  while (auto completion = socket.core->next_completion()) {
    socket.outcomes.push_back({completion->operation, completion->ec});
  }
  socket.has_closed = true;
  socket.core.reset();
}

// --- wires -----------------------------------------------------------------------------------------------------------

SimulatedSide* Simulator::Impl::side_of(const SimulatedSocket::Impl& socket, LinkId link) const {
  if (!link.is_set()) return nullptr;
  for (const auto& wire : wires) {
    for (SimulatedSide& side : wire->sides) {
      if (side.owner == &socket && side.link == link) return &side;
    }
  }
  return nullptr;
}

bool Simulator::Impl::move(SimulatedWire& wire) {
  bool moved = false;
  for (SimulatedSide& side : wire.sides) moved |= write(wire, side);
  for (SimulatedSide& side : wire.sides) moved |= read(wire, side);
  return moved;
}

bool Simulator::Impl::write(SimulatedWire& wire, SimulatedSide& side) {
  if (side.is_closed) return false;
  SimulatedSide& other = wire.other(side);
  bool wrote = false;
  while (!side.out.empty() && other.incoming_size < faults.buffer_size) {
    std::array<std::span<const std::byte>, 1> buffers;
    side.out.gather(buffers);
    const std::size_t size = std::min(buffers[0].size(), faults.buffer_size - other.incoming_size);
    send_piece(wire, side, buffers[0].first(size));
    side.out.consume(size);
    wrote = true;
  }
  if (wrote && side.owner != nullptr && side.owner->core) side.owner->core->on_written(side.link, now);
  if (side.is_finishing && side.out.empty()) {
    close_side(side, error::closed);
    wrote = true;
  }
  return wrote;
}

void Simulator::Impl::send_piece(SimulatedWire& wire, SimulatedSide& side, std::span<const std::byte> bytes) {
  SimulatedSide& other = wire.other(side);
  if (other.is_closed) return;
  const bool is_split = bytes.size() > 1 && roll(dice, faults.split);
  if (is_split) ++counts.split;
  while (!bytes.empty()) {
    const std::size_t size =
        is_split ? std::uniform_int_distribution<std::size_t>{1, std::min<std::size_t>(bytes.size(), 40)}(dice)
                 : bytes.size();
    other.push({now + delay(), {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}});
    bytes = bytes.subspan(size);
  }
}

bool Simulator::Impl::read(const SimulatedWire& wire, SimulatedSide& side) {
  bool was_read = false;
  for (;;) {
    if (side.is_closed || side.incoming.empty() || side.incoming.front().arrives > now) return was_read;
    policy::SocketCore* const core = side.owner == nullptr ? nullptr : side.owner->core.get();
    if (core == nullptr) return was_read;
    if (wire.is_half_open) return was_read;
    SimulatedSide::Piece& piece = side.incoming.front();
    if (piece.end) {
      const error_code ec = piece.end;
      side.is_closed = true;
      core->on_end(side.link, ec, "the connection ended: " + ec.message(), now);
      return true;
    }
    if (!core->wants_bytes(side.link) && !side.is_finishing) return was_read;
    const std::span<std::byte> room = side.in.prepare(core->wanted_size(side.link));
    const std::size_t size = std::min(room.size(), piece.bytes.size());
    std::memcpy(room.data(), piece.bytes.data(), size);
    side.in.commit(size);
    side.incoming_size -= size;
    piece.bytes.erase(piece.bytes.begin(), piece.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    if (piece.bytes.empty()) side.incoming.pop_front();
    core->on_bytes(side.link, now);
    was_read = true;
  }
}

/// This side is gone; the other is told by `told`, behind what was written.
void Simulator::Impl::close_side(SimulatedSide& side, error_code told) {
  if (std::exchange(side.is_closed, true)) return;
  for (const auto& wire : wires) {
    if (&side != &wire->sides[0] && &side != &wire->sides[1]) continue;
    SimulatedSide& other = wire->other(side);
    if (wire->is_half_open) return;  // nobody is told anything
    other.push({now + delay(), {}, told});
  }
}

void Simulator::Impl::cut(SimulatedWire& wire) {
  for (SimulatedSide& side : wire.sides) {
    if (side.is_closed) continue;
    side.incoming.clear();
    side.incoming_size = 0;
    side.push({now + delay(), {}, system_error(errc::connection_reset)});
  }
}

}  // namespace parley::testing
