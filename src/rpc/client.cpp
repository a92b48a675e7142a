#include <parley/rpc/client.hpp>

#include "detail/as_result.hpp"
#include "rpc/client_state.hpp"
#include "rpc/operations.hpp"

#include <boost/asio/error.hpp>

namespace parley::rpc {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

void start_connect(std::shared_ptr<ClientState> state, Endpoint endpoint, EndpointOptions options, Deadline deadline,
                   Handler<> handler) {
  state->connect(endpoint, options, deadline, std::move(handler));
}

namespace {

asio::awaitable<void> connect(std::shared_ptr<ClientState> state, Endpoint endpoint, EndpointOptions options,
                              Deadline deadline) {
  // Misuse is told here: what the initiation of an operation throws leaves the event loop, past who awaits it.
  ClientState::require_dialable(endpoint, options);
  auto [ec] = co_await parley::detail::await_result<void(error_code)>(
      [&](auto handler) { state->connect(endpoint, options, deadline, Handler<>{std::move(handler)}); });
  if (ec) state->throw_error("connect", ec);
}

Target target_of(std::shared_ptr<Node> node) {
  Target target;
  target.node = std::move(node);
  return target;
}

}  // namespace
}  // namespace detail

Client::Client(std::shared_ptr<detail::ClientState> state)
    : Requester{detail::target_of(state)}, state_{std::move(state)} {}

Client::Client(executor_type executor) : Client{std::move(executor), Routes{}, ClientOptions{}} {}

Client::Client(executor_type executor, Routes routes)
    : Client{std::move(executor), std::move(routes), ClientOptions{}} {}

Client::Client(executor_type executor, ClientOptions options)
    : Client{std::move(executor), Routes{}, std::move(options)} {}

Client::Client(executor_type executor, Routes routes, ClientOptions options)
    : Client{detail::ClientState::make(std::move(executor), std::move(routes), std::move(options))} {}

Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    if (state_) state_->abandon();
    Requester::operator=(std::move(other));
    state_ = std::move(other.state_);
  }
  return *this;
}

Client::~Client() {
  if (state_) state_->abandon();
}

Client::executor_type Client::get_executor() const { return state_->executor(); }
const std::string& Client::client_id() const noexcept { return state_->client_id(); }

void Client::dial(const Endpoint& endpoint, const EndpointOptions& options) { state_->dial(endpoint, options); }

asio::awaitable<void> Client::connect(Endpoint endpoint, Deadline deadline) {
  return detail::connect(state_, std::move(endpoint), EndpointOptions{}, deadline);
}
asio::awaitable<void> Client::connect(Endpoint endpoint, EndpointOptions options, Deadline deadline) {
  return detail::connect(state_, std::move(endpoint), std::move(options), deadline);
}

void Client::disconnect() { state_->disconnect(); }
bool Client::is_connected() const { return state_->is_connected(); }
void Client::add(Routes routes) { state_->add_routes(std::move(routes)); }
asio::awaitable<Event> Client::next_event(Deadline deadline) { return detail::next_event(state_, deadline); }
Stats Client::stats() const { return state_->stats(); }
std::string Client::last_error() const { return state_->last_error(); }
asio::awaitable<CloseReport> Client::close(Deadline deadline) { return detail::close(state_, deadline); }

}  // namespace parley::rpc
