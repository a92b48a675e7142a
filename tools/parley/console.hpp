// What the user sees of a talk: messages on standard output, the rest on standard error; or, with --json, all of it
// as one object a line on standard output.
#pragma once

#include "exit_code.hpp"
#include "output.hpp"
#include "talk_options.hpp"

#include <parley/connection/connection.hpp>
#include <parley/message.hpp>

#include <cstdint>
#include <string_view>

namespace parley::tool {

/// A connection, and its number in the order of connecting, by which events are told apart.
struct Peer {
  Peer(Connection made, unsigned order) : connection{std::move(made)}, number{order} {}

  Connection connection;
  unsigned number;
  std::uint64_t unqueued_count = 0;  ///< messages that waited for room to be sent when the connection was closed
};

class Console {
 public:
  Console(Output& output, const TalkOptions& options);

  void listening(const Endpoint& endpoint);
  void connected(const Peer& peer);
  /// Throws parley::Error for what is no payload of the codec; nothing is printed then.
  void message(const Peer& peer, const Message& body);
  void closed(const Peer& peer, const CloseReport& report);
  /// Something failed that the talk goes on without.
  void warning(std::string_view sentence);
  /// `peer` may be null. The exit code is the one the error leads to, if it ends the tool.
  void error(std::string_view sentence, ExitCode code, const Peer* peer = nullptr);

 private:
  Output& output_;
  const TalkOptions& options_;
  Notation notation_;
  Destination destination_;
};

/// An error before there is a Console.
void report_error(std::string_view sentence, ExitCode code, bool json);

}  // namespace parley::tool
