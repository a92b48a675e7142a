#include "read_talk.hpp"

#include "text.hpp"

#include <parley/wire/framing_text.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace parley::tool {
namespace {

/// Longer, nothing is gained any more.
constexpr std::chrono::microseconds poll_max = std::chrono::seconds{60};

void check_can_be_dialled(const Endpoint& endpoint) {
  if (endpoint.is_wildcard()) refuse(endpoint.to_string() + ": a wildcard host is for listening only");
  if (endpoint.has_port() && endpoint.port() == 0) refuse(endpoint.to_string() + ": port 0 is for listening only");
}

/// WebSocket has messages of its own; other transports need a framing.
constexpr std::string_view one_each_framing = "message";

Framing parse_framing_option(const std::string& text, bool has_one_each) {
  try {
    return parse_framing(text);
  } catch (const std::invalid_argument& e) {
    const std::string also = has_one_each ? fmt::format("; or {}, for WebSocket's own messages", one_each_framing) : "";
    refuse(fmt::format("--framing {}: {}{}", text, e.what(), also));
  }
}

void read_framing(const std::optional<std::string>& written, TalkOptions& options) {
  options.one_each = options.uses_websocket() && written.value_or(std::string{one_each_framing}) == one_each_framing;
  if (!written || options.one_each) return;
  if (*written == one_each_framing)
    refuse(
        fmt::format("--framing message is for ws:// and wss://, whose messages have ends of their own; {}:// needs "
                    "another",
                    to_string(options.endpoint.scheme())));
  options.framing = parse_framing_option(*written, options.uses_websocket());
}

BodyFormat read_format(const std::string& text) {
  const std::optional<BodyFormat> format = parse_body_format(text);
  if (!format) refuse(fmt::format("--format is {}, not {}", body_format_names, quote(text)));
  return *format;
}

BodyCodec read_codec(const std::string& text) {
  const std::optional<BodyCodec> codec = parse_body_codec(text);
  if (!codec) refuse(fmt::format("--codec is {}, not {}", body_codec_names, quote(text)));
  return *codec;
}

/// The whole text as a number; nothing when it is something else or does not fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::uint64_t read_whole_number(std::string_view option, const std::string& text, std::uint64_t least,
                                std::uint64_t most) {
  const std::optional<std::uint64_t> number = parse_number<std::uint64_t>(text);
  if (!number || *number < least || *number > most)
    refuse(fmt::format("{} is a whole number, at least {} and at most {}, not {}", option, least, most, quote(text)));
  return *number;
}

/// Finite and not negative.
std::optional<Seconds> parse_seconds(const std::string& text) {
  const std::optional<double> seconds = parse_number<double>(text);
  if (!seconds || !std::isfinite(*seconds) || *seconds < 0) return std::nullopt;
  return Seconds{*seconds};
}

Seconds read_time_out(const std::string& text) {
  const std::optional<Seconds> time_out = parse_seconds(text);
  if (!time_out || *time_out == Seconds::zero()) refuse("--timeout is a number of seconds above 0, not " + quote(text));
  return *time_out;
}

std::optional<Seconds> read_wait(const std::string& text) {
  if (text == "forever") return std::nullopt;
  const std::optional<Seconds> wait = parse_seconds(text);
  if (!wait) refuse("--wait is a number of seconds or forever, not " + quote(text));
  return wait;
}

std::string read_body(const TalkOptions& options, const std::string& text) {
  try {
    return options.notation().read(text);
  } catch (const BadBody& e) {
    refuse(e.what());
  }
}

/// The TLS options that were given, by name.
std::vector<std::string_view> given_tls_options(const TlsWords& tls) {
  std::vector<std::string_view> given;
  if (tls.certificate) given.emplace_back("--tls-cert");
  if (tls.key) given.emplace_back("--tls-key");
  if (tls.authority) given.emplace_back("--tls-ca");
  if (tls.server_name) given.emplace_back("--tls-server-name");
  if (tls.accepts_any) given.emplace_back("--tls-accept-any");
  return given;
}

