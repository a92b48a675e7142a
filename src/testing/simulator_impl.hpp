// The insides of the simulator.
#pragma once

#include "policy/socket_core.hpp"
#include "testing/simulated_wire.hpp"

#include <parley/testing/simulator.hpp>

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parley::testing {

class PARLEY_HIDDEN SimulatedSocket::Impl {
 public:
  Impl(Simulator::Impl& network, const SocketOptions& options, const Identity& identity);

  void start();
  void die();

  Simulator::Impl& network;
  const SocketOptions options;
  const Identity identity;
  std::vector<Endpoint> bound;
  std::vector<Endpoint> connected;

  std::unique_ptr<policy::SocketCore> core;  // null when it is dead, or has closed
  struct Dialled {
    policy::DiallerId id;
    Endpoint endpoint;
    std::optional<TimePoint> answered_at;
  };
  std::vector<Dialled> diallers;
  std::vector<SimulatedOutcome> outcomes;
  std::vector<SocketEvent> events;
  std::uint64_t last_operation = 0;
  std::optional<TimePoint> closes_by;
  bool has_closed = false;
  SimulatedRemains remains;
};

class PARLEY_HIDDEN Simulator::Impl {
 public:
  Impl(std::uint64_t seed, const Faults& faults_) : dice{seed}, faults{faults_} {}

  void pass(Duration span);
  /// Carries out what the cores ask for, and what is due now, until nothing changes.
  void settle();
  void cut(SimulatedWire& wire);
  void close_side(SimulatedSide& side, boost::system::error_code told);
  /// More may be read from the link now.
  void resume(SimulatedSocket::Impl& socket, policy::LinkId link);

  TimePoint now{std::chrono::hours{1}};
  Dice dice;
  Faults faults;
  FaultCounts counts;
  std::vector<std::unique_ptr<SimulatedSocket>> sockets;
  std::vector<std::unique_ptr<SimulatedWire>> wires;

 private:
  [[nodiscard]] Duration delay();
  [[nodiscard]] TimePoint next_event(TimePoint end) const;
  bool act(SimulatedSocket::Impl& socket);
  void perform(SimulatedSocket::Impl& socket, const policy::SocketAction& action);
  void answer_dials(SimulatedSocket::Impl& socket);
  void answer(SimulatedSocket::Impl& socket, const SimulatedSocket::Impl::Dialled& dialled);
  void check_closing(SimulatedSocket::Impl& socket);
  [[nodiscard]] SimulatedSocket::Impl* listener_at(const Endpoint& endpoint) const;
  bool move(SimulatedWire& wire);
  bool write(SimulatedWire& wire, SimulatedSide& side);
  void send_piece(SimulatedWire& wire, SimulatedSide& side, std::span<const std::byte> bytes);
  bool read(const SimulatedWire& wire, SimulatedSide& side);
  SimulatedSide* side_of(const SimulatedSocket::Impl& socket, policy::LinkId link) const;
};

}  // namespace parley::testing
