// PeerState: the pump, as a function and as a coroutine.
#include "app/hub.hpp"
#include "app/peer_state.hpp"
#include "detail/coarse_clock.hpp"
#include "detail/let_others_run.hpp"
#include "detail/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace parley::app::detail {

namespace asio = boost::asio;
using parley::detail::Taken;

namespace {

/// After so many messages it is asked how long they took; together they may take so long before others have their turn.
constexpr unsigned asked_after = 64;
constexpr std::chrono::milliseconds turn_time_max{1};

}  // namespace

void PeerState::start() {
  overseer_->add_peer(shared_from_this(), table_->silence, Clock::now());
  state().watch_by(shared_from_this());
  // The hub may have gone while this was on its way here: the two would hold each other for good.
  if (is_dropped_.load(std::memory_order_relaxed)) return state().watch_by(nullptr);
  run();
}

void PeerState::on_ready() { run(); }

void PeerState::run() {
  Peer self{shared_from_this()};
  Job job;
  job.turn_began = Clock::now();
  switch (advance(self, job)) {
    case Next::awaits: return spawn(std::move(job));
    case Next::yields: return asio::post(executor(), [held = shared_from_this()] { held->run(); });
    default: return;
  }
}

void PeerState::spawn(Job job) {
  const auto running = std::make_shared<Running>();
  running->strand = asio::make_strand(executor());
  job.running = running;
  set_running(running);
  asio::co_spawn(running->strand, go_on(shared_from_this(), std::move(job)),
                 asio::bind_cancellation_slot(running->stop.slot(),
                                              [self = shared_from_this(), running](const std::exception_ptr& thrown) {
                                                if (thrown) self->on_cancelled_early();
                                              }));
}

/// The coroutine was cancelled before it began: the handlers that it was for are not called.
void PeerState::on_cancelled_early() {
  set_running(nullptr);
  run();
}

void PeerState::set_running(const std::shared_ptr<Running>& running) {
  const std::lock_guard lock{mutex_};
  running_ = running;
}

asio::awaitable<void> PeerState::go_on(std::shared_ptr<PeerState> self, Job job) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Peer peer{self};
  for (Next next = Next::awaits;;) {
    switch (next) {
      case Next::awaits: {
        const MessageHandler::Later* const later = job.next_later();
        if (later == nullptr) {
          co_await self->await_next(peer, job);
          break;
        }
        // Here, and not in a function: each coroutine on the way to the handler's would be a tenth of a small message.
        ++job.next;
        std::exception_ptr thrown;
        try {
          co_await asio::this_coro::throw_if_cancelled(true);
          asio::awaitable<void> work = (*later)(peer, job.message);
          co_await std::move(work);
        } catch (...) {
          thrown = std::current_exception();
        }
        co_await asio::this_coro::throw_if_cancelled(false);
        if (thrown) self->handler_threw(job, thrown);
        break;
      }
      case Next::yields:
        co_await parley::detail::let_others_run();
        job.turn_began = Clock::now();
        break;
      default: co_return;
    }
    next = self->advance(peer, job);
  }
}

PeerState::Next PeerState::advance(Peer& self, Job& job) {
  for (;;) {
    if (is_dropped_.load(std::memory_order_relaxed)) [[unlikely]]
      return Next::waits;
    if (!call_handlers(self, job)) return Next::awaits;
    if (has_waiting_.load(std::memory_order_acquire) && take_waiting(job)) continue;
    switch (stage_) {
      case Stage::talking:
        if (const Next next = take_message(self, job); next != Next::goes_on) return next;
        break;
      case Stage::connecting:
        stage_ = Stage::talking;
        job.begin(table_->connect, "on_connect");
        break;
      case Stage::leaving:
        stage_ = Stage::over;
        leave(job);
        break;
      case Stage::over: one_end(); return Next::waits;
    }
  }
}

bool PeerState::take_waiting(Job& job) {
  const std::lock_guard lock{mutex_};
  if (extras_->waiting.empty()) {
    has_waiting_.store(false, std::memory_order_relaxed);
    return false;
  }
  Waiting waiting = extras_->waiting.take_front();
  job.begin(waiting.handlers, waiting.event);
  job.is_error = waiting.handlers.data() == table_->error.data();
  job.cause = std::move(waiting.cause);
  return true;
}

PeerState::Next PeerState::take_message(Peer& self, Job& job) {
  if (is_turn_over(job)) return Next::yields;
  if (held_) [[unlikely]] {
    if (is_too_late_to_classify() || take_freed(self, job)) return Next::goes_on;
  }
  if (std::exchange(job.has_heard, false) && table_->silence.any()) heard();
  switch (take(job)) {
    case Taken::message_and_yield: job.is_turn_over = true; [[fallthrough]];
    case Taken::message: break;
    case Taken::nothing: return Next::waits;
    case Taken::rung: return Next::goes_on;
    case Taken::ended: stage_ = Stage::leaving; return Next::goes_on;
  }
  job.has_heard = true;
  if (receive(self, job.message)) job.begin(kind_table().handlers);
  return Next::goes_on;
}

