// An alarm receiver: what panels in shops and houses report to. Three kinds of them on one port, told apart by the
// first that they say; every message is acknowledged; whatever a panel does that it should not is a line of the log.
//
//   alarm_receiver tcp://*:7000 tcp://127.0.0.1:7001 60    panels, the status page, how long a panel may be silent (s)
//   nc 127.0.0.1 7001                                      one status page
//   alarm_receiver                                         tests itself, with three panels, and ends
//
// protocol.hpp has the panels' language, receiver.hpp the handlers. ../alarm_simulator has panels by the thousand.

#include "../../check.hpp"
#include "../../descriptor_limit.hpp"
#include "protocol.hpp"
#include "receiver.hpp"

#include <parley/blocking/connection.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

using namespace std::chrono_literals;

parley::blocking::Connection dial(const parley::Endpoint& endpoint, const parley::Framing& framing) {
  return parley::blocking::Connection{endpoint, parley::ConnectOptions{}.framing(framing)};
}

void expect(parley::blocking::Connection& panel, std::string_view message) {
  check(panel.receive(10s) == message, "the answer that was to come");
}

void be_checked_panel(const parley::Endpoint& at) {
  parley::blocking::Connection panel = dial(at, panels::first_framing());
  const auto crc = panels::crc_filter()();
  for (const char* text : {"!!100042", "1 fire"}) {
    panel.send(crc->encode(text).message());
    parley::app::FilterResult answer = crc->decode(panel.receive(10s));
    check(answer.message().view().starts_with("ACK "), "an acknowledgement with a CRC");
  }
}

void be_record_panel(const parley::Endpoint& at) {
  parley::blocking::Connection panel = dial(at, panels::first_framing());
  panel.send("##200043");
  panel.reframe(panels::record_framing());
  expect(panel, "ACK 0");
  panel.send("1 burglary");
  expect(panel, "ACK 1");
}

void be_plain_panel(const Receiver& receiver) {
  parley::blocking::Connection panel = dial(receiver.panels_at(), panels::first_framing());
  panel.send("300044");
  expect(panel, "ACK 0");
  panel.send("1 nonsense");
  expect(panel, "NAK");
  const std::string page = dial(receiver.status_at(), parley::UntilEof{}).receive(10s).text();
  std::cout << page;
  check(page.find("300044") != std::string::npos, "the panel is on the page");
}

void self_test(Receiver& receiver) {
  be_checked_panel(receiver.panels_at());
  be_record_panel(receiver.panels_at());
  be_plain_panel(receiver);
  check(receiver.journal().count(Misbehaviour::garbage) == 1, "nonsense is written down");
  receiver.stop();
}

int main(int argc, char** argv) {
  raise_descriptor_limit();
  Receiver receiver{argc > 1 ? argv[1] : "tcp://127.0.0.1:0", argc > 2 ? argv[2] : "tcp://127.0.0.1:0",
                    std::chrono::seconds{argc > 3 ? std::stoi(argv[3]) : 60}};
  std::clog << "panels at " << receiver.panels_at() << ", the status page at " << receiver.status_at() << std::endl;

  std::jthread tester;
  if (argc <= 1) tester = std::jthread{[&receiver] { self_test(receiver); }};
  receiver.run();
}
