#include <parley/blocking/listener.hpp>

#include "blocking/loop.hpp"
#include "connection/listener_backend.hpp"

#include <utility>

namespace parley::blocking {

Listener::Listener(Endpoint endpoint, ListenerOptions options)
    : loop_{std::make_shared<detail::Loop>()},
      listener_{std::make_unique<parley::Listener>(loop_->executor(), std::move(endpoint), std::move(options))} {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    listener_ = std::move(other.listener_);
    loop_ = std::move(other.loop_);
  }
  return *this;
}

Listener::~Listener() = default;

Connection Listener::accept(Deadline deadline, error_code& ec) {
  auto [failure, connection] =
      loop_->perform<parley::Connection>([&](auto handler) { listener_->accept(deadline, std::move(handler)); });
  ec = failure;
  return ec ? Connection{} : Connection{loop_, std::move(connection)};
}

Connection Listener::accept(Deadline deadline) {
  error_code ec;
  Connection connection = accept(deadline, ec);
  if (ec) throw parley::detail::accept_failure(ec, local_endpoint());
  return connection;
}

const Endpoint& Listener::local_endpoint() const noexcept { return listener_->local_endpoint(); }
std::size_t Listener::connection_count() const noexcept { return listener_->connection_count(); }
ListenerStats Listener::stats() const { return listener_->stats(); }

void Listener::close() {
  listener_->close();
  loop_->poll();
}

void Listener::notify_fork(boost::asio::execution_context::fork_event event) { loop_->notify_fork(event); }

}  // namespace parley::blocking
