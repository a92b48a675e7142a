// The sub-commands. Each gives the exit code of the tool; exceptions that leave one are failures to be reported.
#pragma once

#include "exit_code.hpp"
#include "proxy/options.hpp"
#include "rpc/options.hpp"
#include "socket/options.hpp"
#include "talk_options.hpp"
#include "tunnel/options.hpp"

namespace parley::tool {

[[nodiscard]] ExitCode run_listen(const TalkOptions& options);
[[nodiscard]] ExitCode run_connect(const TalkOptions& options);

[[nodiscard]] ExitCode run_send(const SocketTalkOptions& options);
[[nodiscard]] ExitCode run_receive(const SocketTalkOptions& options);
[[nodiscard]] ExitCode run_echo(const SocketTalkOptions& options);
[[nodiscard]] ExitCode run_proxy(const ProxyOptions& options);
[[nodiscard]] ExitCode run_peers(const PeersOptions& options);

[[nodiscard]] ExitCode run_request(const RequestCommandOptions& options);
[[nodiscard]] ExitCode run_serve(const ServeOptions& options);
[[nodiscard]] ExitCode run_routes(const RoutesOptions& options);

[[nodiscard]] ExitCode run_tunnel(const TunnelOptions& options);
[[nodiscard]] ExitCode run_gateway(const GatewayOptions& options);

}  // namespace parley::tool
