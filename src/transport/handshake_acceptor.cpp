#include "transport/handshake_acceptor.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace parley::transport::detail {

namespace asio = boost::asio;
using boost::system::error_code;

HandshakeAcceptor::HandshakeAcceptor(std::shared_ptr<SocketAcceptor> sockets, const Endpoint& asked,
                                     std::vector<Handshake> handshakes, const TransportOptions& options)
    : sockets_{std::move(sockets)},
      local_{asked.host() == sockets_->local_endpoint().host()
                 ? asked.with_port(sockets_->local_endpoint().port())
                 : with_scheme(sockets_->local_endpoint(), asked.scheme())},
      layers_{std::move(handshakes)},
      time_max_{options.handshake_time_max},
      handshakes_{sockets_->executor(), options.handshakes_max} {}

void HandshakeAcceptor::accept(asio::any_io_executor stream_executor, AcceptHandler handler) {
  const std::lock_guard lock{mutex_};
  const auto pending = pending_.emplace(pending_.end(), next_id_++, std::move(stream_executor), std::move(handler));
  pending->watch_cancellation(weak_from_this());
  if (is_closed_) return complete(pending, asio::error::operation_aborted, {});
  const auto ready =
      std::find_if(ready_.begin(), ready_.end(), [&](const Stream& each) { return suits(*pending, each); });
  if (ready != ready_.end()) {
    Stream stream = std::move(*ready);
    ready_.erase(ready);
    complete(pending, {}, std::move(stream));
    give_place();
  }
  want_socket();
}

void HandshakeAcceptor::deal(std::function<asio::any_io_executor()> choose) {
  const std::lock_guard lock{mutex_};
  is_dealt_ = choose != nullptr;
  sockets_->deal(std::move(choose));
}

void HandshakeAcceptor::on_refused(Acceptor::RefusedHandler handler) {
  auto shared = std::make_shared<Acceptor::RefusedHandler>(std::move(handler));
  const std::lock_guard lock{mutex_};
  on_refused_.swap(shared);
}

void HandshakeAcceptor::close() noexcept {
  std::deque<Stream> unwanted;
  Stream unwanted_next;
  const std::lock_guard lock{mutex_};
  if (std::exchange(is_closed_, true)) return;
  sockets_->close();
  unwanted_next = std::move(next_);
  handshakes_.cancel_all();
  unwanted.swap(ready_);
  while (!pending_.empty()) complete(pending_.begin(), asio::error::operation_aborted, {});
}

void HandshakeAcceptor::want_socket() {
  if (is_accepting_ || is_closed_ || pending_.empty()) return;
  if (next_ || ready_.size() >= handshakes_.places()) return;
  is_accepting_ = true;
  auto on_done = [self = shared_from_this()](error_code ec, Stream socket) { self->on_socket(ec, std::move(socket)); };
  sockets_->accept(pending_.front().executor,
                   AcceptHandler{asio::bind_cancellation_slot(stop_accepting_.slot(), std::move(on_done))});
}

void HandshakeAcceptor::on_socket(error_code ec, Stream socket) {
  const std::lock_guard lock{mutex_};
  is_accepting_ = false;
  if (is_closed_) return;
  if (!ec) {
    next_ = std::move(socket);
    give_place();
  } else if (ec != asio::error::operation_aborted && !pending_.empty()) {
    complete(pending_.begin(), ec, {});
  }
  // Also after a cancelled accept: by now somebody else may wait.
  want_socket();
}

void HandshakeAcceptor::give_place() {
  if (!next_) return;
  // Where each place is a stream's that is ready, one is free when that has been taken.
  if (is_full()) return handshakes_.make_room([self = shared_from_this()] { self->ask_again(); });
  handshakes_.stop_making_room();
  begin_handshake(std::exchange(next_, Stream{}));
}

void HandshakeAcceptor::ask_again() {
  const std::lock_guard lock{mutex_};
  if (!is_closed_) give_place();
}

void HandshakeAcceptor::begin_handshake(Stream socket) {
  const std::uint64_t id = next_id_++;
  auto on_done = [self = shared_from_this(), id, peer = with_scheme(socket.remote_endpoint(), local_.scheme())](
                     error_code ec, Stream stream, std::string sentence) {
    self->on_handshake(id, ec, std::move(stream), std::move(sentence), peer);
  };
  const auto handshake =
      std::make_shared<HandshakeOp>(std::move(socket), layers_, time_max_, HandshakeHandler{std::move(on_done)});
  handshakes_.add(id, handshake);
  handshake->start();
}

void HandshakeAcceptor::on_handshake(std::uint64_t id, error_code ec, Stream stream, std::string sentence,
                                     const Endpoint& peer) {
  const std::lock_guard lock{mutex_};
  handshakes_.remove(id);
  if (is_closed_) return;
  if (!ec) {
    offer(std::move(stream));
  } else if (on_refused_) {
    asio::post(executor(), [handler = on_refused_, ec, sentence = std::move(sentence), peer] {
      if (*handler) (*handler)(ec, sentence, peer);
    });
  }
  give_place();
  want_socket();
}

void HandshakeAcceptor::offer(Stream stream) {
  const auto waiting =
      std::find_if(pending_.begin(), pending_.end(), [&](const PendingAccept& each) { return suits(each, stream); });
  if (waiting == pending_.end()) {
    ready_.push_back(std::move(stream));
  } else {
    complete(waiting, {}, std::move(stream));
  }
}

void HandshakeAcceptor::complete(std::list<PendingAccept>::iterator which, error_code ec, Stream stream) {
  parley::detail::post_completion(std::move(which->handler), executor(), ec, std::move(stream));
  pending_.erase(which);
  // Nobody asks any more: waiting for another socket must not keep the context busy.
  if (pending_.empty()) stop_accepting_.emit(asio::cancellation_type::terminal);
}

void HandshakeAcceptor::cancel(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  const auto which =
      std::find_if(pending_.begin(), pending_.end(), [&](const PendingAccept& each) { return each.id == id; });
  if (which != pending_.end()) complete(which, asio::error::operation_aborted, {});
}

}  // namespace parley::transport::detail
