// ClientState: what a Client leads to: a Node with one peer, which it dials.
#pragma once

#include "rpc/amqp/amqp_carrier.hpp"
#include "rpc/node.hpp"
#include "rpc/stream_carrier.hpp"

#include <parley/rpc/client.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::rpc::detail {

class ClientState final : public Node {
 public:
  [[nodiscard]] static std::shared_ptr<ClientState> make(boost::asio::any_io_executor executor, Routes routes,
                                                         ClientOptions options);
  ClientState(boost::asio::any_io_executor executor, parley::detail::Slot& slot, Routes routes, ClientOptions options);

  [[nodiscard]] const std::string& client_id() const noexcept { return client_id_; }

  /// Throws std::invalid_argument for what can never be dialled, as dial() and connect() do.
  static void require_dialable(const Endpoint& endpoint, const EndpointOptions& options);

  // Any thread, mutex not held.

  void dial(const Endpoint& endpoint, const EndpointOptions& options);
  void connect(const Endpoint& endpoint, const EndpointOptions& options, Deadline deadline, Handler<> handler);
  void disconnect();
  [[nodiscard]] bool is_connected();

  void on_greeted_locked(Lock& lock, Carrier& carrier, const std::string& client_id) override;
  void on_end_locked(Carrier& carrier, error_code ec, const std::string& sentence) override;
  void on_rejected_locked(Carrier& carrier, const std::string& reason) override;

 private:
  struct ConnectWaiter : Waiter<Handler<>> {
    using Waiter::Waiter;
  };
  struct Goal {
    Endpoint endpoint;
    EndpointOptions options;
  };

  PeerPtr find_locked(const Target& target, const RequestOptions& options, error_code& ec,
                      std::string& sentence) override;
  void for_each_peer_locked(const std::function<void(const PeerPtr&)>& visit) override { visit(peer_); }
  [[nodiscard]] bool reconnects_locked() const override { return goal_.has_value(); }
  void on_own_deadline_locked() override;
  void stop_connecting_locked() override;
  void abort_waits_locked() override;
  void forget_all_locked(std::vector<std::shared_ptr<void>>& later) noexcept override;
  void interrupt_locked(std::uint64_t id, error_code ec) override;

  void begin_locked(const Endpoint& endpoint, const EndpointOptions& options);
  void attempt_locked();
  void knock_locked();
  void on_dialled(std::uint64_t attempt, error_code ec, transport::Stream stream, const std::string& why);
  void retry_locked(error_code ec, std::string sentence);
  void drop_attempt_locked();

  const std::string client_id_;
  const Backoff backoff_;
  PeerPtr peer_;
  std::optional<Goal> goal_;                                // what is dialled, if anything is
  std::shared_ptr<Carrier> greeting_;                       // the server has not greeted yet
  std::shared_ptr<boost::asio::cancellation_signal> stop_;  // of the attempt under way
  std::uint64_t attempt_ = 0;
  unsigned failures_ = 0;  // in a row
  TimePoint up_since_{};
  std::shared_ptr<AmqpMemory> memory_;  // of what goes over a broker
  parley::detail::DeadlineId retry_deadline_;
  std::string last_failure_;  // of dialling
  error_code last_failure_code_;
  Ring<ConnectWaiter> connect_waiters_;
};

}  // namespace parley::rpc::detail
