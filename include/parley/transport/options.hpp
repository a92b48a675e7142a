// How sockets are set up, for every transport. Settings a transport does not have are ignored by it.
#pragma once

#include <parley/limits.hpp>
#include <parley/transport/tls_context.hpp>
#include <parley/transport/udp_options.hpp>
#include <parley/transport/ws_options.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace parley {

/// Settings of the sockets of connections and listeners. One that the system refuses makes the connection or the
/// listener fail, with a sentence that names it.
struct TransportOptions {
  /// TCP: send small writes at once. (The library gathers messages itself; Nagle's delay adds nothing but latency.)
  bool no_delay = true;
  /// TCP: let the kernel probe a silent peer; the seconds of silence before the first probe. Empty: off.
  std::optional<std::chrono::seconds> keep_alive;
  /// Kernel buffers in bytes; 0 is the library's choice: the system's own for TCP, 4 MiB asked for on Unix sockets
  /// (whose default of 208 KiB costs most of their speed) and on those of udp, where what finds the buffer full is
  /// lost. The system grants no more than net.core.rmem_max and wmem_max.
  std::size_t send_buffer_size = 0;
  std::size_t receive_buffer_size = 0;
  /// TCP: name of the congestion control algorithm, as in /proc/sys/net/ipv4/tcp_available_congestion_control.
  /// Empty: the system's; but reno for connections to the loopback, and for listeners bound to it, where nothing can
  /// be congested and an algorithm that paces (bbr) costs up to half of the rate.
  std::string congestion_control;
  /// Listeners: connections the kernel keeps until they are accepted; at udp, the listener keeps them.
  int backlog = limits::backlog;
  /// TCP listeners: bind although connections of an earlier listener linger in TIME_WAIT.
  bool reuse_address = true;
  /// TCP and udp listeners: let several listeners share the port, the kernel spreading connections, or remote
  /// addresses, over them.
  bool reuse_port = false;
  /// Unix listeners: permission bits of the socket file, for example 0600. Empty: as the umask says.
  std::optional<unsigned> unix_mode;

  /// tls, wss: certificates and rules. Listeners need a server context; without one, clients trust the system's
  /// authorities.
  TlsContext tls{};
  /// ws, wss.
  WsOptions ws{};
  /// udp.
  UdpOptions udp{};
  /// tls, ws, wss: how long the handshakes of one connection may take, together. Endpoints that a socket has bound: at
  /// most SocketOptions::greeting_time_max, of which it is a part.
  std::chrono::milliseconds handshake_time_max = limits::handshake_time_max;
  /// tls, ws, wss listeners: handshakes under way at a time. When more connections come, peers that are silent have to
  /// make way (transport/acceptor.hpp); while none is, further connections stay in the kernel's backlog.
  /// Endpoints of a socket: strangers who have not said a word yet; when more come, the one that has been silent
  /// longest has to go.
  std::size_t handshakes_max = limits::handshakes_max;
};

}  // namespace parley
