#include "connection/listener_backend.hpp"

#include <utility>

namespace parley::detail {

using boost::system::error_code;

/// Held by an open connection; its end frees the place.
class ListenerBackend::OpenToken {
 public:
  OpenToken(std::shared_ptr<std::atomic<std::size_t>> count, std::size_t count_max,
            std::weak_ptr<ContextMember> listener)
      : count_{std::move(count)}, count_max_{count_max}, listener_{std::move(listener)} {
    count_->fetch_add(1);
  }
  OpenToken(const OpenToken&) = delete;
  OpenToken& operator=(const OpenToken&) = delete;
  ~OpenToken() {
    if (count_->fetch_sub(1) < count_max_) return;  // nobody has waited for a place
    // From the loop: the connection that ends may be holding its own lock.
    if (const auto held = listener_.lock()) {
      auto listener = std::static_pointer_cast<ListenerBackend>(held);
      if (listener->context() == nullptr) return;
      boost::asio::post(listener->executor(), [listener] { listener->connection_closed(); });
    }
  }

 private:
  std::shared_ptr<std::atomic<std::size_t>> count_;
  std::size_t count_max_;
  std::weak_ptr<ContextMember> listener_;
};

void ListenerBackend::accept(Deadline deadline, Handler<Connection> handler) {
  const Lock lock{mutex()};
  ready_in_a_row_.reset();
  if (closed_) {
    post_completion(std::move(handler), executor(), error_code{error::closed}, Connection{});
    return;
  }
  start_waiting(acceptors_.emplace_back(next_id(), std::move(handler), executor()), deadline);
  if (!is_full()) want_connection();
}

std::shared_ptr<ConnectionState> ListenerBackend::try_accept() {
  const Lock lock{mutex()};
  if (closed_ || has_acceptors() || is_full()) return nullptr;
  auto connection = ready_connection();
  if (connection) count_locked(*connection);
  return connection;
}

bool ListenerBackend::yield_due() {
  const Lock lock{mutex()};
  return ready_in_a_row_.is_due(size_as_long_as_opening);
}

void ListenerBackend::count_locked(ConnectionState& connection) {
  ++accepted_count_;
  connection.hold_until_closed(std::make_shared<OpenToken>(open_count_, options_.connections_max, weak_from_this()));
}

void ListenerBackend::offer_locked(std::shared_ptr<ConnectionState> connection) {
  count_locked(*connection);
  complete(acceptors_.take_front(), error_code{}, Connection{std::move(connection)});
}

ListenerStats ListenerBackend::stats() {
  ListenerStats stats;
  stats.datagrams = datagram_stats();
  const Lock lock{mutex()};
  stats.connections_accepted = accepted_count_;
  return stats;
}

void ListenerBackend::connection_closed() {
  const Lock lock{mutex()};
  if (!closed_ && has_acceptors() && !is_full()) want_connection();
}

void ListenerBackend::close() {
  const Lock lock{mutex()};
  if (closed_ || context() == nullptr) return;
  closed_ = true;
  stop_listening();
  fail_all(acceptors_, boost::asio::error::operation_aborted);
}

void ListenerBackend::interrupt_locked(std::uint64_t id, error_code ec) { fail_waiter(acceptors_, id, ec); }

void ListenerBackend::on_deadline(std::uint64_t token) {
  const Lock lock{mutex()};
  if (context() != nullptr) interrupt_locked(token, error::timed_out);
}

void ListenerBackend::on_context_shutdown() noexcept {
  Ring<Acceptor> acceptors;
  const Lock lock{mutex()};
  forget_context();
  closed_ = true;
  stop_listening();
  acceptors.swap(acceptors_);
}

}  // namespace parley::detail
