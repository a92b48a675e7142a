// ServerState: what a Server leads to: a Node with a peer for each client, by its id.
#pragma once

#include "rpc/amqp/amqp_carrier.hpp"
#include "rpc/door.hpp"
#include "rpc/node.hpp"
#include "rpc/stream_carrier.hpp"

#include <parley/rpc/server.hpp>

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace parley::rpc::detail {

class ServerState final : public Node {
 public:
  [[nodiscard]] static std::shared_ptr<ServerState> make(boost::asio::any_io_executor executor, Routes routes,
                                                         ServerOptions options);
  ServerState(boost::asio::any_io_executor executor, parley::detail::Slot& slot, Routes routes, ServerOptions options);

  // Any thread, mutex not held.

  /// Throws std::invalid_argument for what can never be bound, as the two below do.
  void bind(const Endpoint& endpoint, const EndpointOptions& options, Handler<Endpoint> handler);
  /// At once, where there is no broker. Throws what the system says.
  Endpoint bind_streams(const Endpoint& endpoint, const EndpointOptions& options);
  /// Of a broker.
  static void require_bindable(const Endpoint& endpoint);
  bool unbind(const Endpoint& endpoint);
  [[nodiscard]] std::vector<ClientInfo> clients();
  bool cut_off(const std::string& client_id);

  void on_greeted_locked(Lock& lock, Carrier& carrier, const std::string& client_id) override;
  void on_end_locked(Carrier& carrier, error_code ec, const std::string& sentence) override;
  void on_rejected_locked(Carrier& carrier, const std::string& reason) override;

  // For doors, mutex held.

  void add_stranger_locked(Lock& lock, transport::Stream stream);
  void add_stranger_locked(std::shared_ptr<AmqpCarrier> stranger);
  void tell_of_door_locked(Event event) { tell_locked(std::move(event)); }
  /// It could not be opened, and is no door any more.
  void door_failed_locked(const Door& door, error_code ec, std::string sentence);

 private:
  PeerPtr find_locked(const Target& target, const RequestOptions& options, error_code& ec,
                      std::string& sentence) override;
  void for_each_peer_locked(const std::function<void(const PeerPtr&)>& visit) override;
  void stop_listening_locked() override;
  void stop_connecting_locked() override;
  void forget_all_locked(std::vector<std::shared_ptr<void>>& later) noexcept override;
  void on_absent_locked(const PeerPtr& peer) override;

  void bind_queues(const Endpoint& endpoint, const EndpointOptions& options, Handler<Endpoint> handler);
  void add_door_locked(std::shared_ptr<Door> door);
  void make_room_for_strangers_locked();
  PeerPtr next_locked();
  PeerPtr make_peer_locked(const std::string& client_id);
  void begin_absence_locked(const PeerPtr& peer, Duration least = {});
  bool forget_an_idle_client_locked();
  [[nodiscard]] std::string why_full_locked(const PeerInfo& info);
  [[nodiscard]] std::string why_not(Lock& lock, const PeerInfo& info);
  std::shared_ptr<Carrier> take_stranger_locked(const Carrier& carrier);
  void turn_away_locked(Carrier& carrier, const std::string& client_id, const std::string& reason);

  const std::function<std::string(const PeerInfo&)> accept_client_;
  const std::size_t clients_max_;
  const Duration absence_max_;
  std::vector<std::shared_ptr<Door>> doors_;
  std::list<std::shared_ptr<Carrier>> strangers_;  // who have not said who they are, the first to come first
  std::map<std::string, PeerPtr> peers_;
  std::string asked_last_;  // of those that are asked in turn
};

}  // namespace parley::rpc::detail
