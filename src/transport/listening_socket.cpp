#include "transport/listening_socket.hpp"

#include "transport/sentence.hpp"
#include "transport/socket_address.hpp"
#include "transport/socket_options.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace parley::transport {
namespace {

using boost::system::error_code;

[[noreturn]] void fail(const Endpoint& endpoint, error_code ec, const std::string& why) {
  throw Error{ec, "cannot listen on " + endpoint.to_string() + ": " + why};
}

std::vector<SocketAddress> look_up(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string host{endpoint.host()};
  const int status = ::getaddrinfo(host.c_str(), std::to_string(endpoint.port()).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{found, &::freeaddrinfo};
  if (status == EAI_SYSTEM) fail(endpoint, last_errno(), reason(last_errno()));
  if (status != 0) {
    const auto code =
        status == EAI_AGAIN ? boost::asio::error::host_not_found_try_again : boost::asio::error::host_not_found;
    fail(endpoint, code, std::string{"the host cannot be looked up: "} + ::gai_strerror(status));
  }
  // Clients that know only 127.0.0.1 are more common than clients that know only ::1.
  std::vector<SocketAddress> addresses;
  for (const bool want_ipv4 : {true, false}) {
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      if ((each->ai_family == AF_INET) != want_ipv4 || each->ai_addrlen > sizeof(sockaddr_storage)) continue;
      std::memcpy(&addresses.emplace_back().storage, each->ai_addr, each->ai_addrlen);
      addresses.back().size = each->ai_addrlen;
    }
  }
  return addresses;
}

std::vector<SocketAddress> addresses_of(const Endpoint& endpoint) {
  if (endpoint.host() == "*") return {any_address(AF_INET6, endpoint.port()), any_address(AF_INET, endpoint.port())};
  if (const auto literal = literal_address(endpoint.host(), endpoint.port())) return {*literal};
  return look_up(endpoint);
}

void set_flag(int descriptor, int level, int name, bool on) noexcept {
  const int value = on ? 1 : 0;
  // A system that has not the flag will say so, more clearly, at bind.
  (void)::setsockopt(descriptor, level, name, &value, sizeof value);
}

Descriptor open_socket(int family) {
  return Descriptor{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

void apply(const Endpoint& endpoint, int descriptor, int family, const TransportOptions& options) {
  const OptionFailure failure = apply_options(descriptor, family, options);
  if (failure.code) fail(endpoint, failure.code, "cannot set " + failure.what + ": " + reason(failure.code));
}

/// A socket bound to the address, or no socket and the reason.
Descriptor bind_tcp(const Endpoint& endpoint, const SocketAddress& address, const TransportOptions& options,
                    error_code& ec) {
  Descriptor socket = open_socket(address.family());
  if (socket) {
    apply(endpoint, socket.get(), address.family(), options);  // accepted connections inherit
    spare_loopback(socket.get(), address, options);
    set_flag(socket.get(), SOL_SOCKET, SO_REUSEADDR, options.reuse_address);
    set_flag(socket.get(), SOL_SOCKET, SO_REUSEPORT, options.reuse_port);
    if (address.family() == AF_INET6) set_flag(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, endpoint.host() != "*");
    if (::bind(socket.get(), address.data(), address.size) == 0) return socket;
  }
  ec = last_errno();
  return {};
}

bool is_absent_here(const error_code& ec) noexcept {
  return ec == from_errno(EAFNOSUPPORT) || ec == from_errno(EADDRNOTAVAIL) || ec == from_errno(EPROTONOSUPPORT);
}

Endpoint bound_endpoint(const Endpoint& asked, int descriptor) {
  const auto bound = to_endpoint(local_address(descriptor));
  if (!bound) return asked;
  return asked.host() == "*" ? asked.with_port(bound->port()) : *bound;
}

ListeningSocket listen_tcp(const Endpoint& endpoint, const TransportOptions& options) {
  error_code ec = error::no_address;
  for (const SocketAddress& address : addresses_of(endpoint)) {
    Descriptor socket = bind_tcp(endpoint, address, options, ec);
    if (socket && ::listen(socket.get(), options.backlog) == 0) {
      Endpoint local = bound_endpoint(endpoint, socket.get());
      return {std::move(socket), address.family(), std::move(local), {}};
    }
    if (socket) ec = last_errno();
    // An address that this machine has not is no reason to give up; one that is in use is.
    if (!is_absent_here(ec)) break;
  }
  fail(endpoint, ec, reason(ec));
}

ListeningSocket listen_local(const Endpoint& endpoint, const TransportOptions& options) {
  Descriptor socket = open_socket(AF_UNIX);
  if (!socket) fail(endpoint, last_errno(), reason(last_errno()));
  UnixFile file = listen_unix(socket.get(), endpoint, options);
  return {std::move(socket), AF_UNIX, endpoint, std::move(file)};
}

}  // namespace

ListeningSocket listen_on(const Endpoint& endpoint, const TransportOptions& options) {
  switch (endpoint.scheme()) {
    case Scheme::tcp:
    case Scheme::tls:
    case Scheme::ws:
    case Scheme::wss:
      if (!endpoint.available()) break;
      return listen_tcp(endpoint, options);
    case Scheme::unix_socket: return listen_local(endpoint, options);
    default: break;
  }
  const std::string scheme{to_string(endpoint.scheme())};
  fail(endpoint, error::unavailable, "the scheme " + scheme + " is not available in this build");
}

}  // namespace parley::transport
