#include "transport/socket_options.hpp"

#include <parley/limits.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string_view>

namespace parley::transport {
namespace {

/// Of Unix sockets, and of those of datagrams.
constexpr std::size_t large_buffer_size = 4 * limits::mib;

class Setter {
 public:
  explicit Setter(int descriptor) noexcept : descriptor_{descriptor} {}

  void set(int level, int name, long long value, const char* what) {
    const int clamped = static_cast<int>(std::clamp<long long>(value, 0, INT_MAX));
    set(level, name, &clamped, sizeof clamped, what);
  }

  void set(int level, int name, const void* value, std::size_t size, const char* what) {
    if (failure_.code) return;
    if (::setsockopt(descriptor_, level, name, value, static_cast<socklen_t>(size)) == 0) return;
    failure_ = {{errno, boost::system::system_category()}, what};
  }

  OptionFailure take() { return std::move(failure_); }

 private:
  int descriptor_;
  OptionFailure failure_;
};

void set_buffers(Setter& setter, std::size_t default_size, const TransportOptions& options) {
  const auto set_buffer = [&](int name, std::size_t asked, const char* what) {
    const std::size_t size = asked != 0 ? asked : default_size;
    if (size != 0) setter.set(SOL_SOCKET, name, static_cast<long long>(std::min<std::size_t>(size, INT_MAX)), what);
  };
  set_buffer(SO_SNDBUF, options.send_buffer_size, "send_buffer_size");
  set_buffer(SO_RCVBUF, options.receive_buffer_size, "receive_buffer_size");
}

void set_tcp(Setter& setter, const TransportOptions& options) {
  setter.set(IPPROTO_TCP, TCP_NODELAY, options.no_delay ? 1 : 0, "no_delay");
  if (options.keep_alive) {
    setter.set(SOL_SOCKET, SO_KEEPALIVE, 1, "keep_alive");
    setter.set(IPPROTO_TCP, TCP_KEEPIDLE, options.keep_alive->count(), "keep_alive");
  }
  if (!options.congestion_control.empty()) {
    setter.set(IPPROTO_TCP, TCP_CONGESTION, options.congestion_control.data(), options.congestion_control.size(),
               "congestion_control");
  }
}

}  // namespace

// Nothing can be congested there, and a pacing algorithm's timers take up to half of the rate. Reno is in every kernel.
void spare_loopback(int descriptor, const SocketAddress& address, const TransportOptions& options) noexcept {
  constexpr std::string_view unpaced = "reno";
  if (!options.congestion_control.empty() || !is_loopback(address)) return;
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, unpaced.data(), unpaced.size());
}

OptionFailure apply_options(int descriptor, int family, const TransportOptions& options) {
  Setter setter{descriptor};
  set_buffers(setter, family == AF_UNIX ? large_buffer_size : 0, options);
  if (family != AF_UNIX) set_tcp(setter, options);
  return setter.take();
}

OptionFailure apply_datagram_options(int descriptor, const TransportOptions& options) {
  Setter setter{descriptor};
  set_buffers(setter, large_buffer_size, options);
  return setter.take();
}

}  // namespace parley::transport