Taken PeerState::take(Job& job) {
  if (!job.running) return state().take_or_watch(job.message);
  const Taken taken = state().take(job.message);
  if (taken != Taken::nothing) return taken;
  // Before the watcher may be called: a coroutine that has nothing more to do is not at work.
  set_running(nullptr);
  const Taken late = state().take_or_watch(job.message);
  if (late != Taken::nothing) set_running(job.running);
  return late;
}

bool PeerState::is_turn_over(Job& job) const {
  if (!job.is_turn_over) {
    if (++job.message_count % asked_after != 0) [[likely]]
      return false;
    if (Clock::now() - job.turn_began < turn_time_max) return false;
  }
  job.is_turn_over = false;
  job.message_count = 0;
  return true;
}

void PeerState::heard() {
  heard_at_.store(parley::detail::coarse_now().time_since_epoch().count(), std::memory_order_relaxed);
}

bool PeerState::call_handlers(Peer& self, Job& job) {
  if (job.is_over()) return true;
  if (job.has_reply) return false;
  return job.of_event.empty() ? call_message_handlers(self, job) : call_event_handlers(self, job);
}

bool PeerState::call_message_handlers(Peer& self, Job& job) {
  while (job.next < job.of_message.size()) {
    const MessageHandler& handler = job.of_message[job.next];
    if (!handler.now || handler.pool) return false;
    ++job.next;
    try {
      if (handler.now(self, job.message, job.reply) && !send_reply(job.reply)) {
        job.has_reply = true;
        return false;
      }
    } catch (...) {
      handler_threw(job, std::current_exception());
    }
  }
  return true;
}

bool PeerState::call_event_handlers(Peer& self, Job& job) {
  while (job.next < job.of_event.size()) {
    const EventHandler& handler = job.of_event[job.next];
    if (!handler.now) return false;
    ++job.next;
    try {
      handler.now(self, job.cause);
    } catch (...) {
      handler_threw(job, std::current_exception());
    }
  }
  return true;
}

asio::awaitable<void> PeerState::await_next(Peer& self, Job& job) {
  // What on_disconnect does is not cancelled with what was before it.
  if (stage_ == Stage::over) co_await asio::this_coro::reset_cancellation_state();
  if (job.has_reply) co_return co_await await_reply(job);
  std::exception_ptr thrown;
  try {
    const std::size_t index = job.next++;
    co_await asio::this_coro::throw_if_cancelled(true);
    if (job.of_event.empty()) {
      co_await await_message_handler(self, job, job.of_message[index]);
    } else {
      asio::awaitable<void> work = job.of_event[index].later(self, job.cause);
      co_await std::move(work);
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  if (thrown) handler_threw(job, thrown);
}

asio::awaitable<void> PeerState::await_reply(Job& job) {
  job.has_reply = false;
  try {
    co_await send(shared_from_this(), std::move(job.reply), Deadline{});
  } catch (const Error& e) {
    reply_lost(e.code(), e.what());
  }
}

asio::awaitable<void> PeerState::await_message_handler(Peer& self, Job& job, const MessageHandler& handler) {
  std::optional<Message> reply;
  if (handler.replying) {
    asio::awaitable<std::optional<Message>> work = handler.replying(self, job.message);
    reply = co_await std::move(work);
  } else {
    auto run_here = [&]() -> asio::awaitable<bool> { co_return handler.now(self, job.message, job.reply); };
    // What runs on a pool cannot be cancelled: its end is waited for.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
    std::exception_ptr thrown;
    bool has_reply = false;
    try {
      has_reply = co_await asio::co_spawn(handler.pool, run_here(), asio::use_awaitable);
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state();
    if (thrown) std::rethrow_exception(thrown);
    if (has_reply) reply = std::move(job.reply);
  }
  if (reply && !send_reply(*reply)) {
    job.reply = std::move(*reply);
    job.has_reply = true;
  }
}

void PeerState::handler_threw(const Job& job, const std::exception_ptr& thrown) {
  const std::string who = job.of_event.empty() ? "a message handler" : std::string{"a handler of "} + job.event;
  error_code code = error::handler_failed;
  std::string sentence;
  bool is_end = false;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    if (e.code() == error::payload_rejected) {
      code = e.code();
      sentence = e.what();
    } else {
      sentence = who + " threw: " + e.what();
    }
    is_end = e.code() == asio::error::operation_aborted || e.code() == error::closed;
  } catch (const std::exception& e) {
    sentence = who + " threw: " + e.what();
  } catch (...) {
    sentence = who + " threw something that is no std::exception";
  }
  // That a handler ends with its peer, or by being cancelled, is no news.
  if (is_end && !is_connected()) {
    return parley::detail::log(LogLevel::debug, sentence, connection_.remote_endpoint().to_string());
  }
  hub_->counters().handlers_failed.fetch_add(1, std::memory_order_relaxed);
  if (job.is_error) {
    return parley::detail::log(LogLevel::warning, sentence, connection_.remote_endpoint().to_string());
  }
  tell_error(code, about(std::move(sentence)), thrown);
}

}  // namespace parley::app::detail
