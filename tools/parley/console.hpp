// What the user sees of a talk: messages on standard output, the rest on standard error; or, with --json, all of it
// as one object a line on standard output.
#pragma once

#include "talk_options.hpp"
#include "voice.hpp"

#include <parley/app/filters/chain.hpp>
#include <parley/connection/connection.hpp>
#include <parley/message.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::tool {

/// A connection, its number in the order of connecting, by which events are told apart, and what is known of the peer.
struct Peer {
  Peer(Connection made, unsigned order, const std::vector<app::MakeFilter>& makers)
      : connection{std::move(made)}, filters{makers}, number{order} {}

  Connection connection;
  app::FilterChain filters;
  unsigned number;
  std::string kind;                  ///< empty where peers have none, and before their first message
  std::uint64_t unqueued_count = 0;  ///< messages that waited for room to be sent when the connection was closed
};

class Console : public Voice {
 public:
  Console(Output& output, const TalkOptions& options);

  using Voice::error;

  void connected(const Peer& peer);
  /// Its kind is known now.
  void classified(const Peer& peer);
  /// Throws parley::Error for what is no payload of the codec; nothing is printed then.
  void message(const Peer& peer, const Message& body);
  void closed(const Peer& peer, const CloseReport& report);
  void error(std::string_view sentence, ExitCode code, const Peer& peer);

 private:
  Notation notation_;
  Destination destination_;
};

}  // namespace parley::tool
