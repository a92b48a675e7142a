// AmqpDoor: an address at a broker that a server has bound. It takes the requests of clients to be connected, and makes
// a carrier for each.
#pragma once

#include "rpc/amqp/amqp_carrier.hpp"
#include "rpc/amqp/memories.hpp"
#include "rpc/door.hpp"

#include <parley/detail/handler.hpp>
#include <parley/rpc/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace parley::rpc::detail {

class ServerState;

class AmqpDoor final : public Door, public Broker::User, public std::enable_shared_from_this<AmqpDoor> {
 public:
  /// `bound` is called when clients can come, or when it is known that they cannot. Throws std::invalid_argument.
  AmqpDoor(std::shared_ptr<ServerState> server, const Endpoint& endpoint, const EndpointOptions& options,
           parley::detail::Handler<Endpoint> bound);

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return endpoint_; }
  void start() override;
  void close() override;

  void on_broker_ready() override;
  void on_amqp(wire::AmqpEvent event) override;
  void on_broker_lost(boost::system::error_code ec, const std::string& sentence) override;

 private:
  void take_client(const wire::AmqpEvent& event);
  void lose(boost::system::error_code ec, const std::string& sentence);
  void complete(boost::system::error_code ec);

  const std::shared_ptr<ServerState> server_;
  const Endpoint endpoint_;
  const EndpointOptions options_;
  const AmqpNames names_;
  std::optional<parley::detail::Handler<Endpoint>> bound_;
  boost::asio::any_io_executor work_;
  std::optional<AmqpLine> line_;
  boost::asio::steady_timer retry_;
  unsigned failures_ = 0;
  bool is_closed_ = false;
  // By the clients' names at the broker.
  AmqpMemories memories_;
  std::map<std::string, std::weak_ptr<AmqpCarrier>> carriers_;
};

}  // namespace parley::rpc::detail
