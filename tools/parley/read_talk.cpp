#include "read_talk.hpp"

#include "schemes.hpp"
#include "text.hpp"

#include <parley/app/filters/named.hpp>
#include <parley/wire/framing_text.hpp>

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

namespace parley::tool {
namespace {

/// WebSocket and datagrams have messages of their own; other transports need a framing.
constexpr std::string_view one_each_framing = "message";

Framing parse_framing_option(const std::string& text, bool has_one_each) {
  try {
    return parse_framing(text);
  } catch (const std::invalid_argument& e) {
    const std::string also = has_one_each ? fmt::format("; or {}, for WebSocket's own messages", one_each_framing) : "";
    refuse(fmt::format("--framing {}: {}{}", text, e.what(), also));
  }
}

void check_datagrams(const std::optional<std::string>& framing, const Endpoint& endpoint) {
  if (framing && *framing != one_each_framing)
    refuse(
        fmt::format("a datagram is a message of its own, so {} takes no --framing {}", endpoint.to_string(), *framing));
}

void read_framing(const std::optional<std::string>& written, TalkOptions& options) {
  if (is_udp(options.endpoint)) return check_datagrams(written, options.endpoint);
  options.one_each =
      uses_websocket(options.endpoint) && written.value_or(std::string{one_each_framing}) == one_each_framing;
  if (!written || options.one_each) return;
  if (*written == one_each_framing)
    refuse(fmt::format(
        "--framing message is for ws:// and wss://, and for udp://, whose messages have ends of their own; {}:// "
        "needs another",
        to_string(options.endpoint.scheme())));
  options.framing = parse_framing_option(*written, uses_websocket(options.endpoint));
}

app::MakeFilter read_filter(const std::string& text) {
  try {
    return app::filter_named(text);
  } catch (const std::invalid_argument& e) {
    refuse(fmt::format("--filter {}: {}", text, e.what()));
  }
}

void read_filters(const TalkWords& words, TalkOptions& options) {
  for (const std::string& text : words.filters) options.filters.push_back(read_filter(text));
  if (!options.filters.empty() && options.carries_chunks())
    refuse("--filter needs messages, and --framing raw has none: what one read gives may be any part of a message");
}

std::optional<Seconds> read_wait(const std::string& text) {
  if (text == "forever") return std::nullopt;
  const std::optional<Seconds> wait = parse_time(text);
  if (!wait)
    refuse("--wait is a time, such as 500ms or 2s (a number alone is seconds), or forever, not " + quote(text));
  return wait;
}

/// A message that only silence can end has to be waited for, before the silence after which to leave begins.
Seconds silence_within_messages(const Framing& framing) {
  const auto* const idle = std::get_if<IdleGap>(&framing.options());
  return idle == nullptr ? Seconds{0} : Seconds{idle->gap};
}

/// Values need messages to travel in.
void check_codec(const TalkOptions& options) {
  if (options.codec && options.carries_chunks())
    refuse("--codec needs messages, and --framing raw has none: what one read gives may be any part of a value");
}

void refuse_both(const char* one, const char* other) {
  refuse(fmt::format("{} and {} both say what is sent back; give one of them", one, other));
}

void check_commands(const TalkOptions& options) {
  if (!options.runs_commands()) return;
  const char* const option = options.exec ? "--exec" : "--on";
  if (options.exec && options.exec->empty()) refuse("--exec needs a command for /bin/sh");
  if (options.echo) refuse_both("--echo", option);
  if (options.exec && options.kinds) refuse_both("--exec", "--on");
  if (options.carries_chunks())
    refuse(fmt::format(
        "{} needs messages, and --framing raw has none: what one read gives may be any part of a request", option));
}

void read_commands(const TalkWords& words, TalkOptions& options) {
  options.kinds = read_kinds(words.kinds);
  check_commands(options);
  if (!words.concurrency) return;
  if (!options.runs_commands()) refuse("--concurrency is about commands: give --exec or --on as well");
  options.commands_max = read_commands_max(*words.concurrency);
}

void check_combinations(const TalkOptions& options) {
  if (!options.bodies.empty() && options.file) refuse("give messages as arguments or as --file, not both");
  if (options.carries_one_message() && !options.can_half_close())
    refuse(fmt::format("the framing eof ends its message with one direction of the stream, and {} cannot end one alone",
                       options.endpoint.to_string()));
  if (options.carries_one_message() && options.bodies.size() > 1)
    refuse(fmt::format("the framing eof carries one message each way, and {} were given", options.bodies.size()));
}

}  // namespace

void read_talk(const TalkWords& words, TalkOptions& options) {
  options.endpoint = read_endpoint(words.endpoint);
  read_framing(words.framing, options);
  read_filters(words, options);
  read_common(words, options);
  options.wait = words.wait ? read_wait(*words.wait) : Seconds{1};
  options.wait_given = words.wait.has_value();
  if (options.wait) *options.wait += silence_within_messages(options.framing);
  check_codec(options);
  read_commands(words, options);
  for (const std::string& body : words.bodies) options.bodies.push_back(read_body(options.notation(), body));
  check_combinations(options);
  const std::vector<Endpoint> at{options.endpoint};
  const std::vector<Endpoint> none;
  check_tls(options.tls, options.listens ? at : none, options.listens ? none : at);
  if (!options.listens) check_can_be_dialled(options.endpoint);
}

}  // namespace parley::tool
