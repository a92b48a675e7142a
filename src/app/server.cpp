#include <parley/app/server.hpp>

#include "app/operations.hpp"
#include "app/server_state.hpp"

#include <algorithm>

namespace parley::app {

namespace asio = boost::asio;

Server::Server() : Server{ServerOptions{}} {}
Server::Server(ServerOptions options) : Server{detail::ServerState::make({}, options)} {}
Server::Server(executor_type executor) : Server{std::move(executor), ServerOptions{}} {}
Server::Server(executor_type executor, ServerOptions options)
    : Server{detail::ServerState::make(std::move(executor), options)} {}
Server::Server(std::shared_ptr<detail::ServerState> state) : Handlers{state->registry()}, state_{std::move(state)} {}

Server& Server::operator=(Server&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    Handlers::operator=(std::move(other));
    state_ = std::move(other.state_);
  }
  return *this;
}

Server::~Server() {
  if (state_) state_->abandon();
}

std::shared_ptr<detail::Hub> Server::hub() const { return state_; }

Endpoint Server::listen(const Endpoint& endpoint, const TransportOptions& transport) {
  return state_->listen(endpoint, transport);
}

void Server::threads(std::size_t count) { state_->threads(count); }
void Server::start() { state_->start_on_executor(); }
void Server::run() { state_->run(); }

asio::awaitable<StopReport> Server::stop(Deadline deadline) { return detail::stop(state_, deadline); }
void Server::request_stop(Deadline deadline) { state_->request_stop(deadline); }

std::vector<Peer> Server::peers() const { return detail::handles(state_->peers(std::nullopt)); }
std::vector<Peer> Server::peers(const Kinds& kinds) const { return detail::handles(state_->peers(kinds)); }
std::optional<Peer> Server::find(PeerId id) const {
  auto peer = state_->find(id);
  return peer ? std::optional{Peer{std::move(peer)}} : std::nullopt;
}

std::size_t Server::broadcast(const Message& message) { return state_->broadcast(std::nullopt, message); }
std::size_t Server::broadcast(const Kinds& kinds, const Message& message) { return state_->broadcast(kinds, message); }

asio::awaitable<void> Server::send_to(PeerId id, Message message, Deadline deadline) {
  return detail::send_to(state_, id, std::move(message), deadline);
}
void Server::start_send_to(const std::shared_ptr<detail::Hub>& hub, PeerId id, Message message, Deadline deadline,
                           parley::detail::Handler<> handler) {
  detail::start_send_to(*hub, hub->find(id), error::unknown_peer, std::move(message), deadline, std::move(handler));
}

Server::executor_type Server::get_executor() const { return state_->executor(); }

Stats Server::stats() const {
  Stats stats = state_->stats();
  stats.peers_refused = state_->refused_count();
  stats.datagrams = state_->datagram_stats();
  return stats;
}

}  // namespace parley::app
