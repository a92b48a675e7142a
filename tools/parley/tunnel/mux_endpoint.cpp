#include "tunnel/mux_endpoint.hpp"

#include "read_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace parley::tool {
namespace {

constexpr std::string_view mux_prefix = "mux+";

bool is_mux(const Endpoint& endpoint) noexcept {
  return endpoint.scheme() == Scheme::mux_tcp || endpoint.scheme() == Scheme::mux_tls ||
         endpoint.scheme() == Scheme::mux_unix;
}

}  // namespace

Endpoint read_mux_endpoint(std::string_view option, const std::string& text) {
  Endpoint endpoint = read_endpoint(text);
  if (!is_mux(endpoint))
    refuse(
        fmt::format("{} is a mux+tcp://, mux+tls:// or mux+unix:// endpoint, where many connections share one; "
                    "not {}",
                    option, endpoint.to_string()));
  for (const Endpoint::Parameter& each : endpoint.parameters()) {
    // TCPChan can neither close one direction nor hold one channel back.
    if (each.key != "dialect" || each.value != "yamux")
      refuse(fmt::format("{}: a tunnel speaks yamux, and takes no other parameter than dialect=yamux",
                         endpoint.to_string()));
  }
  return endpoint;
}

Endpoint stream_endpoint(const Endpoint& mux) {
  const std::string text = mux.serialize();
  return Endpoint{text.substr(mux_prefix.size(), text.find('?') - mux_prefix.size())};
}

Endpoint mux_endpoint(const Endpoint& stream) { return Endpoint{std::string{mux_prefix} + stream.serialize()}; }

mux::Options session_options(const CarrierOptions& options) {
  mux::Options session;
  session.channels_max = options.connections_max + session.accept_backlog;
  // Who does not read holds up its own connection, for as long as it likes; what all of them may have unread at once
  // must not end the session.
  session.stall_time_max = Duration::zero();
  session.unread_size_max =
      std::min<std::size_t>(session.channels_max * session.window_initial + session.window_growth_max, UINT32_MAX);
  // Clients that leave by a reset are common; each of them resets a channel.
  session.resets_per_second = 1000;
  session.keep_alive_interval = std::chrono::seconds{15};
  return session;
}

}  // namespace parley::tool
