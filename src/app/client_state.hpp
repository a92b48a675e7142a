// ClientState: a hub whose one peer is dialled, and dialled again.
#pragma once

#include "app/hub.hpp"

#include <parley/app/options.hpp>
#include <parley/connection/connect.hpp>
#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace parley::app::detail {

class ClientState final : public Hub {
 public:
  /// With no executor, on a loop of its own.
  [[nodiscard]] static std::shared_ptr<ClientState> make(boost::asio::any_io_executor executor,
                                                         const ClientOptions& options);
  ClientState(boost::asio::any_io_executor executor, std::unique_ptr<Loops> loops, const ClientOptions& options);

  void dial(const Endpoint& endpoint, const TransportOptions& transport);
  void connected(Deadline deadline, Handler<> handler);
  void disconnect();
  /// Null while it is not connected.
  [[nodiscard]] std::shared_ptr<PeerState> peer();
  error_code post(Message message);
  error_code try_send(Message message);
  [[nodiscard]] std::string last_error();
  [[nodiscard]] std::string why_not_connected();

  void on_context_shutdown() noexcept override;

 private:
  struct Goal {
    Endpoint endpoint;
    TransportOptions transport;
  };
  struct Connecting : Waiter<Handler<>> {
    using Waiter::Waiter;
  };

  void on_run() override;
  void stop_taking_peers_locked() override;
  void on_gone_locked(PeerState& peer) override;
  void on_own_deadline_locked() override;
  void abort_waits_locked() override { fail_all(waiters_, boost::asio::error::operation_aborted); }
  void interrupt_locked(std::uint64_t id, error_code ec) override;

  [[nodiscard]] ConnectOptions connect_options(const TransportOptions& transport) const;
  [[nodiscard]] bool is_connected_locked() const { return peer_ && !peer_->has_ended(); }
  void attempt_locked();
  static boost::asio::awaitable<void> attempt(std::shared_ptr<ClientState> self, std::uint64_t number, Endpoint to,
                                              ConnectOptions options);
  void on_connected(std::uint64_t number, Connection connection);
  void on_failed(std::uint64_t number, error_code ec, std::string sentence);
  void retry_locked();
  void drop_goal_locked();

  const bool reconnects_;
  const Backoff backoff_;
  const Duration attempt_time_max_;

  std::optional<Goal> goal_;
  std::shared_ptr<PeerState> peer_;
  std::uint64_t attempt_ = 0;  // the number of the last
  std::shared_ptr<boost::asio::cancellation_signal> stop_attempt_;
  unsigned failures_ = 0;  // in a row
  TimePoint connected_at_{};
  parley::detail::DeadlineId retry_deadline_;
  parley::detail::Ring<Connecting> waiters_;
  std::string last_error_;
};

}  // namespace parley::app::detail
