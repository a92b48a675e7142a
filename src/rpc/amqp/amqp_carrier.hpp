// AmqpCarrier: a connection of a client and a server over a broker (docs/protocols/communica.md, section 5): two
// queues, one for each direction, and the sequence by which the two ends agree on them.
#pragma once

#include "rpc/amqp/line.hpp"
#include "rpc/amqp/memory.hpp"
#include "rpc/amqp/names.hpp"
#include "rpc/carrier.hpp"

#include <parley/endpoint.hpp>
#include <parley/error.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace parley::rpc::detail {

class Node;

class AmqpCarrier final : public Carrier, public Broker::User, public std::enable_shared_from_this<AmqpCarrier> {
 public:
  struct Settings {
    Endpoint endpoint;
    AmqpNames names;  // with the client's
    bool is_client = false;
    std::string client_id{};  // at the client: the entity's own
    std::string reply_to{};   // at the server: where the client waits for its answer
    bool is_persistent = false;
    std::shared_ptr<AmqpMemory> memory{};
  };

  AmqpCarrier(std::shared_ptr<Node> node, std::shared_ptr<Broker> broker, Settings settings);

  // Mutex held, as for those of Carrier.

  void start();
  /// The same client has come again.
  void give_way() { end(error::duplicate_identity, "the same client has connected again"); }

  void send(What what, std::string_view metadata, const Message& data) override;
  [[nodiscard]] bool has_room() const override;
  void flush(Lock& /*lock*/) override {}
  void accept() override;
  void reject(std::string_view reason) override;
  void finish() override;
  void close() override;
  void forget() noexcept override;
  [[nodiscard]] std::size_t unwritten_count() const override;
  [[nodiscard]] std::string hindrance() const override;
  [[nodiscard]] PeerInfo info() const override;

  // Broker::User

  void on_broker_ready() override;
  void on_amqp(wire::AmqpEvent event) override;
  void on_broker_lost(boost::system::error_code ec, const std::string& sentence) override;

 private:
  enum class Stage : std::uint8_t {
    joining,   ///< the broker
    knocking,  ///< the client waits for a server to take it
    greeting,  ///< until both have said who they are
    entering,  ///< until the queues are agreed on
    up,
    leaving,  ///< until all is confirmed
    over,
  };

  void on_delivered(Lock& lock, const wire::AmqpEvent& event);
  void on_client_handshake(Lock& lock, const wire::AmqpEvent& event);
  void on_server_handshake(Lock& lock, const wire::AmqpEvent& event);
  void on_running(Lock& lock, const wire::AmqpEvent& event);
  void on_message(Lock& lock, const wire::AmqpEvent& event);
  void go_up();
  void send_again();
  void send_unsent();
  void publish_message(std::string message_id, std::string request_id, Message body);
  [[nodiscard]] std::uint64_t publish(const std::string& message_id, const Message& body);
  void tell(const std::string& queue, std::string_view type, Message body);
  void watch(Duration time_max);
  void on_time();
  void on_looked(std::uint32_t reader_count);
  void end(boost::system::error_code ec, const std::string& sentence);
  void end_quietly();
  void leave_if_done();
  void drop_line();
  [[nodiscard]] const std::string& out_queue() const noexcept { return settings_.is_client ? to_server_ : to_client_; }
  [[nodiscard]] const std::string& in_queue() const noexcept { return settings_.is_client ? to_client_ : to_server_; }
  [[nodiscard]] std::string next_message_id();

  static constexpr std::size_t connect_id_size = 16;

  const std::shared_ptr<Node> node_;
  const std::shared_ptr<Broker> broker_;
  const Settings settings_;
  const std::string to_server_;
  const std::string to_client_;
  const std::string handshake_queue_;
  AmqpLine line_;
  std::string handshake_peer_;  // the other side's handshake queue
  std::string connect_id_;
  Stage stage_ = Stage::joining;
  boost::asio::steady_timer timer_;
  TimePoint heard_{};
  TimePoint said_{};
  std::uint64_t id_origin_ = 0;
  std::uint64_t last_message_ = 0;
  std::uint64_t channel_ = 0;   // of the memory, which goes on with the next connection while this one leaves
  wire::AmqpToken looked_ = 0;  // of the command that tells how many read the client's queue
  unsigned unread_looks_ = 0;
  std::size_t unconfirmed_before_ = 0;  // when one that leaves was looked at last
};

}  // namespace parley::rpc::detail