void check_tls(const TalkOptions& options) {
  const TlsWords& tls = options.tls;
  const std::vector<std::string_view> given = given_tls_options(tls);
  if (!given.empty() && !options.uses_tls())
    refuse(fmt::format("{} is for tls:// and wss://, not for {}", given.front(), options.endpoint.to_string()));
  for (const auto* const each : {&tls.certificate, &tls.key, &tls.authority})
    if (each->has_value() && (*each)->empty()) refuse("--tls-cert, --tls-key and --tls-ca need the path of a file");
  if (tls.server_name && tls.server_name->empty()) refuse("--tls-server-name needs a name");
  if (tls.key && !tls.certificate) refuse("--tls-key is the key of a certificate; give that by --tls-cert");
  if (tls.accepts_any && (tls.authority || tls.server_name))
    refuse(fmt::format("--tls-accept-any checks nothing, so {} has no use beside it",
                       tls.authority ? "--tls-ca" : "--tls-server-name"));
  if (options.listens && options.uses_tls() && !tls.certificate)
    refuse(
        fmt::format("listening on {} needs a certificate: --tls-cert PATH, and --tls-key PATH unless the key is in "
                    "the same file",
                    options.endpoint.to_string()));
}

/// Values are written as JSON, so that another format has nothing to say; and they need messages to travel in.
void check_codec(const Written& written, const TalkOptions& options) {
  if (!options.codec) return;
  if (options.format && options.format != BodyFormat::json)
    refuse(
        fmt::format("--codec reads and prints values as JSON, so --format {} has no use beside it", *written.format));
  if (options.carries_chunks())
    refuse("--codec needs messages, and --framing raw has none: what one read gives may be any part of a value");
}

void check_exec(const TalkOptions& options) {
  if (!options.exec) return;
  if (options.exec->empty()) refuse("--exec needs a command for /bin/sh");
  if (options.echo) refuse("--echo and --exec both say what is sent back; give one of them");
  if (options.carries_chunks())
    refuse("--exec needs messages, and --framing raw has none: what one read gives may be any part of a request");
}

void check_combinations(const TalkOptions& options) {
  if (options.file && options.file->empty()) refuse("--file needs a path; - is standard input");
  if (!options.bodies.empty() && options.file) refuse("give messages as arguments or as --file, not both");
  if (options.carries_one_message() && !options.can_half_close())
    refuse(fmt::format("the framing eof ends its message with one direction of the stream, and {} cannot end one alone",
                       options.endpoint.to_string()));
  if (options.carries_one_message() && options.bodies.size() > 1)
    refuse(fmt::format("the framing eof carries one message each way, and {} were given", options.bodies.size()));
}

}  // namespace

void refuse(const std::string& sentence) { throw UsageError(sentence); }

Endpoint read_endpoint(const std::string& text) {
  EndpointError why;
  const std::optional<Endpoint> endpoint = Endpoint::parse(text, &why);
  if (!endpoint) refuse("this is not an endpoint\n" + why.diagram());
  if (endpoint->scheme() == Scheme::inproc)
    refuse(endpoint->to_string() + " is inside one program; between programs use tcp:// or unix://");
  if (!endpoint->available())
    refuse(fmt::format("{}: {}:// is not available in this build; use tcp:// or unix://", endpoint->to_string(),
                       to_string(endpoint->scheme())));
  return *endpoint;
}

void read_talk(const Written& written, TalkOptions& options) {
  options.endpoint = read_endpoint(written.endpoint);
  read_framing(written.framing, options);
  if (written.format) options.format = read_format(*written.format);
  if (written.codec) options.codec = read_codec(*written.codec);
  if (written.size_max) options.size_max = read_whole_number("--max-size", *written.size_max, 1, SIZE_MAX);
  if (written.count) options.count = read_whole_number("--count", *written.count, 1, UINT64_MAX);
  if (written.time_out) options.time_out = read_time_out(*written.time_out);
  options.wait = written.wait ? read_wait(*written.wait) : Seconds{1};
  options.wait_given = written.wait.has_value();
  if (written.poll)
    options.poll = std::chrono::microseconds{read_whole_number("--poll", *written.poll, 0, poll_max.count())};
  check_codec(written, options);
  check_exec(options);
  for (const std::string& body : written.bodies) options.bodies.push_back(read_body(options, body));
  check_combinations(options);
  check_tls(options);
  if (!options.listens) check_can_be_dialled(options.endpoint);
}

}  // namespace parley::tool
