#include <parley/app/client.hpp>

#include "app/client_state.hpp"
#include "app/operations.hpp"
#include "detail/as_result.hpp"

namespace parley::app {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

void start_connected(std::shared_ptr<ClientState> state, Deadline deadline, Handler<> handler) {
  state->connected(deadline, std::move(handler));
}

namespace {

asio::awaitable<void> wait_until_connected(std::shared_ptr<ClientState> state, Deadline deadline) {
  auto [ec] = co_await parley::detail::await_result<void(error_code)>(
      [&](auto handler) { state->connected(deadline, Handler<>{std::move(handler)}); });
  if (!ec) co_return;
  if (ec == error::timed_out) throw Error{ec, "timed out: " + state->why_not_connected()};
  const std::string why = state->last_error();
  throw Error{ec, ec == error::disconnected || why.empty() ? state->why_not_connected() : why};
}

asio::awaitable<void> send_to_server(std::shared_ptr<ClientState> state, Message message, Deadline deadline) {
  auto peer = state->peer();
  if (!peer) throw Error{error::disconnected, state->why_not_connected()};
  co_await PeerState::send(std::move(peer), std::move(message), deadline);
}

asio::awaitable<void> dial_and_wait(std::shared_ptr<ClientState> state, Endpoint endpoint, Deadline deadline) {
  state->dial(endpoint, {});
  co_await wait_until_connected(std::move(state), deadline);
}

}  // namespace
}  // namespace detail

Client::Client() : Client{ClientOptions{}} {}
Client::Client(ClientOptions options) : Client{detail::ClientState::make({}, options)} {}
Client::Client(executor_type executor) : Client{std::move(executor), ClientOptions{}} {}
Client::Client(executor_type executor, ClientOptions options)
    : Client{detail::ClientState::make(std::move(executor), options)} {}
Client::Client(std::shared_ptr<detail::ClientState> state) : Handlers{state->registry()}, state_{std::move(state)} {}

Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    Handlers::operator=(std::move(other));
    state_ = std::move(other.state_);
  }
  return *this;
}

Client::~Client() {
  if (state_) state_->abandon();
}

std::shared_ptr<detail::Hub> Client::hub() const { return state_; }

void Client::dial(const Endpoint& endpoint, const TransportOptions& transport) { state_->dial(endpoint, transport); }
asio::awaitable<void> Client::connected(Deadline deadline) { return detail::wait_until_connected(state_, deadline); }
asio::awaitable<void> Client::connect(Endpoint endpoint, Deadline deadline) {
  return detail::dial_and_wait(state_, std::move(endpoint), deadline);
}
void Client::disconnect() { state_->disconnect(); }
void Client::run() { state_->run(); }

asio::awaitable<StopReport> Client::stop(Deadline deadline) { return detail::stop(state_, deadline); }
void Client::request_stop(Deadline deadline) { state_->request_stop(deadline); }

std::optional<Peer> Client::peer() const {
  auto peer = state_->peer();
  return peer ? std::optional{Peer{std::move(peer)}} : std::nullopt;
}

asio::awaitable<void> Client::send(Message message, Deadline deadline) {
  return detail::send_to_server(state_, std::move(message), deadline);
}
void Client::start_send(const std::shared_ptr<detail::Hub>& hub, Message message, Deadline deadline,
                        parley::detail::Handler<> handler) {
  const auto peer = static_cast<detail::ClientState&>(*hub).peer();
  detail::start_send_to(*hub, peer, error::disconnected, std::move(message), deadline, std::move(handler));
}
error_code Client::try_send(Message message) { return state_->try_send(std::move(message)); }
error_code Client::post(Message message) { return state_->post(std::move(message)); }
std::string Client::last_error() const { return state_->last_error(); }

Client::executor_type Client::get_executor() const { return state_->executor(); }
Stats Client::stats() const { return state_->stats(); }

}  // namespace parley::app
