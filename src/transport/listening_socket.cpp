#include "transport/listening_socket.hpp"

#include "transport/bind_addresses.hpp"
#include "transport/sentence.hpp"
#include "transport/socket_address.hpp"
#include "transport/socket_options.hpp"

#include <parley/error.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace parley::transport {
namespace {

using boost::system::error_code;

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
  if (failure.code) cannot_listen(endpoint, failure.code, "cannot set " + failure.what + ": " + reason(failure.code));
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

Endpoint bound_endpoint(const Endpoint& asked, int descriptor) {
  const auto bound = to_endpoint(local_address(descriptor));
  if (!bound) return asked;
  return asked.host() == "*" ? asked.with_port(bound->port()) : *bound;
}

ListeningSocket listen_tcp(const Endpoint& endpoint, const TransportOptions& options) {
  error_code ec = error::no_address;
  for (const SocketAddress& address : addresses_to_bind(endpoint, SOCK_STREAM)) {
    Descriptor socket = bind_tcp(endpoint, address, options, ec);
    if (socket && ::listen(socket.get(), options.backlog) == 0) {
      Endpoint local = bound_endpoint(endpoint, socket.get());
      return {std::move(socket), address.family(), std::move(local), {}};
    }
    if (socket) ec = last_errno();
    // An address that this machine has not is no reason to give up; one that is in use is.
    if (!is_absent_here(ec)) break;
  }
  cannot_listen(endpoint, ec, reason(ec));
}

ListeningSocket listen_local(const Endpoint& endpoint, const TransportOptions& options) {
  Descriptor socket = open_socket(AF_UNIX);
  if (!socket) cannot_listen(endpoint, last_errno(), reason(last_errno()));
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
  if (endpoint.scheme() == Scheme::udp) {
    throw std::invalid_argument{"cannot listen on " + endpoint.to_string() +
                                ": datagrams are no stream; what accepts them is a Listener"};
  }
  const std::string scheme{to_string(endpoint.scheme())};
  cannot_listen(endpoint, error::unavailable, "the scheme " + scheme + " is not available in this build");
}

}  // namespace parley::transport
