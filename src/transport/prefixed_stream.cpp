#include "transport/prefixed_stream.hpp"

#include <parley/detail/post_completion.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PrefixedStream final : public StreamBackend {
 public:
  PrefixedStream(std::vector<std::byte> prefix, Stream stream)
      : prefix_{std::move(prefix)}, stream_{std::move(stream)} {}

  asio::any_io_executor get_executor() override { return stream_.get_executor(); }
  [[nodiscard]] bool can_wait() const noexcept override { return stream_.backend().can_wait(); }
  [[nodiscard]] IdleReader on_nothing_to_read() noexcept override { return stream_.backend().on_nothing_to_read(); }
  void wait_readable(WaitHandler handler) override {
    if (prefix_.empty()) return stream_.backend().wait_readable(std::move(handler));
    parley::detail::post_completion(std::move(handler), get_executor(), error_code{});
  }
  void wait_writable(WaitHandler handler) override { stream_.backend().wait_writable(std::move(handler)); }
  std::size_t try_read(std::span<const asio::mutable_buffer> buffers, error_code& ec) override {
    if (prefix_.empty()) return stream_.backend().try_read(buffers, ec);
    ec = {};
    return take_prefix(buffers);
  }
  std::size_t try_write(std::span<const asio::const_buffer> buffers, error_code& ec) override {
    return stream_.backend().try_write(buffers, ec);
  }
  void async_read_some(std::span<const asio::mutable_buffer> buffers, TransferHandler handler) override {
    if (prefix_.empty()) return stream_.backend().async_read_some(buffers, std::move(handler));
    const std::size_t size = take_prefix(buffers);
    parley::detail::post_completion(std::move(handler), get_executor(), error_code{}, size);
  }
  void async_write_some(std::span<const asio::const_buffer> buffers, TransferHandler handler) override {
    stream_.backend().async_write_some(buffers, std::move(handler));
  }
  [[nodiscard]] bool can_half_close() const noexcept override { return stream_.backend().can_half_close(); }
  void shutdown_send(error_code& ec) override { stream_.shutdown_send(ec); }
  void close() noexcept override { stream_.close(); }
  void reset() noexcept override { stream_.reset(); }
  [[nodiscard]] std::optional<std::size_t> unacknowledged_size() const noexcept override {
    return stream_.backend().unacknowledged_size();
  }
  [[nodiscard]] bool is_lost() const noexcept override { return stream_.backend().is_lost(); }
  [[nodiscard]] bool peer_has_ended() const noexcept override { return stream_.backend().peer_has_ended(); }
  [[nodiscard]] std::string explain() const override { return stream_.explain(); }
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const override { return stream_.tls_info(); }
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept override {
    return stream_.peer_credentials();
  }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return stream_.local_endpoint(); }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return stream_.remote_endpoint(); }

 private:
  std::size_t take_prefix(std::span<const asio::mutable_buffer> buffers) {
    std::size_t taken = 0;
    for (const asio::mutable_buffer& buffer : buffers) {
      const std::size_t part = std::min(buffer.size(), prefix_.size() - taken);
      std::memcpy(buffer.data(), prefix_.data() + taken, part);
      taken += part;
    }
    prefix_.erase(prefix_.begin(), prefix_.begin() + static_cast<std::ptrdiff_t>(taken));
    return taken;
  }

  std::vector<std::byte> prefix_;
  Stream stream_;
};

}  // namespace

Stream prefixed_stream(std::vector<std::byte> prefix, Stream stream) {
  return Stream{std::make_unique<PrefixedStream>(std::move(prefix), std::move(stream))};
}

}  // namespace parley::transport
