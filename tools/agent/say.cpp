#include "say.hpp"

#include <cstdio>

namespace parley::agent {
namespace {

/// Empty: nothing.
std::string line_about(const SocketEvent& event) {
  switch (event.kind) {
    case SocketEvent::Kind::peer_up: return "peer " + event.identity.to_string() + " at " + event.endpoint->to_string();
    case SocketEvent::Kind::peer_lost: return "lost peer " + event.identity.to_string() + ": " + event.sentence;
    case SocketEvent::Kind::refused: return "refused: " + event.sentence;
    case SocketEvent::Kind::retrying: return "trying again: " + event.sentence;
    case SocketEvent::Kind::dropped: return "dropped: " + event.cause.message();
    case SocketEvent::Kind::gave_up: return "gave up: " + event.sentence;
    case SocketEvent::Kind::accept_paused: return event.sentence;
    case SocketEvent::Kind::resent: break;
  }
  return {};
}

}  // namespace

void say(std::string_view line) {
  const std::string text = std::string{line} + "\n";
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

void EventTeller::tell(const SocketEvent& event) {
  std::string line = line_about(event);
  if (line.empty() || line == last_) return;
  say(line);
  last_ = std::move(line);
}

}  // namespace parley::agent
