// parley demo: a server process and client processes exchange values, checked from both sides, with a transcript.
#pragma once

#include "exit_code.hpp"

#include <parley/endpoint.hpp>

#include <string>

namespace parley::tool {

/// The narrator: starts the others, hands them endpoints as text, compares what they tell, prints.
[[nodiscard]] ExitCode run_demo();

/// The processes that it starts; their standard input and output are a channel to the narrator. Over TLS, the server
/// has a file with its certificate and key, the client one with what it trusts.
[[nodiscard]] ExitCode run_demo_server(const Endpoint& endpoint, const std::string& certificate_file);
[[nodiscard]] ExitCode run_demo_client(const Endpoint& endpoint, const std::string& name,
                                       const std::string& authority_file);

/// The same for requests: who answers them, and who asks.
[[nodiscard]] ExitCode run_demo_desk(const Endpoint& endpoint);
[[nodiscard]] ExitCode run_demo_asker(const Endpoint& endpoint, const std::string& name);

/// And for handlers: a station, and the panel "gate" or a meter of any other name.
[[nodiscard]] ExitCode run_demo_station(const Endpoint& endpoint);
[[nodiscard]] ExitCode run_demo_device(const Endpoint& endpoint, const std::string& name);

}  // namespace parley::tool
