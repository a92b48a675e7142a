#include <parley/rpc/connector_state.hpp>

#include <parley/codec/described.hpp>
#include <parley/codec/json.hpp>
#include <parley/error.hpp>

#include <boost/describe/class.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace parley::rpc {

/// What all states have.
struct ConnectorKind {
  std::string type;
};
BOOST_DESCRIBE_STRUCT(ConnectorKind, (), (type))

struct TcpConnectorState {
  std::string host;
  std::uint16_t port = 0;
  bool ssl = false;
};
BOOST_DESCRIBE_STRUCT(TcpConnectorState, (), (host, port, ssl))

struct LocalConnectorState {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(LocalConnectorState, (), (name))

namespace {

constexpr std::size_t state_size_max = 16 * 1024;
constexpr std::size_t shown_type_size_max = 64;

[[noreturn]] void reject_state(const std::string& why) {
  throw Error{error::payload_rejected, "the state of a connector: " + why};
}

template <class State>
State state_in(std::string_view text) {
  try {
    return Json{}.decode<State>(Message{text});
  } catch (const Error& rejected) {
    reject_state(rejected.what());
  }
}

std::string json_of(std::string_view text) { return std::string{Json{}.encode(std::string{text}).text()}; }

/// For sentences: what a terminal would obey is not in it, and not much else.
std::string shown(std::string_view type) {
  std::string text = "\"";
  for (const char c : type.substr(0, shown_type_size_max)) text += c >= ' ' && c <= '~' ? c : '?';
  return text + (type.size() > shown_type_size_max ? "...\"" : "\"");
}

Endpoint tcp_or_tls(const TcpConnectorState& state) {
  const Endpoint plain = Endpoint::tcp(state.host, state.port);
  if (!state.ssl) return plain;
  return "tls" + plain.serialize().substr(to_string(Scheme::tcp).size());
}

[[noreturn]] void refuse_endpoint(const Endpoint& endpoint, const std::string& why) {
  throw std::invalid_argument{"no connector of communica's stands for " + endpoint.to_string() + ": " + why};
}

}  // namespace

Endpoint endpoint_of_state(std::string_view text) {
  if (text.size() > state_size_max) {
    reject_state("it has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(state_size_max) +
                 " are possible");
  }
  const std::string type = state_in<ConnectorKind>(text).type;
  try {
    if (type == "TcpConnector") return tcp_or_tls(state_in<TcpConnectorState>(text));
    if (type == "LocalConnector") return Endpoint::local(state_in<LocalConnectorState>(text).name);
  } catch (const EndpointError& fault) {
    reject_state(fault.what());
  }
  reject_state("$.type: " + shown(type) + " is none of TcpConnector, LocalConnector");
}

std::string state_of_endpoint(const Endpoint& endpoint) {
  switch (endpoint.scheme()) {
    case Scheme::tcp:
    case Scheme::tls:
      if (!endpoint.parameters().empty()) refuse_endpoint(endpoint, "it has no place for parameters");
      if (endpoint.host() == "*") refuse_endpoint(endpoint, "it takes one address, and * is all of them");
      return "{\"type\": \"TcpConnector\", \"host\": " + json_of(endpoint.host()) +
             ", \"port\": " + std::to_string(endpoint.port()) +
             ", \"ssl\": " + (endpoint.scheme() == Scheme::tls ? "true" : "false") + "}";
    case Scheme::unix_socket:
      if (const auto name = endpoint.local_name()) {
        return "{\"type\": \"LocalConnector\", \"name\": " + json_of(*name) + "}";
      }
      refuse_endpoint(endpoint,
                      "its sockets have the paths of " + std::string{Endpoint::local("name").path()} + " and the like");
    default: refuse_endpoint(endpoint, "there are those of tcp, tls and local endpoints");
  }
}

}  // namespace parley::rpc
