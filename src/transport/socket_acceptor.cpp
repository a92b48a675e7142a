#include "transport/socket_acceptor.hpp"

#include "transport/sentence.hpp"
#include "transport/socket_options.hpp"
#include "transport/socket_stream.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/error.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace parley::transport {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {
namespace {

constexpr Duration shortage_wait_min = std::chrono::milliseconds{10};
constexpr Duration shortage_wait_max = std::chrono::seconds{1};

/// There is a connection, and no means to take it now.
bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// The connection at the head of the queue is gone; the next may be well. Linux reports the network errors that a new
/// connection already has from accept().
bool is_of_one_connection(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // forbidden by a firewall rule
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT: return true;
    default: return false;
  }
}

}  // namespace

SocketAcceptor::SocketAcceptor(asio::any_io_executor executor, ListeningSocket listening,
                               const TransportOptions& options)
    : executor_{std::move(executor)},
      local_{std::move(listening.local)},
      family_{listening.family},
      options_{options},
      is_local_known_{family_ == AF_UNIX || !local_.is_wildcard()},
      descriptor_{executor_},
      shortage_timer_{executor_},
      file_{std::move(listening.file)},
      shortage_wait_{shortage_wait_min} {
  error_code ec;
  descriptor_.assign(listening.descriptor.get(), ec);
  if (ec) {
    file_.remove();
    throw Error{ec, "cannot listen on " + local_.to_string() + ": " + reason(ec)};
  }
  listening.descriptor.release();
}

void SocketAcceptor::accept(asio::any_io_executor stream_executor, AcceptHandler handler) {
  std::unique_lock lock{mutex_};
  pending_.emplace_back(next_id_++, std::move(stream_executor), std::move(handler));
  pending_.back().watch_cancellation(weak_from_this());
  PendingList finished;
  if (closed_) {
    pending_.back().code = asio::error::operation_aborted;
    finished = take(std::prev(pending_.end()));
  } else if (!waiting_) {
    finished = serve();
  }
  lock.unlock();
  deliver(std::move(finished));
}

void SocketAcceptor::deal(std::function<asio::any_io_executor()> choose) {
  const std::lock_guard lock{mutex_};
  deal_ = std::move(choose);
}

void SocketAcceptor::on_trouble(Acceptor::TroubleHandler handler) {
  auto shared = std::make_shared<Acceptor::TroubleHandler>(std::move(handler));
  const std::lock_guard lock{mutex_};
  on_trouble_.swap(shared);
}

void SocketAcceptor::close() noexcept {
  std::unique_lock lock{mutex_};
  if (std::exchange(closed_, true)) return;
  file_.remove();  // first, so that nobody finds a file without a listener
  error_code ignored;
  descriptor_.close(ignored);
  shortage_timer_.cancel();
  PendingList aborted = std::move(pending_);
  pending_.clear();
  lock.unlock();
  for (Pending& each : aborted) each.code = asio::error::operation_aborted;
  deliver(std::move(aborted));
}

SocketAcceptor::PendingList SocketAcceptor::serve() {
  PendingList finished;
  while (!pending_.empty()) {
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    const int accepted = ::accept4(descriptor_.native_handle(), peer.data(), &peer.size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const int error = accepted < 0 ? errno : 0;
    if (is_of_one_connection(error)) continue;
    // With no descriptor to be had, the kernel says so before it looks whether anybody is there at all.
    if (error == EAGAIN || error == EWOULDBLOCK || (is_shortage(error) && !somebody_waits())) {
      wait_for_connection();
      break;
    }
    if (is_shortage(error)) {
      wait_out(from_errno(error));
      break;
    }
    Pending& next = pending_.front();
    next.code = from_errno(error);
    if (accepted >= 0) next.stream = make_stream(deal_ ? deal_() : next.executor, accepted, peer, next.code);
    shortage_wait_ = shortage_wait_min;
    finished.splice(finished.end(), take(pending_.begin()));
  }
  return finished;
}

SocketAcceptor::PendingList SocketAcceptor::take(PendingList::iterator which) {
  PendingList taken;
  taken.splice(taken.end(), pending_, which);
  return taken;
}

bool SocketAcceptor::somebody_waits() noexcept {
  pollfd listener{descriptor_.native_handle(), POLLIN, 0};
  return ::poll(&listener, 1, 0) > 0;
}

Stream SocketAcceptor::make_stream(const asio::any_io_executor& executor, int descriptor, const SocketAddress& peer,
                                   error_code& ec) {
  Descriptor owned{descriptor};
  // TCP connections have the options of the listener.
  if (family_ == AF_UNIX) {
    ec = apply_options(descriptor, family_, options_).code;
    if (ec) return {};
  }
  const auto local = is_local_known_ ? std::optional{local_} : to_endpoint(local_address(descriptor));
  const auto remote = to_endpoint(peer);
  return make_socket_stream(executor, owned.release(), family_, local.value_or(local_), remote.value_or(local_), ec);
}

void SocketAcceptor::wait_for_connection() {
  waiting_ = true;
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](error_code) { self->on_wait_over(); });
}

void SocketAcceptor::wait_out(error_code shortage) {
  waiting_ = true;
  const Duration wait = std::exchange(shortage_wait_, std::min(2 * shortage_wait_, shortage_wait_max));
  shortage_timer_.expires_after(wait);
  shortage_timer_.async_wait([self = shared_from_this()](error_code) { self->on_wait_over(); });
  if (on_trouble_ == nullptr) return;
  asio::post(executor_, [handler = on_trouble_, shortage, wait] {
    if (*handler) (*handler)(shortage, wait);
  });
}

void SocketAcceptor::on_wait_over() {
  std::unique_lock lock{mutex_};
  waiting_ = false;
  if (closed_) return;
  // Also after a cancelled wait: by now another accept may have come.
  PendingList finished = serve();
  lock.unlock();
  deliver(std::move(finished));
}

void SocketAcceptor::cancel(std::uint64_t id) {
  std::unique_lock lock{mutex_};
  const auto which = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& each) { return each.id == id; });
  if (which == pending_.end()) return;
  which->code = asio::error::operation_aborted;
  PendingList aborted = take(which);
  if (pending_.empty()) {
    // Nobody asks any more: the wait must not keep the context busy.
    descriptor_.cancel();
    shortage_timer_.cancel();
  }
  lock.unlock();
  deliver(std::move(aborted));
}

void SocketAcceptor::deliver(PendingList finished) {
  for (Pending& each : finished) {
    parley::detail::post_completion(std::move(each.handler), executor_, each.code, std::move(each.stream));
  }
}

}  // namespace detail
}  // namespace parley::transport
