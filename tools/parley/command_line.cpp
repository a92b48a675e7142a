#include "command_line.hpp"

#include "body_format.hpp"
#include "help.hpp"
#include "text.hpp"

#include <parley/version.hpp>
#include <parley/wire/framing_text.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace parley::tool {
namespace {

/// Longer, nothing is gained any more.
constexpr std::chrono::microseconds poll_max = std::chrono::seconds{60};

/// Options as text, before they are checked.
struct Written {
  std::string endpoint;
  std::optional<std::string> framing;
  std::optional<std::string> format;
  std::optional<std::string> size_max;
  std::optional<std::string> count;
  std::optional<std::string> time_out;
  std::optional<std::string> wait;
  std::optional<std::string> poll;
  std::vector<std::string> bodies;
};

[[noreturn]] void refuse(const std::string& sentence) { throw UsageError(sentence); }

bool is_option(std::string_view argument) {
  return argument.size() > 1 && argument.front() == '-' && !(argument[1] >= '0' && argument[1] <= '9');
}

// --- what is accepted ------------------------------------------------------------------------------------------------

void add_message_options(CLI::App& app, Written& written, TalkOptions& options) {
  app.add_option("--framing", written.framing, "How messages are told apart; see below")
      ->type_name("SPEC")
      ->group("Messages");
  app.add_option("--format", written.format, "How messages are written: text, quoted, hex or raw; see below")
      ->type_name("FORMAT")
      ->group("Messages");
  app.add_option("--file", options.file, "Send what is in this file; - is standard input")
      ->type_name("PATH")
      ->group("Messages");
  app.add_option("--max-size", written.size_max, "Largest message sent or received [64 MiB]")
      ->type_name("BYTES")
      ->group("Messages");
  app.add_flag("--echo", options.echo, "Send every message received back; standard input is not read")
      ->group("Messages");
  app.add_flag("--discard", options.discard, "Do not print the messages received")->group("Messages");
}

void add_ending_options(CLI::App& app, Written& written, TalkOptions& options) {
  app.add_option("--count", written.count, "Leave after N messages received (with --echo: sent back)")
      ->type_name("N")
      ->group("Ending");
  app.add_option("--timeout", written.time_out, "Give up with exit code 3 when nothing moves for so long")
      ->type_name("SECONDS")
      ->group("Ending");
  app.add_option("--wait", written.wait, "After the end of input: silence to leave after, or forever [1]")
      ->type_name("SECONDS")
      ->group("Ending");
  if (app.get_name() == "listen") app.add_flag("--once", options.once, "Serve one peer, then leave")->group("Ending");
}

void add_tls_options(CLI::App& app, TlsWords& tls) {
  const bool listens = app.get_name() == "listen";
  app.add_option("--tls-cert", tls.certificate,
                 listens ? "The certificate to show, and those up to its authority (PEM)"
                         : "A certificate to show, for servers that want one (PEM)")
      ->type_name("PATH")
      ->group("TLS");
  app.add_option("--tls-key", tls.key, "Its private key (PEM); without, it is in the same file")
      ->type_name("PATH")
      ->group("TLS");
  app.add_option("--tls-ca", tls.authority,
                 listens ? "Let in only clients with a certificate of these authorities (PEM)"
                         : "Authorities to trust (PEM) instead of the system's")
      ->type_name("PATH")
      ->group("TLS");
  if (listens) return;
  app.add_option("--tls-server-name", tls.server_name, "The name the certificate is for [the endpoint's host]")
      ->type_name("NAME")
      ->group("TLS");
  app.add_flag("--tls-accept-any", tls.accepts_any, "Check no certificate: anyone between can read and change all")
      ->group("TLS");
}

void add_talk_options(CLI::App& app, Written& written, TalkOptions& options) {
  app.allow_extras();
  app.add_option("endpoint", written.endpoint)->required()->type_name("ENDPOINT");
  add_message_options(app, written, options);
  add_ending_options(app, written, options);
  add_tls_options(app, options.tls);
  app.add_flag("--json", options.json, "Print one JSON object a line for each event, errors included")->group("Talk");
  app.add_flag("-q,--quiet", options.quiet, "No talk on standard error but errors")->group("Talk");
  app.add_flag("-v,--verbose", options.verbose, "Tell on standard error what the library does")->group("Talk");
  app.add_option("--poll", written.poll, "Look for work so long before sleeping: less latency, more CPU [0]")
      ->type_name("MICROSECONDS")
      ->group("Talk");
}

// --- from text to options --------------------------------------------------------------------------------------------

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

void check_can_be_dialled(const Endpoint& endpoint) {
  if (endpoint.is_wildcard()) refuse(endpoint.to_string() + ": a wildcard host is for listening only");
  if (endpoint.has_port() && endpoint.port() == 0) refuse(endpoint.to_string() + ": port 0 is for listening only");
}

Framing parse_framing_option(const std::string& text) {
  try {
    return parse_framing(text);
  } catch (const std::invalid_argument& e) {
    refuse(fmt::format("--framing {}: {}", text, e.what()));
  }
}

/// WebSocket has messages of its own; other transports need a framing.
constexpr std::string_view one_each_framing = "message";

void read_framing(const std::optional<std::string>& written, TalkOptions& options) {
  options.one_each = options.uses_websocket() && written.value_or(std::string{one_each_framing}) == one_each_framing;
  if (!written || options.one_each) return;
  if (*written == one_each_framing)
    refuse(
        fmt::format("--framing message is for ws:// and wss://, whose messages have ends of their own; {}:// needs "
                    "another",
                    to_string(options.endpoint.scheme())));
  options.framing = parse_framing_option(*written);
}

BodyFormat read_format(const std::string& text) {
  const std::optional<BodyFormat> format = parse_body_format(text);
  if (!format) refuse("--format is text, quoted, hex or raw, not " + quote(text));
  return *format;
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
    return decode_body(options.body_format(), text);
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

void check_tls(const TalkOptions& options, bool listens) {
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
  if (listens && options.uses_tls() && !tls.certificate)
    refuse(
        fmt::format("listening on {} needs a certificate: --tls-cert PATH, and --tls-key PATH unless the key is in "
                    "the same file",
                    options.endpoint.to_string()));
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

void read_talk(const Written& written, TalkOptions& options) {
  options.endpoint = read_endpoint(written.endpoint);
  read_framing(written.framing, options);
  if (written.format) options.format = read_format(*written.format);
  if (written.size_max) options.size_max = read_whole_number("--max-size", *written.size_max, 1, SIZE_MAX);
  if (written.count) options.count = read_whole_number("--count", *written.count, 1, UINT64_MAX);
  if (written.time_out) options.time_out = read_time_out(*written.time_out);
  options.wait = written.wait ? read_wait(*written.wait) : Seconds{1};
  options.wait_given = written.wait.has_value();
  if (written.poll)
    options.poll = std::chrono::microseconds{read_whole_number("--poll", *written.poll, 0, poll_max.count())};
  for (const std::string& body : written.bodies) options.bodies.push_back(read_body(options, body));
  check_combinations(options);
}

// --- the arguments ---------------------------------------------------------------------------------------------------

/// The arguments before `--`, for CLI11, and those behind it, which are bodies whatever they look like. Bodies do not
/// go through CLI11 options: it takes "[1,2]" apart.
struct Arguments {
  std::vector<std::string> parsed;
  std::vector<std::string> verbatim;
};

Arguments divide(int argc, const char* const* argv) {
  Arguments arguments;
  int i = 1;
  for (; i < argc && std::string_view{argv[i]} != "--"; ++i) arguments.parsed.emplace_back(argv[i]);
  for (++i; i < argc; ++i) arguments.verbatim.emplace_back(argv[i]);
  return arguments;
}

std::vector<std::string> take_bodies(const CLI::App& app, const std::vector<std::string>& verbatim) {
  std::vector<std::string> bodies = app.remaining();
  for (const std::string& body : bodies)
    if (is_option(body))
      refuse(fmt::format("there is no option {} (a message that begins with - goes behind --); see parley {} --help",
                         body, app.get_name()));
  bodies.insert(bodies.end(), verbatim.begin(), verbatim.end());
  return bodies;
}

std::string missing_command_sentence(const std::vector<std::string>& given) {
  if (given.empty() || is_option(given.front())) return "a command is missing: listen, connect or demo";
  return fmt::format("there is no command {}; the commands are listen, connect and demo", quote(given.front()));
}

/// CLI11's message, with a hint where to read on.
std::string usage_sentence(const CLI::App& app, const CLI::ParseError& failure) {
  const std::vector<CLI::App*> chosen = const_cast<CLI::App&>(app).get_subcommands();
  const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
  std::string sentence = failure.what();
  if (chosen.empty() && sentence == "A subcommand is required") sentence = missing_command_sentence(app.remaining());
  if (sentence == "endpoint is required") sentence = "the endpoint is missing";
  return fmt::format("{}; see parley{} --help", sentence, command);
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  Written written;
  std::string demo_endpoint;
  Arguments arguments = divide(argc, argv);

  CLI::App app{"parley: programs that talk to each other in messages", "parley"};
  app.formatter(make_help_formatter());
  app.set_help_flag("-h,--help", "Print this help and leave");
  app.set_version_flag("--version", "parley " + std::string{PARLEY_VERSION_STRING}, "Print the version and leave");
  app.require_subcommand(1);
  app.footer(main_footer());

  CLI::App* listen = app.add_subcommand("listen", "Wait for peers, print what they send, send what is typed");
  add_talk_options(*listen, written, line.talk);
  listen->group("Commands")->footer(listen_footer());

  CLI::App* connect = app.add_subcommand("connect", "Connect to a peer, print what it sends, send what is typed");
  add_talk_options(*connect, written, line.talk);
  connect->group("Commands")->footer(connect_footer());

  CLI::App* demo = app.add_subcommand(
      "demo", "See it work: processes that exchange values over TCP, a Unix socket, TLS, WebSocket and in-process");
  demo->group("Commands")->footer(demo_footer());

  CLI::App* demo_server = app.add_subcommand("demo-server", "A process of the demo")->group("");
  demo_server->add_option("endpoint", demo_endpoint)->required();
  demo_server->add_option("certificate", line.demo_certificate);
  CLI::App* demo_client = app.add_subcommand("demo-client", "A process of the demo")->group("");
  demo_client->add_option("endpoint", demo_endpoint)->required();
  demo_client->add_option("name", line.demo_role)->required();
  demo_client->add_option("authority", line.demo_certificate);

  try {
    app.parse(std::vector<std::string>{arguments.parsed.rbegin(), arguments.parsed.rend()});
  } catch (const CLI::CallForHelp&) {
    line.text = app.help();
    return line;
  } catch (const CLI::CallForVersion& e) {
    line.text = std::string{e.what()} + "\n";
    return line;
  } catch (const CLI::ParseError& e) {
    refuse(usage_sentence(app, e));
  }

  CLI::App* chosen = app.get_subcommands().front();
  if (chosen == listen || chosen == connect) {
    line.command = chosen == listen ? Command::listen : Command::connect;
    written.bodies = take_bodies(*chosen, arguments.verbatim);
    read_talk(written, line.talk);
    if (chosen == connect) check_can_be_dialled(line.talk.endpoint);
    check_tls(line.talk, chosen == listen);
    return line;
  }
  if (!arguments.verbatim.empty()) refuse("the demo takes no arguments; see parley demo --help");
  line.command = chosen == demo ? Command::demo : chosen == demo_server ? Command::demo_server : Command::demo_client;
  if (chosen != demo) line.talk.endpoint = read_endpoint(demo_endpoint);
  return line;
}

bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc && std::string_view{argv[i]} != "--"; ++i)
    if (std::string_view{argv[i]} == "--json") return true;
  return false;
}

}  // namespace parley::tool
