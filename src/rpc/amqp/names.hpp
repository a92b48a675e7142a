// What things are called at the broker (docs/protocols/communica.md, section 5).
#pragma once

#include <parley/endpoint.hpp>
#include <parley/error.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace parley::rpc::detail {

[[nodiscard]] inline bool is_broker(const Endpoint& endpoint) noexcept {
  return endpoint.scheme() == Scheme::amqp || endpoint.scheme() == Scheme::amqps;
}

struct AmqpNames {
  std::string exchange = "communica";
  std::string address{};
  std::string client{};  ///< of the connector, which may be another than the client's own; empty at a server

  [[nodiscard]] std::string connect_queue() const { return "communica." + address + ".connect.server"; }
  [[nodiscard]] std::string to_client() const { return "communica." + address + ".toClient." + client; }
  [[nodiscard]] std::string to_server() const { return "communica." + address + ".toServer." + client; }

  static constexpr std::size_t size_max = 224;  // of address and client together

  /// Of the parameters `address`, `client`, `exchange`. Throws std::invalid_argument.
  [[nodiscard]] static AmqpNames of(const Endpoint& endpoint, bool is_client) {
    AmqpNames names;
    names.address = endpoint.parameter("address").value_or("");
    if (const auto exchange = endpoint.parameter("exchange")) names.exchange = *exchange;
    const auto refuse = [&](const std::string& why) {
      throw std::invalid_argument{why + " (" + endpoint.to_string() + ")"};
    };
    if (names.address.empty()) refuse("over a broker clients and server meet by an address, as in ?address=sensors");
    if (names.exchange.empty() || names.exchange.size() > 255) refuse("the exchange has to have 1 to 255 bytes");
    if (is_client) names.client = endpoint.parameter("client").value_or("");
    if (is_client && names.client.empty()) {
      refuse("over a broker a client has a name of its own, as in &client=panel-7");
    }
    if (names.address.size() + names.client.size() > size_max) {
      refuse("address and client have " + std::to_string(names.address.size() + names.client.size()) +
             " bytes together, and " + std::to_string(size_max) + " at most are possible");
    }
    return names;
  }
};

// The properties `type` of messages.
inline constexpr std::string_view type_client_connect = "communica_client_connect";
inline constexpr std::string_view type_connect_ok = "communica_client_connect_ok";
inline constexpr std::string_view type_handshake_next = "communica_handshake_next";
inline constexpr std::string_view type_handshake_fail = "communica_handshake_fail";
inline constexpr std::string_view type_handshake_done = "communica_handshake_done";
inline constexpr std::string_view type_message = "message";
inline constexpr std::string_view type_listening = "listening";
inline constexpr std::string_view type_close = "close";

}  // namespace parley::rpc::detail
