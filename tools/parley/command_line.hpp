// The command line: what the user wrote, checked and turned into options.
#pragma once

#include "proxy/options.hpp"
#include "read_values.hpp"
#include "rpc/options.hpp"
#include "socket/options.hpp"
#include "talk_options.hpp"
#include "tunnel/options.hpp"

#include <string>

namespace parley::tool {

enum class Command {
  none,  ///< help or the version was asked for: `text` is to be printed
  listen,
  connect,
  send,
  receive,
  echo,
  proxy,
  peers,
  request,
  serve,
  routes,
  tunnel,
  gateway,
  demo,
  demo_server,  ///< one of the processes that a demo starts
  demo_client,
  demo_desk,  ///< and those of its chapter on requests
  demo_asker,
  demo_station,  ///< and on handlers
  demo_device,
};

struct CommandLine {
  Command command = Command::none;
  std::string text;               ///< for Command::none
  TalkOptions talk;               ///< for listen and connect; its endpoint is the demo's as well
  SocketTalkOptions socket;       ///< for send, receive and echo
  ProxyOptions proxy;             ///< for proxy
  PeersOptions peers;             ///< for peers
  RequestCommandOptions request;  ///< for request
  ServeOptions serve;             ///< for serve
  RoutesOptions routes;           ///< for routes
  TunnelOptions tunnel;           ///< for tunnel
  GatewayOptions gateway;         ///< for gateway
  std::string demo_role;          ///< for demo_client, demo_asker and demo_device: its name
  std::string demo_certificate;   ///< over TLS: the file of the server's, or of what the client trusts

  [[nodiscard]] bool is_verbose() const noexcept {
    return talk.verbose || socket.verbose || proxy.verbose || peers.verbose || request.verbose || serve.verbose ||
           routes.verbose || tunnel.verbose || gateway.verbose;
  }
};

/// Throws UsageError.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

/// Whether errors in this command line are to be reported as JSON, although it could not be parsed.
[[nodiscard]] bool asks_for_json(int argc, const char* const* argv);

}  // namespace parley::tool
