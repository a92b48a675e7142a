#include <parley/connection/listener.hpp>

#include "connection/framed.hpp"
#include "connection/inproc.hpp"
#include "connection/listener_backend.hpp"
#include "connection/stream_listener.hpp"
#include "connection/udp/udp_listener.hpp"
#include "detail/as_result.hpp"
#include "detail/let_others_run.hpp"

#include <parley/wire/any_decoder.hpp>

#include <stdexcept>
#include <utility>

namespace parley {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {
namespace {

asio::awaitable<Connection> accept(std::shared_ptr<ListenerBackend> backend, Deadline deadline) {
  if (backend->yield_due()) co_await let_others_run();
  if (auto ready = backend->try_accept()) co_return Connection{std::move(ready)};
  auto [ec, connection] = co_await await_result<void(error_code, Connection)>(
      [&](auto handler) { backend->accept(deadline, Handler<Connection>{std::move(handler)}); });
  if (ec) throw accept_failure(ec, backend->local_endpoint());
  co_return std::move(connection);
}

}  // namespace

std::shared_ptr<ListenerBackend> make_listener(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                               ListenerOptions options) {
  (void)wire::make_decoder(options.connection.framing,
                           options.connection.message_size_max);  // refuses now, not at accept
  check_framing(endpoint, options.connection.framing, options.transport);
  if (options.connections_max == 0) throw std::invalid_argument("a listener must be allowed at least one connection");
  if (endpoint.scheme() == Scheme::inproc) return make_inproc_listener(executor, endpoint, std::move(options));
  if (endpoint.scheme() == Scheme::udp) return make_udp_listener(executor, endpoint, std::move(options));
  return make_stream_listener(executor, endpoint, std::move(options));
}

Error accept_failure(error_code ec, const Endpoint& local) {
  return Error{ec, "no connection was accepted: " + ec.message() + " (" + local.to_string() + ")"};
}

void start_accept(std::shared_ptr<ListenerBackend> backend, Deadline deadline, Handler<Connection> handler) {
  backend->accept(deadline, std::move(handler));
}

}  // namespace detail

Listener::Listener(executor_type executor, Endpoint endpoint, ListenerOptions options)
    : backend_{detail::make_listener(executor, endpoint, std::move(options))} {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    if (backend_) backend_->close();
    backend_ = std::move(other.backend_);
  }
  return *this;
}

Listener::~Listener() {
  if (backend_) backend_->close();
}

Listener::executor_type Listener::get_executor() const { return backend_->executor(); }
asio::awaitable<Connection> Listener::accept(Deadline deadline) { return detail::accept(backend_, deadline); }
const Endpoint& Listener::local_endpoint() const noexcept { return backend_->local_endpoint(); }
std::size_t Listener::connection_count() const noexcept { return backend_->connection_count(); }
ListenerStats Listener::stats() const { return backend_->stats(); }
void Listener::close() { backend_->close(); }

}  // namespace parley
