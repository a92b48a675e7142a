// Hub: running and stopping.
#include "app/hub.hpp"
#include "detail/log.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>

namespace parley::app::detail {

namespace asio = boost::asio;

namespace {

/// What a handler that was cancelled has to end.
constexpr std::chrono::seconds cancelled_time_max{1};

/// The first signal stops the hub, the second ends its patience. Lives on the first loop.
class StopSignals : public std::enable_shared_from_this<StopSignals> {
 public:
  StopSignals(const asio::any_io_executor& executor, std::shared_ptr<Hub> hub)
      : hub_{std::move(hub)}, signals_{executor, SIGINT, SIGTERM} {}

  void start() { wait(hub_->settings().drain_time_max); }
  /// The signals have their usual effect again. The loop does not run any more.
  void stop() {
    error_code ignored;
    signals_.clear(ignored);
    signals_.cancel(ignored);
  }

 private:
  void wait(Duration patience) {
    signals_.async_wait([self = shared_from_this(), patience](const error_code& ec, int) {
      if (ec) return;
      parley::detail::log(LogLevel::info, "a signal came: no more peers are taken, and those that there are end");
      self->hub_->request_stop(Deadline{patience});
      self->wait(Duration{0});
    });
  }

  const std::shared_ptr<Hub> hub_;
  asio::signal_set signals_;
};

}  // namespace

// --- running ---------------------------------------------------------------------------------------------------------

void Hub::run() {
  Loops* loops = nullptr;
  {
    const Lock lock{mutex()};
    if (!loops_) throw std::logic_error("what was given an executor is run by that: start() is for it, not run()");
    if (is_running_) throw std::logic_error("run() is for once, and this has been run");
    is_running_ = true;
    loops = loops_.get();
  }
  on_run();
  const auto signals = std::make_shared<StopSignals>(executor(), std::static_pointer_cast<Hub>(shared_from_this()));
  signals->start();
  struct Watching {
    StopSignals& watched;
    ~Watching() { watched.stop(); }
  };
  const Watching watching{*signals};
  loops->run(settings_.poll);
}

void Hub::finish_locked() {
  if (loops_) loops_->finish();
}

// --- stopping --------------------------------------------------------------------------------------------------------

Deadline Hub::closing_deadline() const {
  const TimePoint stop_at{Duration{stop_at_.load(std::memory_order_relaxed)}};
  return stop_at == TimePoint::max() ? Deadline{settings_.connection.linger} : Deadline{stop_at};
}

void Hub::stop(Deadline deadline, Handler<StopReport> handler) {
  Lock lock{mutex()};
  if (life_ == Life::stopped) {
    return parley::detail::post_completion(std::move(handler), executor(), error_code{}, report_);
  }
  const PeerId asked_by = peer_that_runs_on_locked(handler.executor_or(executor()));
  start_waiting(stoppers_.emplace_back(next_id(), std::move(handler), executor(), asked_by), Deadline::never());
  begin_stopping(lock, deadline);
}

void Hub::request_stop(Deadline deadline) {
  Lock lock{mutex()};
  if (life_ != Life::stopped) begin_stopping(lock, deadline);
}

PeerId Hub::peer_that_runs_on_locked(const asio::any_io_executor& executor) const {
  for (const auto& peer : peers_.all()) {
    if (peer->runs_on(executor)) return peer->id();
  }
  return 0;
}

void Hub::begin_stopping(Lock& lock, Deadline deadline) {
  const bool is_first = life_ == Life::open;
  life_ = Life::stopping;
  if (!deadline.is_never() && (!stop_deadline_.is_set() || deadline.when() < stop_deadline_.when)) {
    if (stop_deadline_.is_set()) context()->cancel(stop_deadline_);
    stop_deadline_ = context()->schedule(executor(), deadline.when(), *this, token_stop);
    stop_at_.store(deadline.when().time_since_epoch().count(), std::memory_order_relaxed);
  }
  if (is_first) {
    stop_taking_peers_locked();
    const auto peers = peers_.all();
    lock.unlock();
    for (const auto& peer : peers) peer->end_receiving();
    lock.lock();
  }
  check_stopped_locked();
}

void Hub::check_stopped_locked() {
  if (life_ != Life::stopping) return;
  if (peers_.size() == 0) return conclude_stop_locked();
  // Handlers that await the end are not awaited themselves.
  std::vector<PeerId> asking;
  for (std::size_t i = 0; i < stoppers_.size(); ++i) {
    const PeerId by = stoppers_[i].asked_by;
    if (by != 0 && peers_.find(by) && std::ranges::find(asking, by) == asking.end()) asking.push_back(by);
  }
  if (asking.empty() || asking.size() < peers_.size()) return;
  while (!stoppers_.empty()) complete(stoppers_.take_front(), error_code{}, report_);
}

void Hub::conclude_stop_locked() {
  life_ = Life::stopped;
  if (stop_deadline_.is_set() && context() != nullptr) context()->cancel(stop_deadline_);
  stop_deadline_ = {};
  while (!stoppers_.empty()) complete(stoppers_.take_front(), error_code{}, report_);
  finish_locked();
}

void Hub::cut_peers(Lock& lock) {
  const auto peers = peers_.all();
  lock.unlock();
  StopReport cut;
  for (const auto& peer : peers) {
    if (peer->has_coroutine()) ++cut.handlers_cancelled;
    const CloseReport unsent = peer->cut();
    if (!peer->is_to_be_counted_as_cut(unsent)) continue;
    cut.unsent_count += unsent.unsent_count;
    ++cut.peers_cut;
  }
  lock.lock();
  report_.handlers_cancelled += cut.handlers_cancelled;
  report_.unsent_count += cut.unsent_count;
  report_.peers_cut += cut.peers_cut;
  if (life_ != Life::stopping || context() == nullptr) return;
  stop_deadline_ = context()->schedule(executor(), Clock::now() + cancelled_time_max, *this, token_give_up);
  check_stopped_locked();
}

void Hub::on_deadline(std::uint64_t token) {
  Lock lock{mutex()};
  if (context() == nullptr) return;
  switch (token) {
    case token_stop:
      stop_deadline_ = {};
      if (life_ == Life::stopping) cut_peers(lock);
      return;
    case token_give_up:
      stop_deadline_ = {};
      if (life_ != Life::stopping) return;
      report_.handlers_left = peers_.size();
      return conclude_stop_locked();
    case token_own: return on_own_deadline_locked();
    default: interrupt_locked(token, error::timed_out);
  }
}

void Hub::interrupt_locked(std::uint64_t id, error_code ec) { fail_waiter(stoppers_, id, ec); }

void Hub::abandon() noexcept {
  std::unique_ptr<Loops> loops;
  std::vector<std::shared_ptr<PeerState>> peers;
  {
    const Lock lock{mutex()};
    life_ = Life::stopped;
    if (context() != nullptr) {
      if (stop_deadline_.is_set()) context()->cancel(stop_deadline_);
      stop_taking_peers_locked();
      abort_waits_locked();
      fail_all(stoppers_, asio::error::operation_aborted);
    }
    peers = peers_.all();
    peers_.clear();
    loops = std::move(loops_);
  }
  for (const auto& peer : peers) peer->drop();
}

void Hub::on_context_shutdown() noexcept {
  parley::detail::Ring<Stopper> stoppers;
  const Lock lock{mutex()};
  forget_context();
  has_context_.store(false);
  life_ = Life::stopped;
  stoppers.swap(stoppers_);
}

}  // namespace parley::app::detail
