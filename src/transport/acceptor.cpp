#include "transport/acceptor_state.hpp"
#include "transport/handshake_acceptor.hpp"
#include "transport/inproc_acceptor.hpp"
#include "transport/mux_scheme.hpp"
#include "transport/scheme_layers.hpp"
#include "transport/socket_acceptor.hpp"

#include <functional>
#include <utility>

namespace parley::transport {

namespace asio = boost::asio;

namespace detail {
namespace {

std::shared_ptr<AcceptorState> make_state(asio::any_io_executor executor, const Endpoint& endpoint,
                                          const TransportOptions& options) {
  if (endpoint.scheme() == Scheme::inproc) return InprocAcceptor::bind(std::move(executor), endpoint, options);
  if (is_mux(endpoint.scheme())) return accept_channels(executor, endpoint, options);
  if (!is_layered(endpoint.scheme())) {
    return std::make_shared<SocketAcceptor>(std::move(executor), listen_on(endpoint, options), options);
  }
  auto handshakes = server_handshakes(endpoint, options);
  auto sockets = std::make_shared<SocketAcceptor>(std::move(executor), listen_on(endpoint, options), options);
  return std::make_shared<HandshakeAcceptor>(std::move(sockets), endpoint, std::move(handshakes), options);
}

}  // namespace

void start_accept(AcceptorState& state, asio::any_io_executor stream_executor, AcceptHandler handler) {
  state.accept(std::move(stream_executor), std::move(handler));
}

}  // namespace detail

Acceptor::Acceptor(asio::any_io_executor executor, const Endpoint& endpoint, const TransportOptions& options)
    : state_{detail::make_state(std::move(executor), endpoint, options)} {}

Acceptor& Acceptor::operator=(Acceptor&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}

Acceptor::~Acceptor() { close(); }

Acceptor::executor_type Acceptor::get_executor() const { return state_->executor(); }
const Endpoint& Acceptor::local_endpoint() const noexcept { return state_->local_endpoint(); }
Stream Acceptor::try_accept() { return state_->try_accept(); }
void Acceptor::deal(std::function<asio::any_io_executor()> choose) { state_->deal(std::move(choose)); }
void Acceptor::on_trouble(TroubleHandler handler) { state_->on_trouble(std::move(handler)); }

void Acceptor::on_refused(RefusedHandler handler) { state_->on_refused(std::move(handler)); }

void Acceptor::close() noexcept {
  if (state_) state_->close();
}

}  // namespace parley::transport
