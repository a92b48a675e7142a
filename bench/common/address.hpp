#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

/// Where the two sides of a run meet: `tcp://127.0.0.1:PORT` (or tls, ws), `udp://127.0.0.1:PORT`, `unix://PATH`
/// or `inproc://NAME`. Deliberately smaller than parley's own Endpoint, so that the peers' drivers link nothing of
/// ours.
struct Address {
  enum class Scheme { tcp, udp, unix_path, inproc };

  Scheme scheme = Scheme::tcp;
  std::string text;        ///< as it was given
  std::string over_tcp;    ///< what runs over TCP: `tls`, `ws`; empty: nothing
  std::string host;        ///< tcp, udp: an IPv4 address
  std::uint16_t port = 0;  ///< tcp, udp
  std::string path;        ///< unix: a file path; inproc: a name

  bool is_tcp() const noexcept { return scheme == Scheme::tcp; }
  bool is_udp() const noexcept { return scheme == Scheme::udp; }
};

namespace detail {

inline void parse_host_and_port(std::string_view rest, Address& address) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) throw std::invalid_argument("--addr " + address.text + " has no port");
  address.host = rest.substr(0, colon);
  const auto digits = rest.substr(colon + 1);
  const auto [end, failure] = std::from_chars(digits.begin(), digits.end(), address.port);
  if (failure != std::errc{} || end != digits.end())
    throw std::invalid_argument("--addr " + address.text + ": the port must be a number up to 65535");
}

}  // namespace detail

/// Throws std::invalid_argument when `text` is none of these forms.
inline Address parse_address(std::string_view text) {
  Address address;
  address.text = text;
  const auto begin = text.find("://");
  const auto scheme = text.substr(0, begin);
  if (scheme == "tcp" || scheme == "tls" || scheme == "ws") {
    if (scheme != "tcp") address.over_tcp = scheme;
    detail::parse_host_and_port(text.substr(begin + 3), address);
  } else if (scheme == "udp") {
    address.scheme = Address::Scheme::udp;
    detail::parse_host_and_port(text.substr(begin + 3), address);
  } else if (text.starts_with("unix://")) {
    address.scheme = Address::Scheme::unix_path;
    address.path = text.substr(7);
  } else if (text.starts_with("inproc://")) {
    address.scheme = Address::Scheme::inproc;
    address.path = text.substr(9);
  } else {
    throw std::invalid_argument(
        "--addr " + address.text +
        " is none of tcp://HOST:PORT (or tls, ws), udp://HOST:PORT, unix://PATH, inproc://NAME");
  }
  return address;
}

}  // namespace bench
