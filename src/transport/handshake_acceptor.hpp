// Accepts sockets and makes layered streams of them: many handshakes at a time, each on its own.
//
// One socket is asked for at a time, while somebody waits for a stream and no socket waits for its handshake to begin.
// Streams that are ready before they are asked for are kept, and count as handshakes.
//
// When all places are taken, one socket more is taken, and waits for a place (Handshakes). Nobody has to go for a
// socket that has not come.
#pragma once

#include "transport/acceptor_state.hpp"
#include "transport/handshakes.hpp"
#include "transport/pending_accept.hpp"
#include "transport/socket_acceptor.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace parley::transport::detail {

class HandshakeAcceptor final : public AcceptorState, public std::enable_shared_from_this<HandshakeAcceptor> {
 public:
  HandshakeAcceptor(std::shared_ptr<SocketAcceptor> sockets, const Endpoint& asked, std::vector<Handshake> handshakes,
                    const TransportOptions& options);

  void accept(boost::asio::any_io_executor stream_executor, AcceptHandler handler) override;
  void deal(std::function<boost::asio::any_io_executor()> choose) override;
  void on_trouble(Acceptor::TroubleHandler handler) override { sockets_->on_trouble(std::move(handler)); }
  void on_refused(Acceptor::RefusedHandler handler) override;
  void close() noexcept override;

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept override { return sockets_->executor(); }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }

 private:
  // With the mutex held.
  void want_socket();
  [[nodiscard]] bool is_full() const noexcept { return handshakes_.size() + ready_.size() >= handshakes_.places(); }
  /// The next socket has its handshake begun, as soon as there is a place.
  void give_place();
  void begin_handshake(Stream socket);
  /// Whether `stream` is for who waits by `pending`: where streams are not dealt, that is a matter of the executor.
  [[nodiscard]] bool suits(const PendingAccept& pending, const Stream& stream) const {
    return is_dealt_ || pending.executor == stream.get_executor();
  }
  /// To the first who waits for such a stream, or kept.
  void offer(Stream stream);
  void complete(std::list<PendingAccept>::iterator which, boost::system::error_code ec, Stream stream);

  void on_socket(boost::system::error_code ec, Stream socket);
  void on_handshake(std::uint64_t id, boost::system::error_code ec, Stream stream, std::string sentence,
                    const Endpoint& peer);
  void ask_again();
  friend struct PendingAccept;
  void cancel(std::uint64_t id);

  const std::shared_ptr<SocketAcceptor> sockets_;
  const Endpoint local_;
  const std::vector<Handshake> layers_;
  const Duration time_max_;

  std::mutex mutex_;
  std::list<PendingAccept> pending_;
  Handshakes handshakes_;
  std::deque<Stream> ready_;
  Stream next_;  // for which there was no place
  std::uint64_t next_id_ = 0;
  bool is_accepting_ = false;
  bool is_closed_ = false;
  bool is_dealt_ = false;
  boost::asio::cancellation_signal stop_accepting_;
  std::shared_ptr<Acceptor::RefusedHandler> on_refused_;
};

}  // namespace parley::transport::detail
