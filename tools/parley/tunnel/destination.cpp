#include "tunnel/destination.hpp"

#include "read_values.hpp"

#include <fmt/format.h>

#include <chrono>

namespace parley::tool {
namespace {

bool is_of_bytes(const Endpoint& endpoint) noexcept {
  return endpoint.scheme() == Scheme::tcp || endpoint.scheme() == Scheme::unix_socket;
}

Endpoint read_byte_stream(std::string_view option, const std::string& text) {
  Endpoint endpoint = read_endpoint(text);
  if (!is_of_bytes(endpoint))
    refuse(fmt::format("{} is a tcp:// or unix:// endpoint, as bytes are passed on and nothing else; not {}", option,
                       endpoint.to_string()));
  return endpoint;
}

}  // namespace

bool is_destination(const Endpoint& endpoint) noexcept {
  return is_of_bytes(endpoint) && !endpoint.is_wildcard() && !(endpoint.has_port() && endpoint.port() == 0);
}

Endpoint read_destination(std::string_view option, const std::string& text) {
  Endpoint endpoint = read_byte_stream(option, text);
  check_can_be_dialled(endpoint);
  return endpoint;
}

Endpoint read_local_port(std::string_view option, const std::string& text) { return read_byte_stream(option, text); }

TransportOptions byte_transport() {
  TransportOptions options;
  options.keep_alive = std::chrono::seconds{60};
  return options;
}

}  // namespace parley::tool
