// What the command line of parley-agent says.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/identity.hpp>
#include <parley/policy/routing.hpp>
#include <parley/socket/options.hpp>
#include <parley/wire/dialect.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace parley::agent {

enum class Role { bind, connect };

enum class Behavior {
  source,  ///< sends `count` messages
  sink,    ///< prints `count` messages
  echo,    ///< sends `count` messages back to whom they came from
};

enum class Transport { automatic, tcp, tls, unix_socket, ws, wss };

/// With the defaults of the command line.
struct Settings {
  Role role = Role::connect;
  Behavior behavior = Behavior::sink;
  SendMode send_mode = SendMode::round_robin;
  Delivery delivery = Delivery::at_most_once;
  Dialect dialect = Dialect::aiomsg;
  std::uint64_t count = 10;
  std::string prefix = "m";
  std::optional<Identity> identity;
  std::chrono::nanoseconds linger = std::chrono::seconds{1};

  Transport transport = Transport::automatic;
  std::string host = "127.0.0.1";
  std::uint16_t port = 25000;
  std::string path;

  bool tls = false;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_authority;
  std::string tls_server_name;
};

/// What to bind or to dial. Throws std::invalid_argument for settings that make no endpoint.
[[nodiscard]] Endpoint endpoint_of(const Settings& settings);

/// Throws parley::Error for certificates that cannot be used.
[[nodiscard]] EndpointOptions endpoint_options_of(const Settings& settings);

}  // namespace parley::agent
