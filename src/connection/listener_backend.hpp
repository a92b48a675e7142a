// ListenerBackend: what listeners of every scheme share: accepts that wait, the limit on open connections.
#pragma once

#include "connection/state.hpp"
#include "detail/ready_in_a_row.hpp"
#include "detail/waiting_object.hpp"

#include <parley/connection/listener.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace parley::detail {

class ListenerBackend : public WaitingObject {
 public:
  ListenerBackend(boost::asio::any_io_executor executor, ListenerOptions options)
      : WaitingObject{std::move(executor), own_mutex_}, options_{std::move(options)} {}

  // Any thread, mutex not held.
  void accept(Deadline deadline, Handler<Connection> handler);
  /// The same where a connection is here already; null where it is not, or may not be taken.
  [[nodiscard]] std::shared_ptr<ConnectionState> try_accept();
  /// So many have been accepted without waiting that others should have their turn.
  [[nodiscard]] bool yield_due();
  void close();
  [[nodiscard]] virtual const Endpoint& local_endpoint() const noexcept = 0;
  [[nodiscard]] std::size_t connection_count() const noexcept { return open_count_->load(); }
  [[nodiscard]] ListenerStats stats();

  void on_deadline(std::uint64_t token) final;
  void on_context_shutdown() noexcept override;

 protected:
  // Mutex held.

  /// Takes a connection that is already there, or arranges for offer_locked to be called.
  virtual void want_connection() = 0;
  /// Nobody waits for it. Null: there is none.
  virtual std::shared_ptr<ConnectionState> ready_connection() = 0;
  virtual void stop_listening() = 0;
  /// Mutex not held.
  [[nodiscard]] virtual DatagramStats datagram_stats() { return {}; }

  [[nodiscard]] bool has_acceptors() const noexcept { return !acceptors_.empty(); }
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }
  [[nodiscard]] bool is_full() const noexcept { return open_count_->load() >= options_.connections_max; }
  /// Counts `connection` as open and gives it to the first who waits. Only with has_acceptors().
  void offer_locked(std::shared_ptr<ConnectionState> connection);
  /// Accepting cannot go on.
  void fail_locked(boost::system::error_code ec) { fail_all(acceptors_, ec); }

  const ListenerOptions options_;

 private:
  struct Acceptor : Waiter<Handler<Connection>, Connection> {
    using Waiter::Waiter;
  };
  class OpenToken;

  void count_locked(ConnectionState& connection);
  void interrupt_locked(std::uint64_t id, boost::system::error_code ec) override;
  void connection_closed();

  BiasedMutex own_mutex_;
  Ring<Acceptor> acceptors_;
  bool closed_ = false;
  std::uint64_t accepted_count_ = 0;
  ReadyInARow ready_in_a_row_;
  // Outlives the listener: connections may.
  std::shared_ptr<std::atomic<std::size_t>> open_count_ = std::make_shared<std::atomic<std::size_t>>(0);
};

/// By the endpoint's scheme. Throws as the Listener's constructor says.
[[nodiscard]] std::shared_ptr<ListenerBackend> make_listener(const boost::asio::any_io_executor& executor,
                                                             const Endpoint& endpoint, ListenerOptions options);

/// The exception for an accept at `local` that failed with `ec`.
[[nodiscard]] Error accept_failure(boost::system::error_code ec, const Endpoint& local);

}  // namespace parley::detail
