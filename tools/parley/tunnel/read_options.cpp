#include "tunnel/read_options.hpp"

#include "read_values.hpp"
#include "tunnel/destination.hpp"
#include "tunnel/mux_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace parley::tool {
namespace {

/// A window of 256 KiB for each has to fit into what a session may have unread.
constexpr std::uint64_t connections_limit = 15'000;

void read_carrier(const CarrierWords& words, CarrierOptions& options) {
  read_common(words, options);
  if (words.connections_max)
    options.connections_max =
        static_cast<std::size_t>(read_whole_number("--max-connections", *words.connections_max, 1, connections_limit));
  if (words.stats) options.stats_interval = read_time("--stats", *words.stats);
}

void refuse_twice(const std::vector<Forward>& forwards, const Endpoint& listen) {
  const bool takes_any = listen.has_port() && listen.port() == 0;
  const bool is_known =
      std::any_of(forwards.begin(), forwards.end(), [&](const Forward& each) { return each.listen == listen; });
  if (is_known && !takes_any) refuse(listen.to_string() + " is given twice");
}

}  // namespace

void read_tunnel(const TunnelWords& words, TunnelOptions& options) {
  read_carrier(words, options);
  if (!words.via) refuse("--via ENDPOINT is missing: where the gateway is, as in mux+tls://HOST:PORT");
  if (words.listen.empty()) refuse("--listen ENDPOINT is missing: the local port, with --to ENDPOINT, where it leads");
  if (words.listen.size() != words.to.size())
    refuse(fmt::format("each --listen has its --to, in the same order; there are {} and {}", words.listen.size(),
                       words.to.size()));
  options.via = read_mux_endpoint("--via", *words.via);
  check_can_be_dialled(*options.via);
  for (std::size_t i = 0; i < words.listen.size(); ++i) {
    const Endpoint listen = read_local_port("--listen", words.listen[i]);
    refuse_twice(options.forwards, listen);
    options.forwards.push_back({listen, read_destination("--to", words.to[i])});
  }
  check_tls(options.tls, {}, {*options.via});
}

void read_gateway(const GatewayWords& words, GatewayOptions& options) {
  read_carrier(words, options);
  if (!words.listen) refuse("--listen ENDPOINT is missing: where tunnels come, as in mux+tls://*:PORT");
  options.listen = read_mux_endpoint("--listen", *words.listen);
  for (const std::string& pattern : words.allowed) options.allowed.add(pattern);
  if (options.allowed.is_empty())
    refuse(
        "nothing is allowed, so that there is nothing to do: --allow ENDPOINT, or --allow tcp://HOST:*, for each "
        "place that tunnels may lead to");
  check_tls(options.tls, {*options.listen}, {});
}

}  // namespace parley::tool
