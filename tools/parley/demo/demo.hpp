// parley demo: a server process and client processes exchange messages, checked from both sides, with a transcript.
#pragma once

#include "exit_code.hpp"

#include <parley/endpoint.hpp>

#include <string>

namespace parley::tool {

/// The narrator: starts the others, hands them endpoints as text, compares what they tell, prints.
[[nodiscard]] ExitCode run_demo();

/// The processes that it starts; their standard input and output are a channel to the narrator.
[[nodiscard]] ExitCode run_demo_server(const Endpoint& endpoint);
[[nodiscard]] ExitCode run_demo_client(const Endpoint& endpoint, const std::string& name);

}  // namespace parley::tool
