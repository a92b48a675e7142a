// Addresses as the kernel takes them, to and from endpoints.
#pragma once

#include <parley/endpoint.hpp>

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

namespace parley::transport {

/// A socket address of any family. `size` counts the bytes of `storage` that are used.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  [[nodiscard]] sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// Of a Unix endpoint. Throws EndpointError if its path is too long.
[[nodiscard]] SocketAddress unix_address(const Endpoint& endpoint);

/// Of an IPv4 or IPv6 literal (with a zone, if it has one); empty for a name.
[[nodiscard]] std::optional<SocketAddress> literal_address(std::string_view host, std::uint16_t port);

/// The wildcard address of AF_INET or AF_INET6.
[[nodiscard]] SocketAddress any_address(int family, std::uint16_t port);

[[nodiscard]] SocketAddress local_address(int descriptor);
/// Its size is 0 if the socket is not connected.
[[nodiscard]] SocketAddress remote_address(int descriptor);

/// Of this machine to itself.
[[nodiscard]] bool is_loopback(const SocketAddress& address) noexcept;

/// Empty for an unnamed Unix socket, and for what cannot be written as an endpoint. IPv4 peers of a dual-stack socket
/// are IPv4 endpoints.
[[nodiscard]] std::optional<Endpoint> to_endpoint(const SocketAddress& address);

/// `127.0.0.1:80`, `[::1]:80`, a path or `@name`: an address inside a sentence.
[[nodiscard]] std::string to_text(const SocketAddress& address);

}  // namespace parley::transport
