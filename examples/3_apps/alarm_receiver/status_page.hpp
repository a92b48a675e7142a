// The status page: how the receiver is, and a line for each panel that is connected.
#pragma once

#include "journal.hpp"
#include "panel.hpp"

#include <parley/app/server.hpp>

#include <fstream>
#include <iomanip>
#include <sstream>
#include <string>

/// The most memory that this process has had, in KiB.
inline std::size_t memory_peak() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    std::size_t size = 0;
    if (word == "VmHWM:" && status >> size) return size;
  }
  return 0;
}

inline std::string summary(const parley::app::Server& panels, const Journal& journal) {
  const parley::app::Stats stats = panels.stats();
  std::ostringstream text;
  text << stats.peers << " panels connected, " << stats.peers_accepted << " in all, " << stats.messages_received
       << " messages, at most " << memory_peak() << " KiB of memory\n";
  for (const Misbehaviour each :
       {Misbehaviour::garbage, Misbehaviour::half, Misbehaviour::silent, Misbehaviour::flood, Misbehaviour::stranger}) {
    text << to_string(each) << ' ' << journal.count(each) << "  ";
  }
  text << '\n';
  return text.str();
}

inline std::string status_page(const parley::app::Server& panels, const Journal& journal) {
  std::ostringstream text;
  text << summary(panels, journal) << "\naccount  kind     events  last event  garbage  at\n" << std::left;
  for (const parley::app::Peer& peer : panels.peers()) {
    const PanelView panel = peer.state<Panel>().view();
    text << std::setw(9) << panel.account << std::setw(9) << peer.kind() << std::setw(8) << panel.events
         << std::setw(12) << panel.last_event << std::setw(9) << panel.garbage << peer.endpoint() << '\n';
  }
  return text.str();
}
