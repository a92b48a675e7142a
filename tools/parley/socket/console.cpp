#include "socket/console.hpp"

#include "printed_message.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace parley::tool {
namespace {

using EventKind = SocketEvent::Kind;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::peer_up: return "peer_up";
    case EventKind::peer_lost: return "peer_lost";
    case EventKind::refused: return "refused";
    case EventKind::retrying: return "retrying";
    case EventKind::dropped: return "dropped";
    case EventKind::resent: return "resent";
    case EventKind::gave_up: return "gave_up";
    case EventKind::accept_paused: break;
  }
  return "accept_paused";
}

/// "5 messages for 00..0f", "5 messages".
std::string messages_for(const SocketEvent& event) {
  const std::string count = count_of_messages(event.count);
  return event.identity.is_null() ? count : count + " for " + event.identity.to_string();
}

std::string sentence_of(const SocketEvent& event) {
  const std::string identity = event.identity.to_string();
  switch (event.kind) {
    case EventKind::peer_up: return fmt::format("peer {} is up ({})", identity, event.endpoint->to_string());
    case EventKind::peer_lost:
      return fmt::format("peer {} is lost: {}{}", identity, event.sentence,
                         event.count == 0 ? "" : "; " + count_of_messages(event.count) + " had not been sent to it");
    case EventKind::refused: return "a peer was turned away: " + event.sentence;
    case EventKind::retrying: return fmt::format("{}; trying again in {:.2g} s", event.sentence, seconds(event.delay));
    case EventKind::dropped: return fmt::format("{} dropped: {}", messages_for(event), event.cause.message());
    case EventKind::resent:
      return fmt::format("a message of {} bytes was sent again, now {} times, to {}", event.message.size(), event.count,
                         identity);
    case EventKind::gave_up: return "given up: " + event.sentence;
    case EventKind::accept_paused: break;
  }
  return event.sentence;
}

bool counts(EventKind kind) {
  return kind == EventKind::peer_lost || kind == EventKind::dropped || kind == EventKind::resent ||
         kind == EventKind::gave_up;
}

/// Nobody may be left in the dark about these.
bool is_warning(EventKind kind) {
  return kind == EventKind::dropped || kind == EventKind::gave_up || kind == EventKind::refused ||
         kind == EventKind::accept_paused;
}

}  // namespace

SocketConsole::SocketConsole(Output& output, const CommonOptions& options, const Notation& notation, std::string side)
    : Voice{output, options}, side_{std::move(side)}, notation_{notation}, destination_{destination_of(options)} {}

JsonLine SocketConsole::line(std::string_view event) const {
  JsonLine line{event};
  if (!side_.empty()) line.add("side", side_);
  return line;
}

void SocketConsole::listening(const Endpoint& endpoint) {
  Voice::event(line("listening").add("endpoint", endpoint.to_string()));
  remark((side_.empty() ? "" : side_ + " ") + "listening on " + endpoint.to_string(), Colour::none);
}

/// That a server is not there yet is worth a word, once; the rest of its absence is not.
bool SocketConsole::is_news(const SocketEvent& happened) {
  if (happened.kind == EventKind::peer_up) missed_.erase(happened.endpoint->to_string());
  return happened.kind == EventKind::retrying && missed_.insert(happened.endpoint->to_string()).second;
}

void SocketConsole::event(const SocketEvent& happened) {
  if (options().json) {
    JsonLine told = line(name_of(happened.kind));
    if (!happened.identity.is_null()) told.add("identity", happened.identity.to_string());
    if (happened.endpoint) told.add("endpoint", happened.endpoint->to_string());
    if (counts(happened.kind)) told.add("count", happened.count);
    if (happened.kind == EventKind::peer_lost) told.add("written", happened.written_count);
    if (happened.delay > Duration::zero()) told.add_json("delay", fmt::format("{:.6f}", seconds(happened.delay)));
    if (!happened.message.empty()) told.add("size", happened.message.size());
    if (happened.cause) told.add("cause", happened.cause.message());
    if (!happened.sentence.empty()) told.add("message", happened.sentence);
    return Voice::event(told);
  }
  const bool is_news_to_all = is_news(happened);
  const std::string sentence = (side_.empty() ? "" : side_ + ": ") + sentence_of(happened);
  if (is_warning(happened.kind)) return remark("warning: " + sentence);
  if (is_news_to_all || options().verbose) remark(sentence);
}

void SocketConsole::message(const Received& received, bool to_people) {
  const Message& body = received.message;
  if (options().json) {
    JsonLine told = line("message");
    told.add("sender", received.sender.to_string());
    const std::string text = add_body(told, body, notation_).line();
    if (!options().discard) output().write(text);
    return;
  }
  if (options().verbose) remark(fmt::format("{} bytes from {}", body.size(), received.sender.to_string()));
  if (options().discard && !notation_.codec) return;
  const std::string text = to_people || notation_.codec ? notation_.write(body, destination_) : std::string{};
  if (to_people && !options().discard) output().write(text);
}

void SocketConsole::closed(const SocketStats& stats, const SocketCloseReport& report) {
  Voice::event(line("closed")
                   .add("received", stats.messages_received)
                   .add("sent", stats.messages_sent)
                   .add("dropped", stats.messages_dropped)
                   .add("resent", stats.messages_resent)
                   .add("unsent", report.unsent_count)
                   .add("unacknowledged", report.unacknowledged_count)
                   .add("unconfirmed_bytes", report.unconfirmed_size));
}

}  // namespace parley::tool
