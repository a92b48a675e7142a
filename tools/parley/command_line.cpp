#include "command_line.hpp"

#include "help.hpp"
#include "named.hpp"
#include "rpc/command_line.hpp"
#include "socket/command_line.hpp"
#include "talk_command_line.hpp"
#include "text.hpp"
#include "tunnel/command_line.hpp"

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
  constexpr std::string_view commands =
      "listen, connect, send, receive, echo, proxy, peers, request, serve, routes, tunnel, gateway";
  if (given.empty() || is_option(given.front())) return fmt::format("a command is missing: {} or demo", commands);
  return fmt::format("there is no command {}; the commands are {} and demo", quote(given.front()), commands);
}

/// CLI11's message, with a hint where to read on.
std::string usage_sentence(const CLI::App& app, const CLI::ParseError& failure) {
  const std::vector<CLI::App*> chosen = const_cast<CLI::App&>(app).get_subcommands();
  const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
  std::string sentence = failure.what();
  if (chosen.empty() && sentence == "A subcommand is required") sentence = missing_command_sentence(app.remaining());
  for (const std::string positional : {"endpoint", "front", "back"})
    if (sentence == positional + " is required") sentence = "the " + positional + " is missing";
  return fmt::format("{}; see parley{} --help", sentence, command);
}

// --- the commands ----------------------------------------------------------------------------------------------------

struct Words {
  TalkWords talk;
  SocketTalkWords socket;
  ProxyWords proxy;
  PeersWords peers;
  RequestWords request;
  ServeWords serve;
  RoutesWords routes;
  TunnelWords tunnel;
  GatewayWords gateway;
  std::string demo_endpoint;
};

constexpr const char* connection_commands = "Connections";
constexpr const char* socket_commands = "Smart sockets";
constexpr const char* rpc_commands = "Requests";
constexpr const char* port_commands = "Ports";

void add_connection_commands(CLI::App& app, Words& words, CommandLine& line) {
  CLI::App* listen = app.add_subcommand("listen", "Wait for peers, print what they send, send what is typed");
  add_options(*listen, words.talk, line.talk);
  listen->group(connection_commands)->footer(listen_footer());

  CLI::App* connect = app.add_subcommand("connect", "Connect to a peer, print what it sends, send what is typed");
  add_options(*connect, words.talk, line.talk);
  connect->group(connection_commands)->footer(connect_footer());
}

void add_socket_commands(CLI::App& app, Words& words, CommandLine& line) {
  struct About {
    const char* name;
    const char* what;
    SocketRole role;
  };
  for (const About& each :
       {About{"send", "Send messages to the next peer, to all, or to one by name", SocketRole::send},
        About{"receive", "Print what peers send, and acknowledge it", SocketRole::receive},
        About{"echo", "Send every message back to its sender", SocketRole::echo}}) {
    CLI::App* command = app.add_subcommand(each.name, each.what);
    line.socket.role = each.role;  // which options there are depends on it
    add_options(*command, words.socket, line.socket);
    command->group(socket_commands)->footer(socket_footer(each.role));
  }

  CLI::App* proxy = app.add_subcommand("proxy", "Pass messages on between smart sockets, badly on demand");
  add_options(*proxy, words.proxy, line.proxy);
  proxy->group(socket_commands)->footer(proxy_footer());

  CLI::App* peers = app.add_subcommand("peers", "Say who is there");
  add_options(*peers, words.peers, line.peers);
  peers->group(socket_commands)->footer(peers_footer());
}

void add_rpc_commands(CLI::App& app, Words& words, CommandLine& line) {
  CLI::App* request = app.add_subcommand("request", "Ask a server, and print its answer");
  add_options(*request, words.request, line.request);
  request->group(rpc_commands)->footer(request_footer());

  CLI::App* serve = app.add_subcommand("serve", "Answer requests with what commands print");
  add_options(*serve, words.serve, line.serve);
  serve->group(rpc_commands)->footer(serve_footer());

  CLI::App* routes = app.add_subcommand("routes", "Say what a server answers");
  add_options(*routes, words.routes, line.routes);
  routes->group(rpc_commands)->footer(routes_footer());
}

void add_port_commands(CLI::App& app, Words& words, CommandLine& line) {
  CLI::App* tunnel = app.add_subcommand("tunnel", "Lead local ports elsewhere, all through one connection");
  add_options(*tunnel, words.tunnel, line.tunnel);
  tunnel->group(port_commands)->footer(tunnel_footer());

  CLI::App* gateway = app.add_subcommand("gateway", "Be where tunnels come out");
  add_options(*gateway, words.gateway, line.gateway);
  gateway->group(port_commands)->footer(gateway_footer());
}

