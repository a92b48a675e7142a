#include "command_line.hpp"

#include "help.hpp"
#include "text.hpp"

#include <parley/version.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace parley::tool {
namespace {

bool is_option(std::string_view argument) {
  return argument.size() > 1 && argument.front() == '-' && !(argument[1] >= '0' && argument[1] <= '9');
}

// --- what is accepted ------------------------------------------------------------------------------------------------

void add_message_options(CLI::App& app, Written& written, TalkOptions& options) {
  app.add_option("--framing", written.framing, "How messages are told apart; see below")
      ->type_name("SPEC")
      ->group("Messages");
  app.add_option("--format", written.format, "How messages are written; see below")
      ->type_name("FORMAT")
      ->group("Messages");
  app.add_option("--codec", written.codec, "Messages are values of this codec, written as JSON; see below")
      ->type_name("CODEC")
      ->group("Messages");
  app.add_option("--file", options.file, "Send what is in this file; - is standard input")
      ->type_name("PATH")
      ->group("Messages");
  app.add_option("--max-size", written.size_max, "Largest message sent or received [64 MiB]")
      ->type_name("BYTES")
      ->group("Messages");
  app.add_flag("--echo", options.echo, "Send every message received back; standard input is not read")
      ->group("Messages");
  app.add_option("--exec", options.exec, "Send back what this command prints, given the message; see below")
      ->type_name("COMMAND")
      ->group("Messages");
  app.add_flag("--discard", options.discard, "Do not print the messages received")->group("Messages");
}

void add_ending_options(CLI::App& app, Written& written, TalkOptions& options) {
  app.add_option("--count", written.count, "Leave after N messages received (--echo, --exec: answered)")
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
    line.talk.listens = chosen == listen;
    read_talk(written, line.talk);
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
