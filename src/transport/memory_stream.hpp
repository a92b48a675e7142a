// MemoryStream: one end of a pair of pipes inside the process.
#pragma once

#include "transport/memory_pipe.hpp"

#include <parley/transport/stream.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace parley::transport {

class MemoryStream final : public StreamBackend {
 public:
  MemoryStream(boost::asio::any_io_executor executor, Endpoint endpoint, std::shared_ptr<MemoryPipe> in,
               std::shared_ptr<MemoryPipe> out);
  ~MemoryStream() override;

  /// Two ends of one connection, both at `endpoint`.
  [[nodiscard]] static std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> pair(
      boost::asio::any_io_executor first, boost::asio::any_io_executor second, std::size_t capacity,
      const Endpoint& endpoint);

  /// Lives there from now on. Nothing may be pending.
  void move_to(const boost::asio::any_io_executor& executor);

  boost::asio::any_io_executor get_executor() override { return executor_; }
  [[nodiscard]] bool can_wait() const noexcept override { return true; }
  void wait_readable(WaitHandler handler) override { in_->wait_readable(std::move(handler)); }
  void wait_writable(WaitHandler handler) override { out_->wait_writable(std::move(handler)); }
  std::size_t try_read(std::span<const boost::asio::mutable_buffer> buffers, boost::system::error_code& ec) override {
    return in_->try_read(buffers, ec);
  }
  std::size_t try_write(std::span<const boost::asio::const_buffer> buffers, boost::system::error_code& ec) override {
    return out_->try_write(buffers, ec);
  }
  void async_read_some(std::span<const boost::asio::mutable_buffer> buffers, TransferHandler handler) override {
    in_->async_read(buffers, std::move(handler));
  }
  void async_write_some(std::span<const boost::asio::const_buffer> buffers, TransferHandler handler) override {
    out_->async_write(buffers, std::move(handler));
  }
  [[nodiscard]] bool can_half_close() const noexcept override { return true; }
  void shutdown_send(boost::system::error_code& ec) override {
    ec = {};
    out_->end_writing();
  }
  void close() noexcept override { end(); }
  [[nodiscard]] std::optional<std::size_t> unacknowledged_size() const noexcept override { return out_->size(); }
  [[nodiscard]] bool peer_has_ended() const noexcept override { return in_->is_written_to_its_end(); }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return endpoint_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return endpoint_; }

 private:
  void end() noexcept;

  boost::asio::any_io_executor executor_;
  const Endpoint endpoint_;
  const std::shared_ptr<MemoryPipe> in_;
  const std::shared_ptr<MemoryPipe> out_;
};

}  // namespace parley::transport