void add_demo_commands(CLI::App& app, Words& words, CommandLine& line) {
  CLI::App* demo = app.add_subcommand("demo", "See it work: processes that exchange values over every transport");
  demo->group("To begin with")->footer(demo_footer());

  CLI::App* demo_server = app.add_subcommand("demo-server", "A process of the demo")->group("");
  demo_server->add_option("endpoint", words.demo_endpoint)->required();
  demo_server->add_option("certificate", line.demo_certificate);
  CLI::App* demo_client = app.add_subcommand("demo-client", "A process of the demo")->group("");
  demo_client->add_option("endpoint", words.demo_endpoint)->required();
  demo_client->add_option("name", line.demo_role)->required();
  demo_client->add_option("authority", line.demo_certificate);
  CLI::App* demo_desk = app.add_subcommand("demo-desk", "A process of the demo")->group("");
  demo_desk->add_option("endpoint", words.demo_endpoint)->required();
  CLI::App* demo_asker = app.add_subcommand("demo-asker", "A process of the demo")->group("");
  demo_asker->add_option("endpoint", words.demo_endpoint)->required();
  demo_asker->add_option("name", line.demo_role)->required();
  CLI::App* demo_station = app.add_subcommand("demo-station", "A process of the demo")->group("");
  demo_station->add_option("endpoint", words.demo_endpoint)->required();
  CLI::App* demo_device = app.add_subcommand("demo-device", "A process of the demo")->group("");
  demo_device->add_option("endpoint", words.demo_endpoint)->required();
  demo_device->add_option("name", line.demo_role)->required();
}

constexpr Named<Command, 19> commands{{{"listen", Command::listen},
                                       {"connect", Command::connect},
                                       {"send", Command::send},
                                       {"receive", Command::receive},
                                       {"echo", Command::echo},
                                       {"proxy", Command::proxy},
                                       {"peers", Command::peers},
                                       {"request", Command::request},
                                       {"serve", Command::serve},
                                       {"routes", Command::routes},
                                       {"tunnel", Command::tunnel},
                                       {"gateway", Command::gateway},
                                       {"demo", Command::demo},
                                       {"demo-server", Command::demo_server},
                                       {"demo-client", Command::demo_client},
                                       {"demo-desk", Command::demo_desk},
                                       {"demo-asker", Command::demo_asker},
                                       {"demo-station", Command::demo_station},
                                       {"demo-device", Command::demo_device}}};

/// What is behind `--`, for commands that have no bodies.
void refuse_verbatim(const std::string& command, const Arguments& arguments) {
  if (!arguments.verbatim.empty()) refuse(fmt::format("{} takes no messages; see parley {} --help", command, command));
}

void read_words(const CLI::App& chosen, const Arguments& arguments, Words& words, CommandLine& line) {
  line.command = *find_named(commands, chosen.get_name());
  switch (line.command) {
    case Command::listen:
    case Command::connect:
      words.talk.bodies = take_bodies(chosen, arguments.verbatim);
      line.talk.listens = line.command == Command::listen;
      return read_talk(words.talk, line.talk);
    case Command::send:
      words.socket.bodies = take_bodies(chosen, arguments.verbatim);
      line.socket.role = SocketRole::send;
      return read_socket_talk(words.socket, line.socket);
    case Command::receive:
    case Command::echo:
      refuse_verbatim(chosen.get_name(), arguments);
      line.socket.role = line.command == Command::receive ? SocketRole::receive : SocketRole::echo;
      return read_socket_talk(words.socket, line.socket);
    case Command::proxy: refuse_verbatim("proxy", arguments); return read_proxy(words.proxy, line.proxy);
    case Command::peers: refuse_verbatim("peers", arguments); return read_peers(words.peers, line.peers);
    case Command::request:
      words.request.arguments = take_bodies(chosen, arguments.verbatim);
      return read_request(words.request, line.request);
    case Command::serve: refuse_verbatim("serve", arguments); return read_serve(words.serve, line.serve);
    case Command::routes: refuse_verbatim("routes", arguments); return read_routes(words.routes, line.routes);
    case Command::tunnel: refuse_verbatim("tunnel", arguments); return read_tunnel(words.tunnel, line.tunnel);
    case Command::gateway: refuse_verbatim("gateway", arguments); return read_gateway(words.gateway, line.gateway);
    case Command::demo: return refuse_verbatim("demo", arguments);
    case Command::demo_server:
    case Command::demo_client:
    case Command::demo_desk:
    case Command::demo_asker:
    case Command::demo_station:
    case Command::demo_device: line.talk.endpoint = read_endpoint(words.demo_endpoint); return;
    case Command::none: return;
  }
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  Words words;
  const Arguments arguments = divide(argc, argv);

  CLI::App app{"parley: programs that talk to each other in messages", "parley"};
  app.formatter(make_help_formatter());
  app.set_help_flag("-h,--help", "Print this help and leave");
  app.set_version_flag("--version", "parley " + std::string{PARLEY_VERSION_STRING}, "Print the version and leave");
  app.require_subcommand(1);
  app.footer(main_footer());
  add_connection_commands(app, words, line);
  add_socket_commands(app, words, line);
  add_rpc_commands(app, words, line);
  add_port_commands(app, words, line);
  add_demo_commands(app, words, line);

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
  read_words(*app.get_subcommands().front(), arguments, words, line);
  return line;
}

bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc && std::string_view{argv[i]} != "--"; ++i)
    if (std::string_view{argv[i]} == "--json") return true;
  return false;
}

}  // namespace parley::tool
