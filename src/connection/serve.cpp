#include <parley/connection/serve.hpp>

#include "connection/state.hpp"
#include "detail/handler_end.hpp"
#include "detail/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <exception>
#include <list>
#include <memory>
#include <string>
#include <utility>

namespace parley {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// The handlers that run, so that they can be waited for and cancelled. All of it happens on one strand; each handler
/// runs on a strand of its own, so that cancelling it is safe whatever threads run the context.
class Running : public std::enable_shared_from_this<Running> {
 public:
  using Strand = asio::strand<asio::any_io_executor>;

  Running(const asio::any_io_executor& executor, ServeHandler handler)
      : executor_{executor}, handler_{std::move(handler)}, strand_{asio::make_strand(executor)}, all_done_{strand_} {}

  [[nodiscard]] const Strand& strand() const noexcept { return strand_; }

  void start(Connection peer) {
    const auto& connection = detail::ConnectionAccess::state(peer);
    if (conversations_end_) connection->end_receiving();
    const auto task = tasks_.insert(tasks_.end(), std::make_shared<Task>(asio::make_strand(executor_), connection));
    auto on_end = [self = shared_from_this(), task,
                   where = peer.remote_endpoint().to_string()](const std::exception_ptr& thrown) {
      if (thrown) detail::log_handler_end(thrown, detail::HandlerOf::connection, where);
      self->tasks_.erase(task);
      if (self->tasks_.empty()) self->all_done_.cancel();
    };
    asio::co_spawn(
        (*task)->strand, handle(shared_from_this(), std::move(peer)),
        asio::bind_cancellation_slot((*task)->signal.slot(), asio::bind_executor(strand_, std::move(on_end))));
  }

  /// Every handler, those to come too, sees its peer end behind the messages that are here. What handlers send still
  /// goes out.
  void end_conversations() {
    conversations_end_ = true;
    for (const auto& task : tasks_) {
      if (const auto connection = task->connection.lock()) connection->end_receiving();
    }
  }

  /// Until all have ended; those that have not after `drain` are cancelled, and waited for a moment more.
  asio::awaitable<void> wait(std::chrono::milliseconds drain) {
    if (!hurried_) co_await wait_for(drain);
    for (const auto& task : tasks_) {
      asio::dispatch(task->strand, [task] { task->signal.emit(asio::cancellation_type::terminal); });
    }
    hurried_ = false;
    co_await wait_for(std::chrono::seconds{1});
  }

  /// No patience any more: on the strand.
  void hurry() {
    hurried_ = true;
    all_done_.cancel();
  }

 private:
  struct Task {
    Task(Strand own, std::weak_ptr<detail::ConnectionState> peer)
        : strand{std::move(own)}, connection{std::move(peer)} {}
    Strand strand;
    std::weak_ptr<detail::ConnectionState> connection;  // the handler's, who may destroy it at any time
    asio::cancellation_signal signal;
  };

  /// Holds the user's function for as long as a coroutine of it runs: a lambda's captures live in it. And what it
  /// throws before it is a coroutine is the handler's exception too.
  static asio::awaitable<void> handle(std::shared_ptr<Running> self, Connection peer) {
    co_await self->handler_(std::move(peer));
  }

  asio::awaitable<void> wait_for(std::chrono::milliseconds time) {
    const TimePoint end = Clock::now() + time;
    while (!tasks_.empty() && !hurried_ && Clock::now() < end) {
      error_code ignored;
      all_done_.expires_at(end);
      co_await all_done_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  const asio::any_io_executor executor_;
  const ServeHandler handler_;
  Strand strand_;
  asio::steady_timer all_done_;
  std::list<std::shared_ptr<Task>> tasks_;
  bool conversations_end_ = false;
  bool hurried_ = false;
};

/// The first signal closes the listener and ends the conversations, the second ends the patience. It lives on the
/// strand of `running`, for a signal_set may not be used by two threads at once; and its handlers hold it, since one
/// may be under way when it is stopped.
class SignalWatch : public std::enable_shared_from_this<SignalWatch> {
 public:
  SignalWatch(Listener& listener, std::shared_ptr<Running> running)
      : listener_{listener}, running_{std::move(running)}, signals_{running_->strand(), SIGINT, SIGTERM} {}

  void start() { wait(&SignalWatch::drain); }

  /// The signals have their usual effect again.
  void stop() {
    stopped_ = true;
    error_code ignored;
    signals_.clear(ignored);
    signals_.cancel(ignored);
  }

 private:
  void wait(void (SignalWatch::*react)()) {
    signals_.async_wait([self = shared_from_this(), react](const error_code& ec, int) {
      if (!ec && !self->stopped_) (self.get()->*react)();
    });
  }
  void drain() {
    detail::log(LogLevel::info, "a signal came: accepting no more, draining", listener_.local_endpoint().to_string());
    listener_.close();
    running_->end_conversations();
    wait(&SignalWatch::hurry);
  }
  void hurry() { running_->hurry(); }

  Listener& listener_;
  const std::shared_ptr<Running> running_;
  asio::signal_set signals_;
  bool stopped_ = false;
};

asio::awaitable<void> accept_and_drain(Listener& listener, std::chrono::milliseconds drain,
                                       std::shared_ptr<Running> running) {
  co_await asio::this_coro::throw_if_cancelled(false);
  std::exception_ptr failure;
  for (;;) {
    try {
      Connection peer = co_await listener.accept();
      running->start(std::move(peer));
    } catch (const boost::system::system_error& e) {
      if (e.code() != error::closed && e.code() != asio::error::operation_aborted) failure = std::current_exception();
      break;
    }
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await running->wait(drain);
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> accept_until_signal_and_drain(Listener& listener, std::chrono::milliseconds drain,
                                                    std::shared_ptr<Running> running) {
  struct Watching {
    std::shared_ptr<SignalWatch> watch;
    ~Watching() { watch->stop(); }
  };
  const Watching watching{std::make_shared<SignalWatch>(listener, running)};
  watching.watch->start();
  co_await accept_and_drain(listener, drain, running);
}

}  // namespace

asio::awaitable<void> serve(Listener& listener, ServeHandler handler, std::chrono::milliseconds drain) {
  auto running = std::make_shared<Running>(listener.get_executor(), std::move(handler));
  const auto strand = running->strand();
  co_await asio::co_spawn(strand, accept_and_drain(listener, drain, std::move(running)), asio::use_awaitable);
}

asio::awaitable<void> serve(Endpoint endpoint, ServeHandler handler, std::chrono::milliseconds drain) {
  Listener listener{co_await asio::this_coro::executor, std::move(endpoint)};
  co_await serve(listener, std::move(handler), drain);
}

asio::awaitable<void> serve_until_signal(Listener& listener, ServeHandler handler, std::chrono::milliseconds drain) {
  auto running = std::make_shared<Running>(listener.get_executor(), std::move(handler));
  const auto strand = running->strand();
  co_await asio::co_spawn(strand, accept_until_signal_and_drain(listener, drain, std::move(running)),
                          asio::use_awaitable);
}

}  // namespace parley
