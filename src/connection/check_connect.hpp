// What is wrong about a connect before anything is tried.
#pragma once

#include <parley/connection/connect.hpp>
#include <parley/endpoint.hpp>

namespace parley::detail {

/// Throws std::invalid_argument for what can never work: endpoints, options and framings that do not fit.
void check_connect(const Endpoint& endpoint, const ConnectOptions& options);

}  // namespace parley::detail
