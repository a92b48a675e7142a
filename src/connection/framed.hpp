// A connection over a byte stream: Link + framing.
//
// Received bytes stay in the link's buffer until somebody receives: a message is cut out of them at the moment it is
// taken. So a batch costs no queue of messages, a connection nobody reads from holds its bytes once, and reframe()
// finds everything not yet taken undecoded. Framings that depend on time are the exception: for them a boundary exists
// only at its moment, so their messages are cut as bytes and deadlines come, and kept.
#pragma once

#include "connection/link.hpp"
#include "connection/state.hpp"

#include <parley/transport/options.hpp>
#include <parley/transport/stream.hpp>
#include <parley/wire/any_decoder.hpp>
#include <parley/wire/any_encoder.hpp>

#include <boost/asio/error.hpp>

#include <cstdint>
#include <memory>

namespace parley::detail {

/// Throws std::invalid_argument where the framing cannot work on streams to that endpoint.
void check_framing(const Endpoint& endpoint, const Framing& framing, const TransportOptions& options);

class FramedConnection final : public ConnectionState, private LinkSink {
 public:
  /// Throws std::invalid_argument when the framing cannot work on the stream.
  [[nodiscard]] static std::shared_ptr<FramedConnection> make(transport::Stream stream, ConnectionOptions options);

  FramedConnection(transport::Stream stream, ConnectionOptions options);

  Taken take_locked(Message& message) override;
  Sent try_send_locked(Lock& lock, Message& message, boost::system::error_code& ec) override;

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return remote_; }
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const noexcept override { return tls_info_; }
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept override { return peer_credentials_; }

 private:
  friend class ConnectionState;  // its templates call the functions below on this type

  // ConnectionState
  Pull pull(Message& message) override;
  void demand() override;
  bool push(Message& message, boost::system::error_code& ec) override;
  void pushed(Lock& lock) override { link_.appended(lock); }
  void write_now(Lock& lock) override { link_.write_now(lock); }
  [[nodiscard]] bool has_room() const override {
    return link_.out().size() < options_.send_high_water_size &&
           link_.out().message_count() < options_.send_high_water_count;
  }
  [[nodiscard]] std::size_t queue_size() const override { return link_.out().size(); }
  [[nodiscard]] std::size_t queue_count() const override { return link_.out().message_count(); }
  [[nodiscard]] std::uint64_t position_queued() const override;
  [[nodiscard]] std::uint64_t position_written() const override { return link_.counters().bytes_written; }
  void stop_taking_in() override;
  void end_pulling() override;
  void end_sending_behind_queue() override;
  void start_draining() override;
  [[nodiscard]] std::size_t unconfirmed_size() const override { return link_.unacknowledged_size(); }
  [[nodiscard]] bool is_lost() const override { return link_.is_lost(); }
  void close_transport() override { link_.close(); }
  void forget_transport() noexcept override { link_.forget(); }
  [[nodiscard]] Message partial_locked() const override { return Message{link_.in().unread()}; }
  /// A framing that ends its messages so is not at its end by that.
  [[nodiscard]] bool has_noticed_end() const override {
    if (read_end_.failed() && read_end_ != boost::asio::error::eof) return true;
    return (read_end_.failed() || link_.peer_has_ended()) && !options_.framing.needs_half_close();
  }
  void fill_stats(ConnectionStats& stats) const override;
  void reframe_locked(Framing framing) override;
  void on_backend_deadline() override;

  // LinkSink
  [[nodiscard]] bool wants_bytes() const override;
  [[nodiscard]] std::size_t wanted_size() const override { return wanted_size_; }
  void on_bytes(Lock& lock) override;
  void on_read_end(boost::system::error_code ec) override;
  void on_written(std::size_t message_count) override;
  void on_write_end(boost::system::error_code ec) override;
  [[nodiscard]] std::shared_ptr<void> hold() override { return shared_from_this(); }

  Pull cut(Message& message, TimePoint now);
  Pull pull_cut(Message& message);
  void consumed(std::size_t size);
  Pull cannot_cut(const wire::DecodeStep& step);
  Pull end_at_break();
  void cut_eagerly();
  [[nodiscard]] bool has_cut() const noexcept { return cut_ && !cut_->messages.empty(); }
  [[nodiscard]] std::size_t cut_size() const noexcept { return cut_ ? cut_->size : 0; }
  void fail_framing(const wire::DecodeStep& step);
  [[nodiscard]] std::string describe(const wire::DecodeStep& step) const;
  [[nodiscard]] std::string why_reading_failed() const;
  bool push_plain(const Message& message);
  void refuse(boost::system::error_code ec, std::size_t size);
  void check_framing(const Framing& framing) const;

  Endpoint local_;
  Endpoint remote_;
  const std::shared_ptr<const TlsInfo> tls_info_;
  const std::optional<PeerCredentials> peer_credentials_;
  const bool can_half_close_;
  bool uses_time_;
  bool is_plain_;       // the default framing, which has a shorter way through push and pull
  bool ended_ = false;  // the decoder has said the last word
  Link link_;
  wire::AnyDecoder decoder_;
  wire::AnyEncoder encoder_;
  const std::size_t small_size_max_;    // bodies up to this take the shorter way of pull
  boost::system::error_code read_end_;  // the stream's
  std::size_t need_ = 0;                // unread bytes below which decoding is pointless
  std::size_t wanted_size_ = 0;         // the same, whatever the framing depends on
  std::uint64_t consumed_size_ = 0;     // bytes of the stream before the unread ones
  struct Cut {
    Ring<Message> messages;
    std::size_t size = 0;  // bytes of their bodies
  };
  std::unique_ptr<Cut> cut_;  // time-dependent framings only, and what is left of theirs
};

}  // namespace parley::detail
