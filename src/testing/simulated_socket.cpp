#include "testing/simulator_impl.hpp"

#include <boost/system/errc.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley::testing {

using boost::system::error_code;
using policy::SocketCore;

SimulatedSocket::Impl::Impl(Simulator::Impl& network_, const SocketOptions& options_, const Identity& identity_)
    : network{network_}, options{options_}, identity{options_.identity.value_or(identity_)} {
  start();
}

void SimulatedSocket::Impl::start() {
  core = std::make_unique<SocketCore>(options, identity, network.dice());
  has_closed = false;
  closes_by.reset();
  for (const Endpoint& endpoint : connected) diallers.push_back({core->add_dialler(endpoint), endpoint, {}});
}

void SimulatedSocket::Impl::die() {
  for (const auto& wire : network.wires) {
    for (SimulatedSide& side : wire->sides) {
      if (side.owner != this) continue;
      side.owner = nullptr;
      network.close_side(side, make_error_code(boost::system::errc::connection_reset));
    }
  }
  diallers.clear();
  closes_by.reset();
  core.reset();
}

SimulatedSocket::SimulatedSocket(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
SimulatedSocket::~SimulatedSocket() = default;

void SimulatedSocket::bind(const Endpoint& endpoint) { impl_->bound.push_back(endpoint); }

void SimulatedSocket::connect(const Endpoint& endpoint) {
  impl_->connected.push_back(endpoint);
  if (impl_->core) impl_->diallers.push_back({impl_->core->add_dialler(endpoint), endpoint, {}});
}

void SimulatedSocket::disconnect(const Endpoint& endpoint) {
  std::erase(impl_->connected, endpoint);
  if (!impl_->core) return;
  const auto diallers = impl_->diallers;
  for (const auto& dialled : diallers) {
    if (dialled.endpoint == endpoint) impl_->core->remove_dialler(dialled.id, impl_->network.now);
  }
}

namespace {

error_code try_now(SimulatedSocket::Impl& impl, Message message, const std::optional<Identity>& to) {
  if (!impl.core) return error::closed;
  error_code ec;
  const SocketCore::Sent sent = impl.core->try_send(message, to, {}, impl.network.now, ec);
  return sent == SocketCore::Sent::must_wait ? error::full : ec;
}

std::uint64_t start_send(SimulatedSocket::Impl& impl, Message message, const std::optional<Identity>& to) {
  const std::uint64_t operation = ++impl.last_operation;
  if (impl.core) {
    impl.core->send(operation, std::move(message), to, {}, impl.network.now);
  } else {
    impl.outcomes.push_back({operation, error::closed});
  }
  return operation;
}

}  // namespace

error_code SimulatedSocket::try_send(Message message) { return try_now(*impl_, std::move(message), {}); }
error_code SimulatedSocket::try_send_to(const Identity& to, Message message) {
  return try_now(*impl_, std::move(message), to);
}
std::uint64_t SimulatedSocket::send(Message message) { return start_send(*impl_, std::move(message), {}); }
std::uint64_t SimulatedSocket::send_to(const Identity& to, Message message) {
  return start_send(*impl_, std::move(message), to);
}

std::uint64_t SimulatedSocket::send_confirmed(Message message) {
  if (impl_->options.delivery != Delivery::at_least_once) {
    throw std::invalid_argument("only what is sent at least once is confirmed");
  }
  const std::uint64_t operation = ++impl_->last_operation;
  if (!impl_->core) {
    impl_->outcomes.push_back({operation, error::closed});
    return operation;
  }
  // That it was accepted is of no interest; it is an operation of its own, and has the number 0.
  impl_->core->send(0, std::move(message), {}, {.confirms = operation}, impl_->network.now);
  return operation;
}

std::vector<SimulatedOutcome> SimulatedSocket::outcomes() {
  impl_->network.settle();
  std::erase_if(impl_->outcomes, [](const SimulatedOutcome& each) { return each.operation == 0; });
  return std::exchange(impl_->outcomes, {});
}

std::optional<SimulatedReceived> SimulatedSocket::receive() {
  impl_->network.settle();
  Message body;
  policy::TakenFrom from;
  if (!impl_->core || !impl_->core->take(body, from)) return std::nullopt;
  return SimulatedReceived{std::move(body), from.sender, from.id};
}

void SimulatedSocket::acknowledge(const SimulatedReceived& received) {
  if (impl_->core && received.id) impl_->core->acknowledge(received.sender, *received.id);
}

std::optional<SocketEvent> SimulatedSocket::next_event() {
  impl_->network.settle();
  if (impl_->events.empty()) return std::nullopt;
  SocketEvent event = std::move(impl_->events.front());
  impl_->events.erase(impl_->events.begin());
  return event;
}

const Identity& SimulatedSocket::identity() const { return impl_->identity; }

std::vector<Identity> SimulatedSocket::peers() const {
  std::vector<Identity> identities;
  if (!impl_->core) return identities;
  for (const policy::Peer* peer : impl_->core->peers()) identities.push_back(peer->identity);
  return identities;
}

std::size_t SimulatedSocket::queue_size(const Identity& identity) const {
  if (!impl_->core) return 0;
  for (const policy::Peer* peer : impl_->core->peers()) {
    if (peer->identity == identity) return peer->out.size();
  }
  return 0;
}

std::size_t SimulatedSocket::kept_count() const { return impl_->core ? impl_->core->kept_count() : 0; }

void SimulatedSocket::close(Duration deadline) {
  if (!impl_->core || impl_->closes_by) return;
  impl_->core->begin_closing(make_error_code(boost::system::errc::operation_canceled));
  impl_->closes_by = impl_->network.now + deadline;
}
bool SimulatedSocket::has_closed() const { return impl_->has_closed; }
SimulatedRemains SimulatedSocket::remains() const { return impl_->remains; }

void SimulatedSocket::kill() {
  if (!impl_->core) return;
  ++impl_->network.counts.killed;
  impl_->die();
}
void SimulatedSocket::restart() {
  if (!impl_->core) impl_->start();
}
bool SimulatedSocket::is_alive() const { return impl_->core != nullptr; }

// --- the network -----------------------------------------------------------------------------------------------------

Simulator::Simulator(std::uint64_t seed, const Faults& faults) : impl_{std::make_unique<Impl>(seed, faults)} {}
Simulator::~Simulator() = default;

SimulatedSocket& Simulator::add_socket(const SocketOptions& options) {
  const Identity identity = Identity::of_random(impl_->dice(), impl_->dice());
  auto socket = std::make_unique<SimulatedSocket>(std::make_unique<SimulatedSocket::Impl>(*impl_, options, identity));
  return *impl_->sockets.emplace_back(std::move(socket));
}

void Simulator::pass(Duration span) { impl_->pass(span); }
TimePoint Simulator::now() const { return impl_->now; }
void Simulator::set_faults(const Faults& faults) { impl_->faults = faults; }
const FaultCounts& Simulator::counts() const { return impl_->counts; }

void Simulator::cut(const SimulatedSocket& a, const SimulatedSocket& b) {
  for (const auto& wire : impl_->wires) {
    const auto is_between = [&](const SimulatedSide& x, const SimulatedSide& y) {
      return x.owner == a.impl_.get() && y.owner == b.impl_.get();
    };
    if (is_between(wire->sides[0], wire->sides[1]) || is_between(wire->sides[1], wire->sides[0])) impl_->cut(*wire);
  }
}

}  // namespace parley::testing
