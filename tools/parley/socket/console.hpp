// What the user sees of a smart socket: its messages, and what happens to its peers.
#pragma once

#include "notation.hpp"
#include "voice.hpp"

#include <parley/policy/socket_event.hpp>
#include <parley/socket/received.hpp>
#include <parley/socket/socket.hpp>

#include <set>
#include <string>
#include <string_view>

namespace parley::tool {

class SocketConsole : public Voice {
 public:
  /// `side` tells apart the sockets of a command that has several; it goes before what is told.
  SocketConsole(Output& output, const CommonOptions& options, const Notation& notation, std::string side = {});

  void listening(const Endpoint& endpoint);
  /// Losses are told to everybody, the rest on demand; with JSON, everything.
  void event(const SocketEvent& happened);
  /// Throws parley::Error for what is no payload of the codec; nothing is printed then. `to_people`: on standard
  /// output, where it is not JSON.
  void message(const Received& received, bool to_people);
  void closed(const SocketStats& stats, const SocketCloseReport& report);

 private:
  [[nodiscard]] JsonLine line(std::string_view event) const;
  [[nodiscard]] bool is_news(const SocketEvent& happened);

  std::string side_;
  Notation notation_;
  Destination destination_;
  std::set<std::string> missed_;  // endpoints whose absence has been told
};

}  // namespace parley::tool
