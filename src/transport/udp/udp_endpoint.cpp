#include "transport/udp/udp_endpoint.hpp"

#include <boost/asio/ip/address.hpp>

#include <charconv>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley::transport {
namespace {

constexpr int ttl_max = 255;

[[noreturn]] void refuse_parameter(const Endpoint& endpoint, const std::string& why) {
  throw std::invalid_argument{endpoint.to_string() + ": " + why};
}

bool flag_of(const Endpoint& endpoint, const Endpoint::Parameter& parameter) {
  if (parameter.value == "1") return true;
  if (parameter.value == "0") return false;
  refuse_parameter(endpoint, parameter.key + " is 0 or 1, not \"" + parameter.value + '"');
}

int ttl_of(const Endpoint& endpoint, std::string_view text) {
  int ttl = -1;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), ttl);
  if (ec != std::errc{} || end != text.data() + text.size() || ttl < 0 || ttl > ttl_max) {
    refuse_parameter(endpoint, "a ttl is a number from 0 to 255, not \"" + std::string{text} + '"');
  }
  return ttl;
}

void require_sense(const UdpOptions& options) {
  if (options.idle_time_max() < std::chrono::milliseconds::zero()) {
    throw std::invalid_argument("UdpOptions::idle_time_max cannot be negative; zero is never");
  }
  if (options.unread_size_max() == 0) {
    throw std::invalid_argument("UdpOptions::unread_size_max of 0 would let nothing in; it must be at least 1");
  }
  if (options.multicast_ttl() < 0 || options.multicast_ttl() > ttl_max) {
    throw std::invalid_argument("UdpOptions::multicast_ttl is a number from 0 to 255, not " +
                                std::to_string(options.multicast_ttl()));
  }
}

}  // namespace

bool is_multicast(const Endpoint& endpoint) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(std::string{endpoint.host()}, ec);
  return !ec && address.is_multicast();
}

UdpOptions udp_options_of(const Endpoint& endpoint, UdpOptions options) {
  for (const Endpoint::Parameter& each : endpoint.parameters()) {
    if (each.key == "broadcast") {
      options.broadcast(flag_of(endpoint, each));
      continue;
    }
    const bool is_known = each.key == "interface" || each.key == "source" || each.key == "ttl" || each.key == "loop";
    if (!is_known) {
      refuse_parameter(endpoint, "datagrams have no parameter \"" + each.key +
                                     "\"; known are broadcast, interface, loop, source and ttl");
    }
    if (!is_multicast(endpoint)) {
      refuse_parameter(endpoint,
                       each.key + " is for addresses of multicast, 224.0.0.0 to 239.255.255.255 and ff00::/8");
    }
    if (each.key == "interface") options.multicast_interface(each.value);
    if (each.key == "source") options.multicast_source(each.value);
    if (each.key == "ttl") options.multicast_ttl(ttl_of(endpoint, each.value));
    if (each.key == "loop") options.multicast_loop(flag_of(endpoint, each));
  }
  require_sense(options);
  return options;
}

}  // namespace parley::transport
