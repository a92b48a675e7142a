#include <parley/blocking/rpc_server.hpp>

#include "blocking/rpc_engine.hpp"
#include "rpc/server_state.hpp"

#include <tuple>
#include <utility>

namespace parley::rpc::blocking {

using boost::system::error_code;
using rpc::detail::ServerState;

Server::Server(Routes routes, ServerOptions options)
    : engine_{detail::Engine::make()},
      state_{ServerState::make(engine_->executor(), std::move(routes), std::move(options))} {
  engine_->lives_by(state_);
}

Server& Server::operator=(Server&& other) noexcept {
  if (this != &other) {
    state_.reset();
    detail::Engine::end(std::move(engine_));
    engine_ = std::move(other.engine_);
    state_ = std::move(other.state_);
  }
  return *this;
}

Server::~Server() {
  state_.reset();
  detail::Engine::end(std::move(engine_));
}

// --- endpoints -------------------------------------------------------------------------------------------------------

Endpoint Server::bind(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec) {
  Endpoint bound = endpoint;
  std::tie(ec) = engine_->await<>("bind", [&](auto handler) {
    auto keep = [&bound, handler = std::move(handler)](error_code result, Endpoint at) mutable {
      bound = std::move(at);
      std::move(handler)(result);
    };
    state_->bind(endpoint, options, rpc::detail::Handler<Endpoint>{std::move(keep)});
  });
  return bound;
}

Endpoint Server::bind(const Endpoint& endpoint, const EndpointOptions& options) {
  return engine_->or_throw("bind", [&](error_code& ec) { return bind(endpoint, options, ec); });
}

bool Server::unbind(const Endpoint& endpoint) { return state_->unbind(endpoint); }
void Server::add(Routes routes) { state_->add_routes(std::move(routes)); }

// --- clients ---------------------------------------------------------------------------------------------------------

Requester Server::to(std::string client_id) const {
  return Requester{{engine_, rpc::detail::Target::Of::peer, std::move(client_id)}};
}
Requester Server::to_any() const { return Requester{{engine_, rpc::detail::Target::Of::any, {}}}; }
Broadcast Server::to_all() const { return Broadcast{{engine_, rpc::detail::Target::Of::all, {}}}; }

std::vector<ClientInfo> Server::clients() const { return state_->clients(); }
bool Server::cut_off(const std::string& client_id) { return state_->cut_off(client_id); }

// --- looking, ending -------------------------------------------------------------------------------------------------

Event Server::next_event(Deadline deadline, error_code& ec) { return engine_->next_event(deadline, ec); }

Event Server::next_event(Deadline deadline) {
  return engine_->or_throw("next_event", [&](error_code& ec) { return next_event(deadline, ec); });
}

std::optional<Event> Server::try_next_event() { return state_->try_next_event(); }
Stats Server::stats() const { return state_->stats(); }
std::string Server::last_error() const { return state_->last_error(); }
CloseReport Server::stop(Deadline deadline) { return engine_->close("stop", deadline); }
void Server::notify_fork(boost::asio::execution_context::fork_event event) { engine_->notify_fork(event); }

}  // namespace parley::rpc::blocking
