#include "console.hpp"

#include "printed_message.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace parley::tool {
namespace {

JsonLine about(std::string_view event, const Peer& peer) {
  JsonLine object{event};
  object.add("connection", peer.number).add("peer", peer.connection.remote_endpoint().to_string());
  if (!peer.kind.empty()) object.add("kind", peer.kind);
  return object;
}

/// For people: where it is, and what.
std::string name_of(const Peer& peer) {
  const std::string endpoint = peer.connection.remote_endpoint().to_string();
  return peer.kind.empty() ? endpoint : fmt::format("{} ({})", endpoint, peer.kind);
}

/// The library's sentences have it already.
std::string with_endpoint(std::string_view sentence, const Peer& peer) {
  std::string endpoint = " (" + peer.connection.remote_endpoint().to_string() + ")";
  return std::string{sentence} + (sentence.ends_with(endpoint) ? std::string{} : std::move(endpoint));
}

std::string message_line(const Peer& peer, const Message& body, const Notation& notation) {
  JsonLine line = about("message", peer);
  return add_body(line, body, notation).line();
}

}  // namespace

Console::Console(Output& output, const TalkOptions& options)
    : Voice{output, options}, notation_{options.notation()}, destination_{destination_of(options)} {}

void Console::connected(const Peer& peer) {
  const std::optional<PeerCredentials> who = peer.connection.peer_credentials();
  JsonLine line = about("connected", peer);
  line.add("local", peer.connection.local_endpoint().to_string());
  if (who) line.add("peer_process", who->process).add("peer_user", who->user).add("peer_group", who->group);
  event(line);
  std::string sentence = "connected to " + peer.connection.remote_endpoint().to_string();
  if (who && options().verbose)
    sentence += fmt::format(" (process {}, user {}, group {})", who->process, who->user, who->group);
  remark(sentence);
}

void Console::classified(const Peer& peer) {
  event(about("classified", peer));
  remark(fmt::format("{} is of the kind {}", peer.connection.remote_endpoint().to_string(), peer.kind));
}

void Console::message(const Peer& peer, const Message& body) {
  if (options().discard && !notation_.codec) return;
  const std::string text = options().json ? message_line(peer, body, notation_) : notation_.write(body, destination_);
  if (!options().discard) output().write(text);
}

void Console::closed(const Peer& peer, const CloseReport& report) {
  const ConnectionStats stats = peer.connection.stats();
  event(about("closed", peer)
            .add("received", stats.messages_received)
            .add("sent", stats.messages_sent - report.unsent_count)
            .add("unsent", report.unsent_count + peer.unqueued_count)
            .add("unconfirmed_bytes", report.unconfirmed_size));
  remark(fmt::format("closed {}: {} received, {} sent", name_of(peer), count_of_messages(stats.messages_received),
                     count_of_messages(stats.messages_sent - report.unsent_count)));
}

void Console::error(std::string_view sentence, ExitCode code, const Peer& peer) {
  if (!options().json) return Voice::error(with_endpoint(sentence, peer), code);
  output().write(about("error", peer).add("exit", static_cast<int>(code)).add("message", sentence).line());
}

}  // namespace parley::tool
