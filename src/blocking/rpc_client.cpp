#include <parley/blocking/rpc_client.hpp>

#include "blocking/rpc_engine.hpp"
#include "rpc/client_state.hpp"

#include <boost/asio/error.hpp>

#include <tuple>
#include <utility>

namespace parley::rpc::blocking {

using boost::system::error_code;
using parley::detail::Handler;
using rpc::detail::ClientState;

struct Client::Made {
  Made(Routes routes, ClientOptions options)
      : engine{detail::Engine::make()},
        state{ClientState::make(engine->executor(), std::move(routes), std::move(options))} {
    engine->lives_by(state);
  }
  std::shared_ptr<detail::Engine> engine;
  std::shared_ptr<ClientState> state;
};

Client::Client(const Made& made)
    : Requester{{made.engine, rpc::detail::Target::Of::peer, {}}}, engine_{made.engine}, state_{made.state} {}

Client::Client(ClientOptions options) : Client{Routes{}, std::move(options)} {}
Client::Client(Routes routes, ClientOptions options) : Client{Made{std::move(routes), std::move(options)}} {}

Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    state_.reset();
    detail::Engine::end(std::move(engine_));
    Requester::operator=(std::move(other));
    engine_ = std::move(other.engine_);
    state_ = std::move(other.state_);
  }
  return *this;
}

Client::~Client() {
  state_.reset();
  detail::Engine::end(std::move(engine_));
}

const std::string& Client::client_id() const noexcept { return state_->client_id(); }

// --- the connection --------------------------------------------------------------------------------------------------

void Client::dial(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec) {
  ec.clear();
  try {
    state_->dial(endpoint, options);
  } catch (const Error& failure) {
    ec = failure.code();
    state_->note_error(ec, failure.what());
  }
}

void Client::dial(const Endpoint& endpoint, const EndpointOptions& options) {
  engine_->or_throw("dial", [&](error_code& ec) { dial(endpoint, options, ec); });
}

void Client::connect(const Endpoint& endpoint, const EndpointOptions& options, Deadline deadline, error_code& ec) {
  std::tie(ec) = engine_->await<>(
      "connect", [&](auto handler) { state_->connect(endpoint, options, deadline, Handler<>{std::move(handler)}); });
}

void Client::connect(const Endpoint& endpoint, const EndpointOptions& options, Deadline deadline) {
  engine_->or_throw("connect", [&](error_code& ec) { connect(endpoint, options, deadline, ec); });
}

void Client::connect(const Endpoint& endpoint, Deadline deadline) { connect(endpoint, EndpointOptions{}, deadline); }

void Client::disconnect() { state_->disconnect(); }
bool Client::is_connected() const { return state_->is_connected(); }
void Client::add(Routes routes) { state_->add_routes(std::move(routes)); }

// --- looking, ending -------------------------------------------------------------------------------------------------

Event Client::next_event(Deadline deadline, error_code& ec) { return engine_->next_event(deadline, ec); }

Event Client::next_event(Deadline deadline) {
  return engine_->or_throw("next_event", [&](error_code& ec) { return next_event(deadline, ec); });
}

std::optional<Event> Client::try_next_event() { return state_->try_next_event(); }
Stats Client::stats() const { return state_->stats(); }
std::string Client::last_error() const { return state_->last_error(); }
CloseReport Client::close(Deadline deadline) { return engine_->close("close", deadline); }
void Client::notify_fork(boost::asio::execution_context::fork_event event) { engine_->notify_fork(event); }

}  // namespace parley::rpc::blocking
