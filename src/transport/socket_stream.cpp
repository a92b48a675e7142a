#include "transport/socket_stream.hpp"

#include "transport/descriptor.hpp"
#include "transport/sentence.hpp"
#include "transport/socket_options.hpp"

#include <parley/transport/adapter.hpp>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/socket_base.hpp>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

void* address_of(const asio::mutable_buffer& buffer) noexcept { return buffer.data(); }
void* address_of(const asio::const_buffer& buffer) noexcept { return const_cast<void*>(buffer.data()); }

/// A msghdr over the first `gather_max` buffers.
template <class Buffer>
class Gather {
 public:
  explicit Gather(std::span<const Buffer> buffers) noexcept {
    const std::size_t count = std::min(buffers.size(), gather_max);
    for (std::size_t i = 0; i < count; ++i) vectors_[i] = {address_of(buffers[i]), buffers[i].size()};
    header_.msg_iov = vectors_.data();
    header_.msg_iovlen = count;
  }

  msghdr* header() noexcept { return &header_; }

 private:
  std::array<iovec, gather_max> vectors_;
  msghdr header_{};
};

template <class Buffer>
bool all_empty(std::span<const Buffer> buffers) noexcept {
  buffers = buffers.first(std::min(buffers.size(), gather_max));
  return std::all_of(buffers.begin(), buffers.end(), [](const Buffer& each) { return each.size() == 0; });
}

template <class Call>
std::size_t transfer(Call call, error_code& ec) noexcept {
  for (;;) {
    const ssize_t moved = call();
    if (moved >= 0) {
      ec = {};
      return static_cast<std::size_t>(moved);
    }
    if (errno == EINTR) continue;
    ec = errno == EAGAIN || errno == EWOULDBLOCK ? error_code{asio::error::would_block} : from_errno(errno);
    return 0;
  }
}

template <class Buffer>
std::span<const Buffer> keep(std::vector<Buffer>& kept, std::span<const Buffer> buffers) {
  buffers = buffers.first(std::min(buffers.size(), gather_max));
  kept.assign(buffers.begin(), buffers.end());
  return kept;
}

}  // namespace

SocketStream::SocketStream(StreamSocket socket, Endpoint local, Endpoint remote)
    : socket_{std::move(socket)},
      is_tcp_{remote.scheme() == Scheme::tcp},
      local_{std::move(local)},
      remote_{std::move(remote)} {}

StreamBackend::IdleReader SocketStream::on_nothing_to_read() noexcept {
  using Next = policy::AdaptiveSpin::Next;
  if (!spins()) return IdleReader::waits;
  switch (rare_->spin->on_nothing(has_written_.load(std::memory_order_relaxed), Clock::now())) {
    case Next::gather: return IdleReader::asks_again;
    case Next::look_again: return IdleReader::reads;
    case Next::sleep: break;
  }
  return IdleReader::waits;
}

void SocketStream::wait_readable(WaitHandler handler) {
  const bool answered = has_read_.exchange(false, std::memory_order_relaxed);
  const bool asked = has_written_.exchange(false, std::memory_order_relaxed);
  if (answered && asked && !is_tcp_) wake_when_peer_reads();
  if (is_tcp_) pacing_.before_waiting(socket_.get_executor(), socket_.native_handle(), asked);
  wait(StreamSocket::wait_read, read_memory_, std::move(handler));
}
void SocketStream::wait_writable(WaitHandler handler) {
  wait(StreamSocket::wait_write, write_memory_, std::move(handler));
}

/// A Unix socket also tells who waits to write when the peer has read. To one that waits for an answer that is a
/// warning of what is coming: its processor wakes up while the peer still works, where the wake-up would be most of the
/// time of a round trip. Asio watches for both directions from the first wait to write on.
void SocketStream::wake_when_peer_reads() {
  if (wakes_when_peer_reads_) return;
  wakes_when_peer_reads_ = true;
  socket_.async_wait(StreamSocket::wait_write, [](error_code) {});
}

void SocketStream::wait(StreamSocket::wait_type type, std::shared_ptr<OperationMemory>& memory, WaitHandler handler) {
  if (!memory) memory = std::make_shared<OperationMemory>();
  const auto slot = handler.get_cancellation_slot();
  auto call = [handler = std::move(handler)](error_code ec) mutable { std::move(handler)(ec); };
  socket_.async_wait(type, asio::bind_allocator(OperationAllocator<void*>{memory},
                                                asio::bind_cancellation_slot(slot, std::move(call))));
}

std::size_t SocketStream::try_read(std::span<const asio::mutable_buffer> buffers, error_code& ec) {
  ec = {};
  if (all_empty(buffers)) return 0;  // else its 0 would look like the end of the stream
  const int descriptor = socket_.native_handle();
  std::size_t received = 0;
  if (buffers.size() == 1) {
    received = transfer([&] { return ::recv(descriptor, buffers[0].data(), buffers[0].size(), MSG_DONTWAIT); }, ec);
  } else {
    Gather<asio::mutable_buffer> gather{buffers};
    received = transfer([&] { return ::recvmsg(descriptor, gather.header(), MSG_DONTWAIT); }, ec);
  }
  if (received == 0 && !ec) ec = asio::error::eof;
  if (received > 0) has_read_.store(true, std::memory_order_relaxed);
  if (is_tcp_) {
    pacing_.has_read(received);
  } else {
    note_burst(received);
  }
  return received;
}

