// Panels by the thousand, for the alarm receiver beside this program: most behave, some do not.
//
//   alarm_simulator tcp://127.0.0.1:7000 --panels 5000 --seconds 20 --rate 1/s --misbehaving 1%
//   alarm_simulator                       tests itself, with a receiver of its own, and ends
//
// Three kinds of panels, in turn. Each says its account, then an event in every interval, at a moment of its own, and
// waits for the acknowledgement of each. Of those that misbehave one fourth each sends garbage, ends in the middle of a
// message, falls silent, or floods. The last lines say who has done what: the receiver's log has to say the same.

#include "../../check.hpp"
#include "../../descriptor_limit.hpp"
#include "../alarm_receiver/receiver.hpp"
#include "options.hpp"
#include "plan.hpp"
#include "simulated_panel.hpp"
#include "tally.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <deque>
#include <exception>
#include <iostream>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Whether every message was acknowledged, and misbehaving panels met with what they should.
bool simulate(const SimulatorOptions& options) {
  const Plan plan = make_plan(options, parley::Clock::now());
  asio::io_context context;
  Tally tally;
  std::deque<SimulatedPanel> simulated;
  for (const PanelPlan& panel : plan.panels) {
    simulated.emplace_back(plan, panel, tally);
    asio::co_spawn(context, simulated.back().live(options.receiver), rethrow);
  }
  context.run();
  tally.print(std::cout);
  return tally.is_good();
}

void self_test() {
  Receiver receiver{"tcp://127.0.0.1:0", "tcp://127.0.0.1:0", 2s};
  std::jthread simulator{[&receiver] {
    SimulatorOptions options{
        .receiver = receiver.panels_at(), .panels = 60, .seconds = 1s, .rate = 5, .misbehaving = 20};
    check(simulate(options), "every message is acknowledged");
    receiver.stop();
  }};
  receiver.run();
  for (const Misbehaviour each : {Misbehaviour::garbage, Misbehaviour::half, Misbehaviour::flood}) {
    check(receiver.journal().count(each) == 3, "each misdeed is written down once");
  }
}

int main(int argc, char** argv) {
  raise_descriptor_limit();
  if (argc <= 1) {
    self_test();
    return 0;
  }
  try {
    return simulate(read_options(argc, argv)) ? 0 : 1;
  } catch (const std::invalid_argument& e) {
    std::cerr << e.what() << '\n';
    return 2;
  }
}
