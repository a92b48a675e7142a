#include "transport/bind_addresses.hpp"

#include "transport/sentence.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace parley::transport {
namespace {

std::vector<SocketAddress> look_up(const Endpoint& endpoint, int socket_type) {
  addrinfo hints{};
  hints.ai_socktype = socket_type;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string host{endpoint.host()};
  const int status = ::getaddrinfo(host.c_str(), std::to_string(endpoint.port()).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{found, &::freeaddrinfo};
  if (status == EAI_SYSTEM) cannot_listen(endpoint, last_errno(), reason(last_errno()));
  if (status != 0) {
    const auto code =
        status == EAI_AGAIN ? boost::asio::error::host_not_found_try_again : boost::asio::error::host_not_found;
    cannot_listen(endpoint, code, std::string{"the host cannot be looked up: "} + ::gai_strerror(status));
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

}  // namespace

std::vector<SocketAddress> addresses_to_bind(const Endpoint& endpoint, int socket_type) {
  if (endpoint.host() == "*") return {any_address(AF_INET6, endpoint.port()), any_address(AF_INET, endpoint.port())};
  if (const auto literal = literal_address(endpoint.host(), endpoint.port())) return {*literal};
  return look_up(endpoint, socket_type);
}

bool is_absent_here(const boost::system::error_code& ec) noexcept {
  return ec == from_errno(EAFNOSUPPORT) || ec == from_errno(EADDRNOTAVAIL) || ec == from_errno(EPROTONOSUPPORT);
}

void cannot_listen(const Endpoint& endpoint, boost::system::error_code ec, const std::string& why) {
  throw Error{ec, "cannot listen on " + endpoint.to_string() + ": " + why};
}

}  // namespace parley::transport
