#include "transport/inproc_acceptor.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace parley::transport::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Of each direction. As much as the library writes at once.
constexpr std::size_t capacity = 256 * 1024;

}  // namespace

std::shared_ptr<InprocAcceptor> InprocAcceptor::bind(asio::any_io_executor executor, const Endpoint& endpoint,
                                                     const TransportOptions& options) {
  auto acceptor = std::make_shared<InprocAcceptor>(std::move(executor), endpoint, options);
  if (!InprocNames::instance().add(endpoint.name(), acceptor)) {
    throw Error{asio::error::address_in_use,
                "cannot listen on " + endpoint.to_string() + ": the name is in use in this process"};
  }
  return acceptor;
}

InprocAcceptor::InprocAcceptor(asio::any_io_executor executor, const Endpoint& endpoint,
                               const TransportOptions& options)
    : executor_{std::move(executor)}, local_{endpoint}, backlog_max_{static_cast<std::size_t>(options.backlog)} {}

Stream InprocAcceptor::connect(const asio::any_io_executor& executor, error_code& ec) {
  const std::lock_guard lock{mutex_};
  if (is_closed_) return ec = error::no_listener, Stream{};
  if (pending_.empty() && backlog_.size() >= backlog_max_) return ec = error::too_many_connections, Stream{};
  auto [mine, theirs] = MemoryStream::pair(executor, executor_, capacity, local_);
  if (pending_.empty()) {
    backlog_.push_back(std::move(theirs));
  } else {
    complete(pending_.begin(), {}, std::move(theirs));
  }
  return Stream{std::move(mine)};
}

void InprocAcceptor::accept(asio::any_io_executor stream_executor, AcceptHandler handler) {
  const std::lock_guard lock{mutex_};
  const auto pending = pending_.emplace(pending_.end(), next_id_++, std::move(stream_executor), std::move(handler));
  pending->watch_cancellation(weak_from_this());
  if (is_closed_) return complete(pending, asio::error::operation_aborted, {});
  if (backlog_.empty()) return;
  std::unique_ptr<MemoryStream> stream = std::move(backlog_.front());
  backlog_.pop_front();
  complete(pending_.begin(), {}, std::move(stream));
}

void InprocAcceptor::complete(std::list<PendingAccept>::iterator which, error_code ec,
                              std::unique_ptr<MemoryStream> stream) {
  if (stream) stream->move_to(which->executor);
  parley::detail::post_completion(std::move(which->handler), executor_, ec, Stream{std::move(stream)});
  pending_.erase(which);
}

void InprocAcceptor::cancel(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  const auto which =
      std::find_if(pending_.begin(), pending_.end(), [id](const PendingAccept& each) { return each.id == id; });
  if (which != pending_.end()) complete(which, asio::error::operation_aborted, {});
}

void InprocAcceptor::close() noexcept {
  std::deque<std::unique_ptr<MemoryStream>> unwanted;
  const std::lock_guard lock{mutex_};
  if (std::exchange(is_closed_, true)) return;
  InprocNames::instance().remove(local_.name());
  unwanted.swap(backlog_);
  while (!pending_.empty()) complete(pending_.begin(), asio::error::operation_aborted, {});
}

}  // namespace parley::transport::detail
