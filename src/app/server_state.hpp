// ServerState: a hub whose peers come by listeners.
#pragma once

#include "app/hub.hpp"

#include <parley/app/options.hpp>
#include <parley/connection/datagram_stats.hpp>
#include <parley/connection/listener.hpp>
#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace parley::app::detail {

class ServerState final : public Hub {
 public:
  /// With no executor, on loops of its own.
  [[nodiscard]] static std::shared_ptr<ServerState> make(boost::asio::any_io_executor executor,
                                                         const ServerOptions& options);
  ServerState(boost::asio::any_io_executor executor, std::unique_ptr<Loops> loops, const ServerOptions& options);

  Endpoint listen(const Endpoint& endpoint, const TransportOptions& transport);
  void start_on_executor();
  [[nodiscard]] std::uint64_t refused_count();
  /// Of all its listeners.
  [[nodiscard]] DatagramStats datagram_stats();

 private:
  void on_run() override { begin(); }
  void stop_taking_peers_locked() override;
  void on_gone_locked(PeerState& peer) override;

  void begin();
  void accept_locked(Listener& listener);
  void on_accept(Listener& listener, error_code ec, Connection connection);
  /// Nothing, and that has been told: they could not be made.
  [[nodiscard]] std::optional<PeerFilters> filters_for(const Connection& connection) const;
  /// Null: it is not taken. (Without filters that could be made, it is not.)
  [[nodiscard]] std::shared_ptr<PeerState> take_locked(Connection connection, std::optional<PeerFilters> filters);

  const std::size_t peers_max_;
  std::list<Listener> listeners_;
  std::vector<Listener*> paused_;  // until there is room for another peer
  std::uint64_t refused_count_ = 0;
};

}  // namespace parley::app::detail