void SocketStream::note_burst(std::size_t size) {
  constexpr std::size_t much = 64 * 1024;
  if (size >= much && !spins()) rare().spin.emplace();
  if (spins()) rare_->spin->has_read(size);
}

std::size_t SocketStream::try_write(std::span<const asio::const_buffer> buffers, error_code& ec) {
  ec = {};
  if (all_empty(buffers)) return 0;
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  has_written_.store(true, std::memory_order_relaxed);
  const int descriptor = socket_.native_handle();
  if (buffers.size() == 1) {
    return transfer([&] { return ::send(descriptor, buffers[0].data(), buffers[0].size(), flags); }, ec);
  }
  Gather<asio::const_buffer> gather{buffers};
  return transfer([&] { return ::sendmsg(descriptor, gather.header(), flags); }, ec);
}

void SocketStream::async_read_some(std::span<const asio::mutable_buffer> buffers, TransferHandler handler) {
  if (buffers.size() == 1) return socket_.async_read_some(buffers.front(), std::move(handler));
  socket_.async_read_some(keep(rare().read, buffers), std::move(handler));
}

void SocketStream::async_write_some(std::span<const asio::const_buffer> buffers, TransferHandler handler) {
  if (buffers.size() == 1) return socket_.async_write_some(buffers.front(), std::move(handler));
  socket_.async_write_some(keep(rare().write, buffers), std::move(handler));
}

void SocketStream::shutdown_send(error_code& ec) {
  socket_.shutdown(StreamSocket::shutdown_send, ec);
  if (!ec) send_ended_ = true;
}

void SocketStream::close() noexcept {
  pacing_.end();
  error_code ignored;
  socket_.close(ignored);
}

/// Closing without lingering is what makes TCP send a reset.
void SocketStream::reset() noexcept {
  error_code ignored;
  if (socket_.is_open()) socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
  close();
}

std::optional<std::size_t> SocketStream::unacknowledged_size() const noexcept {
  if (!socket_.is_open()) return std::nullopt;
  if (!is_tcp_) return 0;  // written to a Unix socket is already in the peer's queue
  int size = 0;
  if (::ioctl(socket_.native_handle(), SIOCOUTQ, &size) != 0) return std::nullopt;
  // The end of the stream takes a sequence number, and so counts as a byte until it is acknowledged.
  if (send_ended_ && size > 0) --size;
  return static_cast<std::size_t>(size);
}

/// Once the peer's direction has ended, reads do not tell of a reset that comes behind that.
bool SocketStream::is_lost() const noexcept {
  if (!is_tcp_ || !socket_.is_open()) return false;
  std::uint8_t state = 0;  // the first member of tcp_info
  socklen_t size = sizeof state;
  return ::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &state, &size) == 0 && state == TCP_CLOSE;
}

bool SocketStream::peer_has_ended() const noexcept {
  if (!socket_.is_open()) return false;
  pollfd descriptor{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&descriptor, 1, 0) == 1 && (descriptor.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

std::optional<PeerCredentials> SocketStream::peer_credentials() const noexcept {
  if (is_tcp_ || !socket_.is_open()) return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

Stream make_socket_stream(const asio::any_io_executor& executor, int descriptor, int family, Endpoint local,
                          Endpoint remote, error_code& ec) {
  Descriptor owned{descriptor};
  StreamSocket socket{executor};
  const int protocol = family == AF_UNIX ? 0 : IPPROTO_TCP;
  socket.assign(asio::generic::stream_protocol{family, protocol}, descriptor, ec);
  if (ec) return {};
  owned.release();
  return Stream{std::make_unique<SocketStream>(std::move(socket), std::move(local), std::move(remote))};
}

Ends ends_of(int descriptor) {
  static const Endpoint unnamed{"inproc://socketpair"};
  const auto local = to_endpoint(local_address(descriptor));
  const auto remote = to_endpoint(remote_address(descriptor));
  return {local ? *local : remote.value_or(unnamed), remote ? *remote : local.value_or(unnamed)};
}

namespace detail {
namespace {

void require_stream_socket(int descriptor, int family) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    throw Error{from_errno(errno), "cannot make a stream: not an open socket"};
  }
  if (type != SOCK_STREAM || (family != AF_UNIX && family != AF_INET && family != AF_INET6)) {
    throw Error{asio::error::operation_not_supported, "cannot make a stream: not a TCP or Unix stream socket"};
  }
}

}  // namespace

Stream adopt_socket(asio::any_io_executor executor, int descriptor, const TransportOptions* options) {
  Descriptor owned{descriptor};
  const int family = local_address(descriptor).family();
  require_stream_socket(descriptor, family);
  if (remote_address(descriptor).size == 0) {
    throw Error{asio::error::not_connected, "cannot make a stream: the socket is not connected"};
  }
  if (options != nullptr) {
    if (const auto failure = apply_options(descriptor, family, *options); failure.code) {
      throw Error{failure.code, "cannot set " + failure.what + ": " + reason(failure.code)};
    }
  }
  Ends ends = ends_of(descriptor);
  error_code ec;
  Stream stream =
      make_socket_stream(executor, owned.release(), family, std::move(ends.local), std::move(ends.remote), ec);
  if (ec) throw Error{ec, "cannot watch the socket: " + reason(ec)};
  return stream;
}

}  // namespace detail
}  // namespace parley::transport
