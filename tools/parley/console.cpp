#include "console.hpp"

#include "base64.hpp"
#include "json_line.hpp"
#include "talk_text.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>

namespace parley::tool {
namespace {

JsonLine about(std::string_view event, const Peer& peer) {
  JsonLine object{event};
  object.add("connection", peer.number).add("peer", peer.connection.remote_endpoint().to_string());
  return object;
}

std::string error_line(std::string_view sentence, ExitCode code, const Peer* peer) {
  JsonLine object = peer != nullptr ? about("error", *peer) : JsonLine{"error"};
  return object.add("exit", static_cast<int>(code)).add("message", sentence).line();
}

/// The library's sentences have it already.
std::string with_endpoint(std::string_view sentence, const Peer& peer) {
  std::string endpoint = " (" + peer.connection.remote_endpoint().to_string() + ")";
  return std::string{sentence} + (sentence.ends_with(endpoint) ? std::string{} : std::move(endpoint));
}

std::string message_line(const Peer& peer, const Message& body, const Notation& notation) {
  JsonLine object = about("message", peer);
  object.add("size", body.size());
  if (notation.codec) return object.add_json("value", decode_value(*notation.codec, body)).line();
  if (notation.format == BodyFormat::hex) return object.add("hex", to_hex(body.view())).line();
  const bool is_text = notation.format != BodyFormat::base64 && is_utf8(body.view());
  return (is_text ? object.add("text", body.view()) : object.add("base64", to_base64(body.view()))).line();
}

/// A body that the user asked for byte by byte is not touched; whatever else goes to a terminal is.
Destination destination_of(const TalkOptions& options) {
  const bool exact = options.format == BodyFormat::raw;
  return ::isatty(STDOUT_FILENO) == 1 && !exact ? Destination::terminal : Destination::file;
}

}  // namespace

Console::Console(Output& output, const TalkOptions& options)
    : output_{output}, options_{options}, notation_{options.notation()}, destination_{destination_of(options)} {}

void Console::listening(const Endpoint& endpoint) {
  if (options_.json) output_.write(JsonLine{"listening"}.add("endpoint", endpoint.to_string()).line());
  if (!options_.json && !options_.quiet) say("listening on " + endpoint.to_string());
}

void Console::connected(const Peer& peer) {
  const std::optional<PeerCredentials> who = peer.connection.peer_credentials();
  if (options_.json) {
    JsonLine line = about("connected", peer);
    line.add("local", peer.connection.local_endpoint().to_string());
    if (who) line.add("peer_process", who->process).add("peer_user", who->user).add("peer_group", who->group);
    return output_.write(line.line());
  }
  if (options_.quiet) return;
  std::string sentence = "connected to " + peer.connection.remote_endpoint().to_string();
  if (who && options_.verbose)
    sentence += fmt::format(" (process {}, user {}, group {})", who->process, who->user, who->group);
  say(sentence, Colour::dim);
}

void Console::message(const Peer& peer, const Message& body) {
  if (options_.discard && !notation_.codec) return;
  const std::string text = options_.json ? message_line(peer, body, notation_) : notation_.write(body, destination_);
  if (!options_.discard) output_.write(text);
}

void Console::closed(const Peer& peer, const CloseReport& report) {
  const ConnectionStats stats = peer.connection.stats();
  if (options_.json) {
    output_.write(about("closed", peer)
                      .add("received", stats.messages_received)
                      .add("sent", stats.messages_sent - report.unsent_count)
                      .add("unsent", report.unsent_count + peer.unqueued_count)
                      .add("unconfirmed_bytes", report.unconfirmed_size)
                      .line());
  } else if (!options_.quiet) {
    say(fmt::format("closed {}: {} received, {} sent", peer.connection.remote_endpoint().to_string(),
                    count_of_messages(stats.messages_received),
                    count_of_messages(stats.messages_sent - report.unsent_count)),
        Colour::dim);
  }
}

void Console::warning(std::string_view sentence) {
  if (options_.json) return output_.write(JsonLine{"warning"}.add("message", sentence).line());
  if (!options_.quiet) say("warning: " + std::string{sentence}, Colour::dim);
}

void Console::error(std::string_view sentence, ExitCode code, const Peer* peer) {
  if (options_.json) return output_.write(error_line(sentence, code, peer));
  say_error(peer != nullptr ? with_endpoint(sentence, *peer) : std::string{sentence});
}

void report_error(std::string_view sentence, ExitCode code, bool json) {
  if (!json) return say_error(sentence);
  const std::string line = error_line(sentence, code, nullptr);
  const bool written = std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0;
  if (!written) say_error(sentence);
}

}  // namespace parley::tool
