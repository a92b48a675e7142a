// StreamCarrier: a connection that is a stream. It moves bytes, and asks a conversation what they mean.
#pragma once

#include "connection/link.hpp"
#include "policy/rpc_conversation.hpp"
#include "rpc/carrier.hpp"

#include <parley/transport/stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace parley::rpc::detail {

class Node;

class StreamCarrier final : public Carrier,
                            public std::enable_shared_from_this<StreamCarrier>,
                            private parley::detail::LinkSink {
 public:
  StreamCarrier(std::shared_ptr<Node> node, transport::Stream stream, wire::CommunicaRole role, std::string client_id);

  // Mutex held.

  void start(Lock& lock);

  void send(What what, std::string_view metadata, const Message& data) override;
  [[nodiscard]] bool has_room() const override;
  void flush(Lock& lock) override;
  void accept() override;
  void reject(std::string_view reason) override;
  void finish() override;
  void close() override;
  void forget() noexcept override;
  [[nodiscard]] std::size_t unwritten_count() const override;
  [[nodiscard]] PeerInfo info() const override { return info_; }

 private:
  [[nodiscard]] bool wants_bytes() const override;
  [[nodiscard]] std::size_t wanted_size() const override { return conversation_.wanted_size(); }
  void on_bytes(Lock& lock) override;
  void on_read_end(boost::system::error_code ec) override;
  void on_written(std::size_t message_count) override;
  void on_write_end(boost::system::error_code ec) override;
  [[nodiscard]] std::shared_ptr<void> hold() override { return shared_from_this(); }

  void take_events(Lock& lock);
  bool take_event(Lock& lock, policy::RpcConversation::Event& event);
  void go_on_later();
  void go_on();
  void watch_greeting();
  void watch_stall();
  void watch_leaving();
  void end(boost::system::error_code ec, const std::string& sentence);
  void end_in_order();
  void leave();
  void end_if_done();

  const std::shared_ptr<Node> node_;
  const boost::asio::any_io_executor executor_;
  const PeerInfo info_;
  parley::detail::Link link_;
  policy::RpcConversation conversation_;
  std::unique_ptr<boost::asio::steady_timer> timer_;  // until the other side has greeted; while stalled, or leaving
  std::size_t answers_size_ = 0;                      // queued, at most
  std::size_t unwritten_before_ = 0;                  // when the timer of a stall was set
  bool is_taking_ = false;                            // events, here or on another thread
  bool goes_on_later_ = false;                        // there are more, and others have their turn
  bool is_stalled_ = false;
  bool is_finishing_ = false;
  bool has_read_end_ = false;
  bool is_over_ = false;
};

}  // namespace parley::rpc::detail
