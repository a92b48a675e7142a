#include <parley/rpc/server.hpp>

#include "detail/as_result.hpp"
#include "rpc/operations.hpp"
#include "rpc/server_state.hpp"

namespace parley::rpc {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

void start_bind(std::shared_ptr<ServerState> state, Endpoint endpoint, EndpointOptions options,
                Handler<Endpoint> handler) {
  state->bind(endpoint, options, std::move(handler));
}

namespace {

asio::awaitable<Endpoint> bind(std::shared_ptr<ServerState> state, Endpoint endpoint, EndpointOptions options) {
  // Misuse is told here: what the initiation of an operation throws leaves the event loop, past who awaits it.
  if (!is_broker(endpoint)) co_return state->bind_streams(endpoint, options);
  ServerState::require_bindable(endpoint);
  auto [ec, bound] = co_await parley::detail::await_result<void(error_code, Endpoint)>(
      [&](auto handler) { state->bind(endpoint, options, Handler<Endpoint>{std::move(handler)}); });
  if (ec) state->throw_error("bind", ec);
  co_return bound;
}

}  // namespace
}  // namespace detail

Server::Server(executor_type executor, Routes routes)
    : Server{std::move(executor), std::move(routes), ServerOptions{}} {}

Server::Server(executor_type executor, Routes routes, ServerOptions options)
    : state_{detail::ServerState::make(std::move(executor), std::move(routes), std::move(options))} {}

Server& Server::operator=(Server&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}

Server::~Server() {
  if (state_) state_->abandon();
}

Server::executor_type Server::get_executor() const { return state_->executor(); }

asio::awaitable<Endpoint> Server::bind(Endpoint endpoint, EndpointOptions options) {
  return detail::bind(state_, std::move(endpoint), std::move(options));
}

bool Server::unbind(const Endpoint& endpoint) { return state_->unbind(endpoint); }
void Server::add(Routes routes) { state_->add_routes(std::move(routes)); }

Requester Server::to(std::string client_id) const {
  return Requester{{state_, detail::Target::Of::peer, std::move(client_id)}};
}
Requester Server::to_any() const { return Requester{{state_, detail::Target::Of::any, {}}}; }
Broadcast Server::to_all() const { return Broadcast{{state_, detail::Target::Of::all, {}}}; }

std::vector<ClientInfo> Server::clients() const { return state_->clients(); }
bool Server::cut_off(const std::string& client_id) { return state_->cut_off(client_id); }
asio::awaitable<Event> Server::next_event(Deadline deadline) { return detail::next_event(state_, deadline); }
Stats Server::stats() const { return state_->stats(); }
std::string Server::last_error() const { return state_->last_error(); }
asio::awaitable<CloseReport> Server::stop(Deadline deadline) { return detail::close(state_, deadline); }
std::shared_ptr<detail::Node> Server::node() const { return state_; }

}  // namespace parley::rpc
