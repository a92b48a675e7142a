// A connection over datagrams: each is a message. What has come waits in a queue of its own, up to the mark; what is to
// go waits in another, until the link asks for it.
//
// It is kept small: a listener has one for each address, and may have very many. So the remote endpoint is made when
// somebody asks for it, and empty queues have no memory.
#pragma once

#include "connection/state.hpp"
#include "connection/udp/datagram_link.hpp"
#include "connection/udp/send_batch.hpp"
#include "policy/datagram_peers.hpp"
#include "transport/udp/udp_address.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace parley::detail {

/// Throws std::invalid_argument unless the framing is the default one.
void check_datagram_framing(const Endpoint& endpoint, const Framing& framing);

class UdpConnection final : public ConnectionState {
 public:
  /// With a socket that is connected to `peer`.
  UdpConnection(const boost::asio::any_io_executor& executor, ConnectionOptions options,
                std::shared_ptr<DatagramLink> link, const transport::SocketAddress& peer);
  /// With one of many peers, who has sent something to `source`.
  UdpConnection(const boost::asio::any_io_executor& executor, ConnectionOptions options,
                std::shared_ptr<DatagramLink> link, const transport::UdpAddress& peer,
                const transport::UdpSource& source);
  ~UdpConnection() override;

  Taken take_locked(Message& message) override;
  Sent try_send_locked(Lock& lock, Message& message, boost::system::error_code& ec) override;

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return link_->local_endpoint(); }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override;

  // For the link, mutex not held.

  /// To whom its datagrams are addressed.
  [[nodiscard]] const transport::UdpAddress& address() const noexcept { return address_; }
  [[nodiscard]] const transport::UdpSource& source() const noexcept { return source_; }
  /// True: it is the first since deliver(), which is to be called then.
  bool take_in(std::span<const std::byte> bytes);
  /// Tells those who wait, from the event loop.
  void deliver();
  /// The same, not calling anybody now.
  void deliver_later();
  /// Moves what is queued into the batch, as far as there is room.
  void give_outgoing(SendBatch& batch, std::shared_ptr<UdpConnection> self);
  /// Of its run, what lies before `done` has left the queue.
  void on_sent(SendBatch& batch, const SendBatch::Run& run, std::size_t done);
  /// The system has told of something sent that could not be delivered.
  void report(boost::system::error_code ec);
  /// Nothing has come for so long that the link knows it no more.
  void expire(Duration silence);

  /// Of the link's table, under its mutex.
  std::uint32_t place = policy::DatagramPeers<UdpConnection*>::nowhere;

 private:
  friend class ConnectionState;  // its templates call the functions below on this type

  // What a queued message counts for beside its bytes.
  static constexpr std::size_t overhead = sizeof(Message);

  // ConnectionState
  Pull pull(Message& message) override;
  void demand() override;
  bool push(Message& message, boost::system::error_code& ec) override;
  void pushed(Lock& lock) override;
  void write_now(Lock& lock) override;
  [[nodiscard]] bool has_room() const override {
    return out_size_ < options_.send_high_water_size && out_count_ < options_.send_high_water_count;
  }
  [[nodiscard]] std::size_t queue_size() const override { return out_size_; }
  [[nodiscard]] std::size_t queue_count() const override { return out_count_; }
  // Messages, not bytes: one without any has its place too.
  [[nodiscard]] std::uint64_t position_queued() const override { return written_ + out_count_; }
  [[nodiscard]] std::uint64_t position_written() const override { return written_; }
  void stop_taking_in() override { takes_in_ = false; }
  void end_pulling() override { has_ended_ = true; }
  void end_sending_behind_queue() override;
  void start_draining() override;
  [[nodiscard]] std::size_t unconfirmed_size() const override { return 0; }
  [[nodiscard]] bool is_lost() const override { return false; }
  void close_transport() override;
  void forget_transport() noexcept override { close_transport(); }
  [[nodiscard]] Message partial_locked() const override { return {}; }
  void fill_stats(ConnectionStats& stats) const override;
  void reframe_locked(Framing framing) override;

  [[nodiscard]] bool is_full() const noexcept {
    return in_size_ + in_.size() * overhead >= options_.receive_high_water_size;
  }
  void refuse(std::size_t size);
  void drop_outgoing() noexcept;
  void drop_incoming() noexcept;
  void shrink(Ring<Message>& queue) noexcept;
  void note_send_failure(boost::system::error_code ec, std::size_t size);
  void wants_to_send();

  const std::shared_ptr<DatagramLink> link_;
  const transport::UdpAddress address_;
  const transport::UdpSource source_;
  const bool is_v4_;
  bool takes_in_ = true;
  bool has_ended_ = false;  // receiving
  bool is_told_ = true;     // those who wait have been told of all that is here
  bool wants_out_ = false;  // the link knows that something is to be sent
  bool has_left_ = false;
  std::uint32_t path_size_max_;  // what one datagram to there may have
  std::uint32_t out_count_ = 0;
  std::uint32_t lost_queue_full_ = 0;
  std::uint32_t lost_unwanted_ = 0;
  int pending_report_ = 0;  // the system's code, for the next who receives
  mutable std::atomic<const Endpoint*> remote_{nullptr};
  Ring<Message> in_;
  Ring<Message> out_;  // of what counts as queued, what is not in a batch just now
  std::size_t in_size_ = 0;
  std::size_t out_size_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace parley::detail
