#include <parley/wire/communica_greeting.hpp>

#include "wire/json_scanner.hpp"

#include <parley/wire/communica_frame.hpp>
#include <parley/wire/utf8.hpp>

#include <algorithm>
#include <stdexcept>

namespace parley::wire {
namespace {

constexpr char end_of_greeting = '\0';
constexpr char rejects = '\4';
constexpr std::size_t reason_size_max = 1024;

CommunicaGreeting refused(error code, const char* why) {
  CommunicaGreeting greeting;
  greeting.outcome = CommunicaGreeting::Outcome::error;
  greeting.code = code;
  greeting.why = why;
  return greeting;
}

std::string_view text_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The text of one member of an object, if it has that. False where the whole is no JSON object.
bool find_member(std::string_view text, std::string_view wanted, bool& found, std::string& value) {
  std::string decoded;
  JsonScanner json{text, decoded};
  const auto member = [&](std::string_view key) {
    if (key != wanted) return json.value();
    std::string_view is;
    if (!json.text(is)) return false;
    found = true;
    value = is;  // the last one, if there are several
    return true;
  };
  return json.encoding() && json.object(member) && json.end();
}

CommunicaGreeting greeting_of(std::string_view text, CommunicaRole from) {
  CommunicaGreeting greeting;
  greeting.outcome = CommunicaGreeting::Outcome::greeting;
  greeting.consumed = text.size() + 1;
  if (from == CommunicaRole::server) {
    // What a server says means nothing.
    return is_json(text) ? greeting : refused(error::handshake_failed, "sent a greeting that is not JSON");
  }
  bool has_id = false;
  if (!find_member(text, "client_id", has_id, greeting.client_id)) {
    return refused(error::handshake_failed, "sent a greeting that is no JSON object with a text client_id");
  }
  return has_id ? greeting : refused(error::handshake_failed, "sent a greeting without a client_id");
}

/// `text`: behind the byte that rejects.
CommunicaGreeting rejection_of(std::string_view text) {
  CommunicaGreeting rejected;
  rejected.outcome = CommunicaGreeting::Outcome::rejected;
  bool has_reason = false;
  if (!find_member(text, "reason", has_reason, rejected.reason) || !has_reason) {
    rejected.reason = "(no reason given)";
  }
  if (rejected.reason.size() > reason_size_max) {
    rejected.reason.resize(valid_utf8_size(std::string_view{rejected.reason}.substr(0, reason_size_max)));
  }
  return rejected;
}

}  // namespace

CommunicaGreeting read_greeting(std::span<const std::byte> unread, bool ended, CommunicaRole from) {
  const std::string_view text = text_of(unread.first(std::min(unread.size(), greeting_size_max)));
  const bool is_strange = !text.empty() && text.front() != '{' && text.front() != rejects;
  if (from == CommunicaRole::client && is_strange) {
    return refused(error::handshake_failed, "began with something other than a greeting of communica");
  }
  const std::size_t end = text.find(end_of_greeting);
  if (end != std::string_view::npos) return greeting_of(text.substr(0, end), from);
  if (text.size() == greeting_size_max)
    return refused(error::handshake_failed, "sent a greeting longer than 65536 bytes");
  // Section 1: a rejection has no NUL, and ends with the stream.
  const std::size_t rejection = text.find(rejects);
  if (!ended) return {};
  if (rejection != std::string_view::npos) return rejection_of(text.substr(rejection + 1));
  return refused(error::truncated, text.empty() ? "left before it greeted" : "left in its greeting");
}

bool begins_rejection(std::span<const std::byte> unread) noexcept {
  // As a frame it would be of a kind that does not exist: the fifth byte is in the text.
  return unread.size() >= CommunicaFrames::close_notice_size && unread[0] == std::byte{rejects} &&
         unread[1] == std::byte{'{'} && unread[4] >= std::byte{' '};
}

CommunicaGreeting read_rejection(std::span<const std::byte> unread, bool ended) {
  if (unread.size() > greeting_size_max) {
    return refused(error::handshake_failed, "sent a reason longer than 65536 bytes for not having this side");
  }
  if (!ended) return {};
  return rejection_of(text_of(unread.subspan(1)));
}

std::string client_greeting(std::string_view client_id) {
  if (!is_utf8(client_id)) throw std::invalid_argument{"a client id has to be UTF-8, and this one is not"};
  std::string greeting = "{\"client_id\": " + json_quoted(client_id) + '}' + end_of_greeting;
  if (greeting.size() > greeting_size_max) {
    throw std::invalid_argument{"a client id of " + std::to_string(client_id.size()) +
                                " bytes makes a greeting longer than 65536 bytes"};
  }
  return greeting;
}

std::string server_greeting() { return std::string{"{\"hello\": \"hello\"}"} + end_of_greeting; }

std::string rejection(std::string_view reason) {
  reason = reason.substr(0, reason_size_max);
  reason = reason.substr(0, valid_utf8_size(reason));
  return rejects + std::string{"{\"reason\": "} + json_quoted(reason) + '}';
}

}  // namespace parley::wire
