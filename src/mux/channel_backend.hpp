// ChannelBackend: a channel as the Stream above it sees it. What it has received and not given out is kept here; what
// it writes goes through its session at once.
#pragma once

#include "detail/biased_mutex.hpp"
#include "detail/block_cache.hpp"
#include "detail/chunk.hpp"
#include "detail/ring.hpp"

#include <parley/detail/post_completion.hpp>
#include <parley/message.hpp>
#include <parley/mux/channel.hpp>
#include <parley/transport/stream.hpp>
#include <parley/wire/mux.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

namespace parley::mux::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using parley::detail::post_completion;

class SessionState;

/// So many of what each channel has a thread keeps, for those that come.
inline constexpr std::size_t kept_channels_max = 64;

class ChannelBackend final : public transport::StreamBackend,
                             public parley::detail::MadeOverAndOver<ChannelBackend, kept_channels_max> {
 public:
  using MutableBuffers = std::span<const boost::asio::mutable_buffer>;
  using ConstBuffers = std::span<const boost::asio::const_buffer>;
  using SharedBuffers = std::span<const transport::SharedBuffer>;

  /// Mutex of the session held.
  ChannelBackend(std::shared_ptr<SessionState> session, boost::asio::any_io_executor executor, wire::MuxChannel channel,
                 ChannelId id);
  /// Mutex not held.
  ~ChannelBackend() override;

  [[nodiscard]] ChannelId id() const noexcept { return id_; }

  boost::asio::any_io_executor get_executor() override { return executor_; }
  /// Lives there from now on: another executor of the same context. Nothing may be pending.
  void move_to(const boost::asio::any_io_executor& executor) { executor_ = executor; }
  [[nodiscard]] bool can_wait() const noexcept override { return true; }
  void wait_readable(transport::WaitHandler handler) override;
  void wait_writable(transport::WaitHandler handler) override;
  std::size_t try_read(MutableBuffers buffers, boost::system::error_code& ec) override;
  std::size_t try_write(ConstBuffers buffers, boost::system::error_code& ec) override;
  [[nodiscard]] bool keeps_what_is_written() const noexcept override { return true; }
  std::size_t try_write_shared(SharedBuffers buffers, boost::system::error_code& ec) override;
  void async_read_some(MutableBuffers buffers, transport::TransferHandler handler) override;
  void async_write_some(ConstBuffers buffers, transport::TransferHandler handler) override;
  [[nodiscard]] bool can_half_close() const noexcept override;
  void shutdown_send(boost::system::error_code& ec) override;
  void close() noexcept override;
  void reset() noexcept override;
  /// What the session has not written of it. Whether the rest has been acknowledged nobody asks: a peer's system may
  /// take its time to say so, as the stream goes on.
  [[nodiscard]] std::optional<std::size_t> unacknowledged_size() const noexcept override;
  /// Its last bytes may still be the session's to write when it ends.
  [[nodiscard]] bool is_lost() const noexcept override;
  [[nodiscard]] bool peer_has_ended() const noexcept override;
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const override;
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept override;
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override;
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override;
  [[nodiscard]] std::string explain() const override;

  // For the session: mutex held.

  [[nodiscard]] wire::MuxChannel channel() const noexcept { return channel_; }
  /// Bytes to be read; never none.
  void on_data(Message bytes);
  /// As on_data(), for pieces up to this size that nobody waits for: copied, as each might pin a whole block, and one
  /// behind the other into blocks of this size, as each might be a single byte.
  static constexpr std::size_t gathered_size_max = 4 * 1024;
  void gather(std::span<const std::byte> bytes);
  /// Somebody waits for bytes, and will take them soon.
  [[nodiscard]] bool is_awaited() const noexcept { return read_wait_ || (transfers_ && transfers_->read.handler); }
  /// Nothing follows what has come.
  void on_finished();
  /// It may write now, if it has anything.
  void on_turn();
  /// Nothing more comes of it or goes. `drops`: what was not read is lost.
  void on_closed(boost::system::error_code code, std::string sentence, bool drops);
  [[nodiscard]] bool sending_ended() const noexcept { return send_ended_; }
  [[nodiscard]] bool receiving_ended() const noexcept { return is_finished_ || end_; }
  [[nodiscard]] std::size_t unread_size() const noexcept;
  /// Both sides have finished.
  [[nodiscard]] bool is_over_in_order() const noexcept { return is_finished_ && send_ended_ && !end_; }
  struct Waiting;
  /// Nothing is called of it any more, and it may be destroyed with the mutex held. What waited in it may own it, and
  /// the session too, so that is to be destroyed with the mutex released.
  Waiting forget() noexcept;
  /// The operation of that number was cancelled.
  void cancel(std::uint64_t operation);

 private:
  /// A read or a write with its buffers, by those who do not only wait for readiness.
  template <class Buffer>
  struct Transfer {
    /// The first few: a transfer may move less than all.
    void keep(std::span<const Buffer> all) noexcept {
      count = 0;
      for (const Buffer& each : all) {
        if (each.size() > 0 && count < kept.size()) kept[count++] = each;
      }
    }
    [[nodiscard]] std::span<const Buffer> buffers() const noexcept { return {kept.data(), count}; }

    std::array<Buffer, 4> kept;
    std::size_t count = 0;
    transport::TransferHandler handler;
    std::uint64_t number = 0;
  };
  struct Transfers : parley::detail::MadeOverAndOver<Transfers, kept_channels_max> {
    Transfer<boost::asio::mutable_buffer> read;
    Transfer<boost::asio::const_buffer> write;
  };
  [[nodiscard]] Transfers& transfers() {
    if (!transfers_) transfers_ = std::make_unique<Transfers>();
    return *transfers_;
  }

  using Lock = std::unique_lock<parley::detail::BiasedMutex>;

  // Mutex held.
  [[nodiscard]] bool is_readable() const noexcept { return !unread_.empty() || is_finished_ || end_ || is_closed_; }
  std::size_t read(MutableBuffers buffers, boost::system::error_code& ec);
  template <class Buffers>
  std::size_t write(Buffers buffers, boost::system::error_code& ec);
  std::size_t copy_out(MutableBuffers buffers);
  void tell(transport::WaitHandler& waiting, boost::system::error_code ec);
  template <class Buffer>
  void tell(Transfer<Buffer>& transfer, boost::system::error_code ec, std::size_t size);
  void settle_written(Lock& lock);
  void wake_reader();
  void wake_writer();
  void drop_unread() noexcept;
  void abort_waits();
  /// Ends this side by `how`, a call of the core's.
  template <class How>
  void end(How how) noexcept;
  template <class Handler>
  std::uint64_t watch_cancellation(const Handler& handler);

  const std::shared_ptr<SessionState> session_;
  boost::asio::any_io_executor executor_;
  const wire::MuxChannel channel_;
  const ChannelId id_;
  std::uint64_t written_end_ = 0;  // of the stream's bytes, where the last of this channel's ends
  bool is_finished_ = false;       // by the peer
  bool send_ended_ = false;        // by this side
  bool is_closed_ = false;         // by this side
  bool waits_for_turn_ = false;    // what it writes has to wait until on_turn()
  bool has_turn_ = false;          // it has been its turn, and it has not written since
  boost::system::error_code end_;  // why it is over, if it was no orderly end
  parley::detail::Ring<Message> unread_;
  std::size_t front_offset_ = 0;        // what has been read of the first of them
  parley::detail::ChunkRef gathering_;  // the last of them is its end, where `gathers_`
  std::size_t gathered_begin_ = 0;
  std::size_t gathered_end_ = 0;
  bool gathers_ = false;
  transport::WaitHandler read_wait_;
  transport::WaitHandler write_wait_;
  std::uint64_t read_number_ = 0;
  std::uint64_t write_number_ = 0;
  std::unique_ptr<Transfers> transfers_;
  std::string sentence_;
};

struct ChannelBackend::Waiting {
  transport::WaitHandler read_wait;
  transport::WaitHandler write_wait;
  std::unique_ptr<Transfers> transfers;
};

}  // namespace parley::mux::detail
