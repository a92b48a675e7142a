// StreamDoor: an endpoint made of streams. It accepts them, and gives them to the server as carriers.
#pragma once

#include "rpc/door.hpp"

#include <parley/endpoint.hpp>
#include <parley/rpc/options.hpp>
#include <parley/transport/acceptor.hpp>

#include <memory>

namespace parley::rpc::detail {

class ServerState;

class StreamDoor final : public Door, public std::enable_shared_from_this<StreamDoor> {
 public:
  /// Binds; throws what Acceptor's constructor throws.
  StreamDoor(const std::shared_ptr<ServerState>& server, const Endpoint& endpoint, const EndpointOptions& options);

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }
  void start() override;
  void close() override;

 private:
  void accept();
  void on_accept(boost::system::error_code ec, transport::Stream stream);

  const std::shared_ptr<ServerState> server_;
  transport::Acceptor acceptor_;
  const Endpoint local_;
  bool is_closed_ = false;
};

}  // namespace parley::rpc::detail
