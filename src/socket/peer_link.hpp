// PeerLink: the stream to one peer of a socket. It moves bytes and asks the socket's core what they mean.
#pragma once

#include "connection/link.hpp"
#include "policy/link_id.hpp"

#include <parley/identity.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace parley::detail {

class SocketState;

class PeerLink final : public std::enable_shared_from_this<PeerLink>, private LinkSink {
 public:
  PeerLink(std::shared_ptr<SocketState> socket, transport::Stream stream);

  // Mutex held.

  Link& link() noexcept { return link_; }
  void start(policy::LinkId id);
  [[nodiscard]] const LinkCounters& counters() const noexcept { return link_.counters(); }
  /// For a context that is going.
  void forget() noexcept {
    is_over_ = true;
    link_.forget();
  }
  [[nodiscard]] policy::LinkId id() const noexcept { return id_; }
  /// A message was taken: reading may go on.
  void taken();
  /// Ends at once; the core has forgotten it.
  void close();
  /// Ends behind what is queued, and when the peer, whose identity was this, has ended too, or nothing has moved for a
  /// moment: neither from here nor out of this system into the peer's. When the socket closes, its deadline alone ends
  /// the wait for the latter.
  void finish(const Identity& identity);
  [[nodiscard]] const Identity& identity() const noexcept { return identity_; }
  [[nodiscard]] std::size_t unacknowledged_size() const noexcept { return link_.unacknowledged_size(); }

 private:
  [[nodiscard]] bool wants_bytes() const override;
  [[nodiscard]] std::size_t wanted_size() const override;
  void on_bytes(std::unique_lock<BiasedMutex>& lock) override;
  void on_read_end(boost::system::error_code ec) override;
  void on_written(std::size_t message_count) override;
  void on_write_end(boost::system::error_code ec) override;
  [[nodiscard]] std::shared_ptr<void> hold() override { return shared_from_this(); }

  void end(boost::system::error_code ec);
  void leave();
  void await_movement();
  [[nodiscard]] bool has_moved() const noexcept;
  /// A socket that closes gives what is on its way until the deadline.
  [[nodiscard]] bool has_time() const noexcept;

  const std::shared_ptr<SocketState> socket_;
  const boost::asio::any_io_executor executor_;
  Link link_;
  policy::LinkId id_{};
  Identity identity_{};  // while finishing
  bool is_finishing_ = false;
  bool is_over_ = false;
  std::unique_ptr<boost::asio::steady_timer> leave_timer_;  // while finishing
  std::size_t unacknowledged_before_ = 0;                   // when that was set
};

}  // namespace parley::detail
