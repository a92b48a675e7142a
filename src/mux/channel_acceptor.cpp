#include "mux/channel_acceptor.hpp"

#include "mux/endpoint.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace parley::mux::detail {

using transport::Stream;
using transport::detail::PendingAccept;

ChannelAcceptor::ChannelAcceptor(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                 const TransportOptions& options)
    : executor_{executor},
      options_{options_of(endpoint)},
      beneath_{executor, endpoint_beneath(endpoint), options},
      local_{endpoint_above(endpoint, beneath_.local_endpoint())} {}

void ChannelAcceptor::accept(asio::any_io_executor stream_executor, transport::AcceptHandler handler) {
  const std::lock_guard lock{mutex_};
  const auto pending = pending_.emplace(pending_.end(), next_id_++, std::move(stream_executor), std::move(handler));
  pending->watch_cancellation(weak_from_this());
  if (is_closed_) {
    post_completion(std::move(pending->handler), executor_, error_code{asio::error::operation_aborted}, Stream{});
    pending_.erase(pending);
    return;
  }
  serve();
  want_channels();
  want_session();
}

Stream ChannelAcceptor::try_accept() {
  const std::lock_guard lock{mutex_};
  if (is_closed_ || !pending_.empty()) return {};
  if (Channel channel = take(executor_)) return Stream{std::move(channel)};
  return {};
}

/// None: there is none that is known of.
Channel ChannelAcceptor::take(const asio::any_io_executor& stream_executor) {
  if (!ready_.empty()) {
    Channel channel = std::move(ready_.front());
    ready_.pop_front();
    channel.move_to(stream_executor);
    return channel;
  }
  if (!giving_) return {};
  Channel channel = giving_->try_accept(stream_executor);
  if (!channel) giving_.reset();
  return channel;
}

void ChannelAcceptor::want_session() {
  if (is_accepting_ || is_closed_ || pending_.empty()) return;
  is_accepting_ = true;
  beneath_.async_accept([weak = weak_from_this()](error_code ec, Stream stream) {
    if (const auto self = weak.lock()) self->on_stream(ec, std::move(stream));
  });
}

void ChannelAcceptor::on_stream(error_code ec, Stream stream) {
  const std::lock_guard lock{mutex_};
  is_accepting_ = false;
  if (is_closed_) return;
  if (ec) {
    // Accepting cannot go on: whoever waits is told, as by any acceptor.
    if (pending_.empty()) return;
    post_completion(std::move(pending_.front().handler), executor_, ec, Stream{});
    pending_.pop_front();
    return want_session();
  }
  make_way();
  sessions_.push_back({SessionState::make(std::move(stream), Role::server, options_)});
  want_channels();
  want_session();
}

void ChannelAcceptor::make_way() {
  if (sessions_.size() - heard_count_ < unheard_max) return;
  // Most have been heard since, as a rule: so many may come again before this has to be done once more.
  for (Accepted& each : sessions_) {
    if (!each.is_heard && each.session->has_heard()) note_heard(each);
  }
  if (sessions_.size() - heard_count_ < unheard_max) return;
  const auto oldest = std::ranges::find(sessions_, false, &Accepted::is_heard);
  oldest->session->abandon();
  sessions_.erase(oldest);
}

void ChannelAcceptor::note_heard(Accepted& session) noexcept {
  if (!std::exchange(session.is_heard, true)) ++heard_count_;
}

void ChannelAcceptor::want_channels() {
  if (pending_.empty()) return;
  for (Accepted& each : sessions_) {
    if (std::exchange(each.is_asked, true)) continue;
    auto on_done = [weak = weak_from_this(), session = std::weak_ptr{each.session}](error_code ec, Channel channel) {
      const auto self = weak.lock();
      const auto its = session.lock();
      if (self && its) self->on_channel(its, ec, std::move(channel));
    };
    each.session->accept(executor_, {}, Handler<Channel>{std::move(on_done)});
  }
}

void ChannelAcceptor::on_channel(const std::shared_ptr<SessionState>& session, error_code ec, Channel channel) {
  const std::lock_guard lock{mutex_};
  if (is_closed_) return;
  const auto found =
      std::find_if(sessions_.begin(), sessions_.end(), [&](const Accepted& each) { return each.session == session; });
  if (found == sessions_.end()) return;
  if (ec) {
    if (giving_ == session) giving_.reset();
    if (found->is_heard) --heard_count_;
    sessions_.erase(found);  // it has ended
    return;
  }
  found->is_asked = false;
  note_heard(*found);
  ready_.push_back(std::move(channel));
  giving_ = session;
  serve();
  want_channels();
}

void ChannelAcceptor::serve() {
  while (!pending_.empty()) {
    PendingAccept& first = pending_.front();
    Channel channel = take(first.executor);
    if (!channel) return;
    post_completion(std::move(first.handler), executor_, error_code{}, Stream{std::move(channel)});
    pending_.pop_front();
  }
}

void ChannelAcceptor::cancel(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  const auto which =
      std::find_if(pending_.begin(), pending_.end(), [&](const PendingAccept& each) { return each.id == id; });
  if (which == pending_.end()) return;
  post_completion(std::move(which->handler), executor_, error_code{asio::error::operation_aborted}, Stream{});
  pending_.erase(which);
}

/// Channels that were given out stay; their sessions end when the last of theirs has gone.
void ChannelAcceptor::close() noexcept {
  std::deque<Channel> unwanted;
  std::vector<Accepted> sessions;
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(is_closed_, true)) return;
    beneath_.close();
    unwanted.swap(ready_);
    giving_.reset();
    sessions.swap(sessions_);
    heard_count_ = 0;
    for (PendingAccept& each : pending_) {
      post_completion(std::move(each.handler), executor_, error_code{asio::error::operation_aborted}, Stream{});
    }
    pending_.clear();
  }
  unwanted.clear();
  for (const Accepted& each : sessions) each.session->abandon();
}

}  // namespace parley::mux::detail
