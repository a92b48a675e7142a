// The Stream over a TCP or Unix socket.
#pragma once

#include "policy/adaptive_spin.hpp"
#include "transport/operation_memory.hpp"
#include "transport/socket_address.hpp"
#include "transport/wake_pacing.hpp"

#include <parley/transport/stream.hpp>

#include <boost/asio/generic/stream_protocol.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace parley::transport {

/// One socket type for both families: what differs between them is in the address.
using StreamSocket = boost::asio::generic::stream_protocol::socket;

/// Buffers one system call takes; the rest of a longer sequence is left for the next call.
inline constexpr std::size_t gather_max = 64;

class SocketStream final : public StreamBackend {
 public:
  SocketStream(StreamSocket socket, Endpoint local, Endpoint remote);

  boost::asio::any_io_executor get_executor() override { return socket_.get_executor(); }
  [[nodiscard]] bool can_wait() const noexcept override { return true; }
  [[nodiscard]] IdleReader on_nothing_to_read() noexcept override;
  void wait_readable(WaitHandler handler) override;
  void wait_writable(WaitHandler handler) override;
  std::size_t try_read(std::span<const boost::asio::mutable_buffer> buffers, boost::system::error_code& ec) override;
  std::size_t try_write(std::span<const boost::asio::const_buffer> buffers, boost::system::error_code& ec) override;
  void async_read_some(std::span<const boost::asio::mutable_buffer> buffers, TransferHandler handler) override;
  void async_write_some(std::span<const boost::asio::const_buffer> buffers, TransferHandler handler) override;
  [[nodiscard]] bool can_half_close() const noexcept override { return true; }
  void shutdown_send(boost::system::error_code& ec) override;
  void close() noexcept override;
  void reset() noexcept override;
  [[nodiscard]] std::optional<std::size_t> unacknowledged_size() const noexcept override;
  [[nodiscard]] bool is_lost() const noexcept override;
  [[nodiscard]] bool peer_has_ended() const noexcept override;
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept override;
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return remote_; }

 private:
  void wait(StreamSocket::wait_type type, std::shared_ptr<OperationMemory>& memory, WaitHandler handler);
  void wake_when_peer_reads();
  void note_burst(std::size_t size);

  // What few streams have: kept outside, for size.
  struct Rare {
    // Asio refers to the buffers of a pending operation by this array. (A single buffer travels in the operation.) Of
    // asynchronous operations with several buffers, which connections do not use here.
    std::vector<boost::asio::mutable_buffer> read;
    std::vector<boost::asio::const_buffer> write;
    // Of a Unix socket that much has come by.
    std::optional<policy::AdaptiveSpin> spin;
  };
  [[nodiscard]] Rare& rare() {
    if (!rare_) rare_ = std::make_unique<Rare>();
    return *rare_;
  }
  [[nodiscard]] bool spins() const noexcept { return rare_ && rare_->spin; }
  std::unique_ptr<Rare> rare_;
  std::shared_ptr<OperationMemory> read_memory_;
  std::shared_ptr<OperationMemory> write_memory_;
  // native_handle() is not const in Asio.
  mutable StreamSocket socket_;
  bool is_tcp_;
  bool send_ended_ = false;
  // Since the last wait for reading. Reading and writing may be at work in two threads at once.
  std::atomic<bool> has_read_ = false;
  std::atomic<bool> has_written_ = false;
  bool wakes_when_peer_reads_ = false;
  WakePacing pacing_;  // of a TCP socket
  Endpoint local_;
  Endpoint remote_;
};

/// Takes the descriptor of a connected stream socket. Closes it on failure, which is a failure of the event loop to
/// watch it.
[[nodiscard]] Stream make_socket_stream(const boost::asio::any_io_executor& executor, int descriptor, int family,
                                        Endpoint local, Endpoint remote, boost::system::error_code& ec);

/// The endpoints of the two ends, each standing in for the other where it has no name.
struct Ends {
  Endpoint local;
  Endpoint remote;
};
[[nodiscard]] Ends ends_of(int descriptor);

}  // namespace parley::transport
