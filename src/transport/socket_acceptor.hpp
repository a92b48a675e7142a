// Accepts sockets: the queue of pending accepts, and one wait at a time for either a connection or the end of a
// shortage.
//
// Invariant, whenever the mutex is free: if an accept is pending, the acceptor is open and a wait is under way.
#pragma once

#include "transport/acceptor_state.hpp"
#include "transport/listening_socket.hpp"
#include "transport/pending_accept.hpp"
#include "transport/socket_address.hpp"

#include <parley/transport/acceptor.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace parley::transport::detail {

class SocketAcceptor final : public AcceptorState, public std::enable_shared_from_this<SocketAcceptor> {
 public:
  SocketAcceptor(boost::asio::any_io_executor executor, ListeningSocket listening, const TransportOptions& options);

  void accept(boost::asio::any_io_executor stream_executor, AcceptHandler handler) override;
  void deal(std::function<boost::asio::any_io_executor()> choose) override;
  void on_trouble(Acceptor::TroubleHandler handler) override;
  void on_refused(Acceptor::RefusedHandler) override {}  // nobody is
  void close() noexcept override;

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept override { return executor_; }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }

 private:
  struct Pending : PendingAccept {
    using PendingAccept::PendingAccept;
    // What the handler will be told.
    boost::system::error_code code;
    Stream stream;
  };
  using PendingList = std::list<Pending>;

  // With the mutex held. What serve() and take() return is to be delivered without it.
  [[nodiscard]] PendingList serve();
  [[nodiscard]] PendingList take(PendingList::iterator which);
  [[nodiscard]] bool somebody_waits() noexcept;
  [[nodiscard]] Stream make_stream(const boost::asio::any_io_executor& executor, int descriptor,
                                   const SocketAddress& peer, boost::system::error_code& ec);
  void wait_for_connection();
  void wait_out(boost::system::error_code shortage);

  void on_wait_over();
  friend struct PendingAccept;
  void cancel(std::uint64_t id);
  void deliver(PendingList finished);

  const boost::asio::any_io_executor executor_;
  const Endpoint local_;
  const int family_;
  const TransportOptions options_;
  const bool is_local_known_;

  std::mutex mutex_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer shortage_timer_;
  UnixFile file_;
  PendingList pending_;
  std::uint64_t next_id_ = 0;
  bool waiting_ = false;
  bool closed_ = false;
  Duration shortage_wait_;
  std::function<boost::asio::any_io_executor()> deal_;
  std::shared_ptr<Acceptor::TroubleHandler> on_trouble_;
};

}  // namespace parley::transport::detail
