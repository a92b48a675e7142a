// How udp:// behaves.
//
// An endpoint may say some of it too, in its parameters: `udp://239.1.2.3:5000?interface=eth0&ttl=4`. These are
// `interface`, `source`, `ttl`, `loop` (0 or 1) and `broadcast` (0 or 1); what the endpoint says goes before what is
// said here. Any other parameter is std::invalid_argument, and so are those of multicast at another address.
#pragma once

#include <parley/limits.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace parley {

/// Setters return the object, so that they chain. The system's buffers are TransportOptions::receive_buffer_size and
/// send_buffer_size.
class UdpOptions {
 public:
  UdpOptions() {}  // NOLINT(modernize-use-equals-default): must not be an aggregate

  /// Listeners: a connection from whose peer nothing has come for so long ends with error::closed, and the next
  /// datagram from there is a new one's. Default: 60 s; zero: never.
  UdpOptions& idle_time_max(std::chrono::milliseconds value) { return idle_time_max_ = value, *this; }
  /// Listeners: bytes that have come for all connections together and wait for a `receive`, 72 for each datagram
  /// included; what comes beyond is dropped and counted. At least 1; default: 64 MiB.
  UdpOptions& unread_size_max(std::size_t value) { return unread_size_max_ = value, *this; }

  /// Whether what is sent may go to a broadcast address; the system refuses it otherwise. Default: no.
  UdpOptions& broadcast(bool value) { return broadcast_ = value, *this; }

  /// Multicast: the interface to join the group on, or to send from, by its name or an address that it has. Default:
  /// empty, which is the system's choice.
  UdpOptions& multicast_interface(std::string value) { return multicast_interface_ = std::move(value), *this; }
  /// Multicast, listeners: the one address to take the group's datagrams from. Default: empty, which is any.
  UdpOptions& multicast_source(std::string address) { return multicast_source_ = std::move(address), *this; }
  /// Multicast, who connects: how many networks a datagram may cross, from 0 (none, not even the first) to 255.
  /// Default: 1, the network of the interface.
  UdpOptions& multicast_ttl(int value) { return multicast_ttl_ = value, *this; }
  /// Multicast, who connects: whether listeners on this machine get it too. Default: yes.
  UdpOptions& multicast_loop(bool value) { return multicast_loop_ = value, *this; }

  /// What has been set.
  [[nodiscard]] std::chrono::milliseconds idle_time_max() const noexcept { return idle_time_max_; }
  [[nodiscard]] std::size_t unread_size_max() const noexcept { return unread_size_max_; }
  [[nodiscard]] bool broadcast() const noexcept { return broadcast_; }
  [[nodiscard]] const std::string& multicast_interface() const noexcept { return multicast_interface_; }
  [[nodiscard]] const std::string& multicast_source() const noexcept { return multicast_source_; }
  [[nodiscard]] int multicast_ttl() const noexcept { return multicast_ttl_; }
  [[nodiscard]] bool multicast_loop() const noexcept { return multicast_loop_; }

 private:
  std::chrono::milliseconds idle_time_max_ = limits::datagram_idle_time_max;
  std::size_t unread_size_max_ = limits::datagrams_unread_size_max;
  std::string multicast_interface_;
  std::string multicast_source_;
  int multicast_ttl_ = 1;
  bool multicast_loop_ = true;
  bool broadcast_ = false;
};

}  // namespace parley
