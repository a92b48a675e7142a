#include "mux/session_pool.hpp"

#include "mux/endpoint.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>

namespace parley::mux::detail {

using transport::ConnectHandler;
using transport::Stream;
using transport::StreamConnectOptions;

namespace {

/// How long a session without channels is kept for the next.
constexpr std::chrono::seconds idle_time{1};
/// With fewer places there is nothing to be tidied up.
constexpr std::size_t places_min = 16;

/// Nobody here accepts what the other side opens, so it is told that at once.
Options client_options(const Endpoint& endpoint) {
  Options options = options_of(endpoint);
  options.accept_backlog = 0;
  return options;
}

}  // namespace

asio::execution_context::id SessionPool::id;

SessionPool& SessionPool::of(const asio::any_io_executor& executor) {
  return asio::use_service<SessionPool>(asio::query(executor, asio::execution::context));
}

std::shared_ptr<PooledSession> SessionPool::at(const Endpoint& endpoint, const TransportOptions& options) {
  Key place{endpoint, options.tls.state()};
  Sessions spare;  // destroyed with the mutex released
  const std::lock_guard lock{mutex_};
  if (const auto found = sessions_.find(place); found != sessions_.end()) return found->second;
  if (sessions_.size() >= tidied_at_) spare = take_spare();
  auto session = std::make_shared<PooledSession>(endpoint, client_options(endpoint));
  return sessions_.emplace(std::move(place), std::move(session)).first->second;
}

/// Whoever connects to many places one after the other would have all of them kept.
SessionPool::Sessions SessionPool::take_spare() {
  Sessions spare;
  for (auto next = sessions_.begin(); next != sessions_.end();) {
    const auto each = next++;
    if (each->second.use_count() == 1 && each->second->is_spare()) spare.insert(sessions_.extract(each));
  }
  tidied_at_ = std::max(places_min, 2 * sessions_.size());
  return spare;
}

void SessionPool::shutdown() {
  Sessions sessions;
  {
    const std::lock_guard lock{mutex_};
    sessions.swap(sessions_);
  }
  for (const auto& [place, session] : sessions) session->forget();
}

// --- one of them -----------------------------------------------------------------------------------------------------

void PooledSession::connect(const asio::any_io_executor& executor, StreamConnectOptions options,
                            ConnectHandler handler) {
  std::unique_lock lock{mutex_};
  if (session_ && session_->takes_channels()) {
    const std::shared_ptr<SessionState> session = session_;
    lock.unlock();
    open(session, executor, options, std::move(handler));
    return;
  }
  session_.reset();
  waiting_.emplace_back(++last_id_, executor, std::move(options), std::move(handler));
  watch(waiting_.back());
  if (!is_dialling_) dial();
}

bool PooledSession::is_spare() {
  const std::lock_guard lock{mutex_};
  return !is_dialling_ && waiting_.empty() && !(session_ && session_->takes_channels());
}

void PooledSession::watch(Waiting& waiting) {
  if (auto slot = asio::get_associated_cancellation_slot(waiting.handler); slot.is_connected()) {
    slot.assign([weak = weak_from_this(), which = waiting.id](asio::cancellation_type type) {
      if (type == asio::cancellation_type::none) return;
      if (const auto self = weak.lock()) self->give_up(which, asio::error::operation_aborted);
    });
  }
  if (waiting.options.deadline().is_never()) return;
  waiting.timer.expires_at(waiting.options.deadline().when());
  waiting.timer.async_wait([self = shared_from_this(), which = waiting.id](error_code ec) {
    if (!ec) self->give_up(which, error::timed_out);
  });
}

/// By the options of the first who waits, and the deadline of who has most time.
void PooledSession::dial() {
  is_dialling_ = true;
  dialled_until_ = latest_deadline();
  const auto why = std::make_shared<std::string>();
  StreamConnectOptions options = waiting_.front().options;
  options.deadline(dialled_until_).failure_to(why);
  transport::async_connect(waiting_.front().executor, endpoint_beneath(endpoint_), options,
                           [self = shared_from_this(), why](error_code ec, Stream stream) {
                             self->on_dialled(ec, std::move(stream), *why);
                           });
}

Deadline PooledSession::latest_deadline() const {
  Deadline latest{TimePoint::min()};
  for (const Waiting& each : waiting_) {
    if (each.options.deadline().when() > latest.when()) latest = each.options.deadline();
  }
  return latest;
}

void PooledSession::on_dialled(error_code ec, Stream stream, const std::string& why) {
  std::list<Waiting> waiting;
  std::shared_ptr<SessionState> session;
  {
    const std::lock_guard lock{mutex_};
    is_dialling_ = false;
    // Somebody with more time has come meanwhile.
    if (ec == error::timed_out && !waiting_.empty() && latest_deadline().when() > dialled_until_.when()) return dial();
    waiting.swap(waiting_);
    if (!ec && !waiting.empty()) {
      session = session_ = SessionState::make(std::move(stream), Role::client, options_);
      session->close_when_idle(idle_time);
    }
  }
  for (Waiting& each : waiting) {
    each.timer.cancel();
    if (session) {
      open(session, each.executor, each.options, std::move(each.handler));
    } else {
      complete(std::move(each), ec, {}, why);
    }
  }
}

void PooledSession::open(const std::shared_ptr<SessionState>& session, const asio::any_io_executor& channel_executor,
                         const StreamConnectOptions& options, ConnectHandler handler) {
  const auto slot = asio::get_associated_cancellation_slot(handler);
  const auto executor = asio::get_associated_executor(handler, channel_executor);
  auto on_open = [self = shared_from_this(), session, failure = options.failure_to(), handler = std::move(handler)](
                     error_code ec, Channel channel) mutable {
    if (ec && failure)
      *failure = "cannot connect to " + self->endpoint_.to_string() + ": " + session->error_for("open", ec).what();
    std::move(handler)(ec, Stream{std::move(channel)});
  };
  session->open(
      std::nullopt, channel_executor, options.deadline(),
      Handler<Channel>{asio::bind_cancellation_slot(slot, asio::bind_executor(executor, std::move(on_open)))});
}

void PooledSession::give_up(std::uint64_t id, error_code ec) {
  std::list<Waiting> given_up;
  {
    const std::lock_guard lock{mutex_};
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& each) { return each.id == id; });
    if (found == waiting_.end()) return;
    given_up.splice(given_up.begin(), waiting_, found);
  }
  complete(std::move(given_up.front()), ec, {}, "cannot connect to " + endpoint_.to_string() + ": " + ec.message());
}

void PooledSession::complete(Waiting waiting, error_code ec, Stream stream, const std::string& why) {
  if (ec && waiting.options.failure_to()) *waiting.options.failure_to() = why;
  post_completion(std::move(waiting.handler), waiting.executor, ec, std::move(stream));
}

void PooledSession::forget() noexcept {
  std::list<Waiting> waiting;
  std::shared_ptr<SessionState> session;
  const std::lock_guard lock{mutex_};
  waiting.swap(waiting_);
  session.swap(session_);
}

}  // namespace parley::mux::detail
