// PeerState: how it ends, and what it answers about itself.
#include "app/hub.hpp"
#include "app/peer_state.hpp"
#include "detail/log.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/post.hpp>

#include <chrono>
#include <stdexcept>

namespace parley::app::detail {

namespace asio = boost::asio;
using parley::detail::ConnectionAccess;
using parley::detail::ConnectionState;
using parley::detail::Handler;

namespace {

/// Of errors that wait for a handler to end.
constexpr std::size_t waiting_errors_max = 16;

}  // namespace

Filters make_filters(const std::vector<MakeFilter>& makers) {
  Filters made;
  made.reserve(makers.size());
  for (const MakeFilter& make : makers) {
    made.push_back(make());
    if (!made.back()) throw std::invalid_argument("a filter was made as a null pointer");
  }
  return made;
}

PeerState::PeerState(std::shared_ptr<Hub> hub, std::shared_ptr<Overseer> overseer, PeerId id, Connection connection,
                     PeerFilters filters)
    : hub_{std::move(hub)},
      table_{hub_->table()},
      overseer_{std::move(overseer)},
      connection_{std::move(connection)},
      id_{id},
      kind_{&table_->unclassified_kind()},
      chain_{table_->has_before_send || table_->has_filters || hub_->settings().history_count_max > 0
                 ? std::make_unique<Chain>()
                 : nullptr},
      heard_at_{Clock::now().time_since_epoch().count()},
      is_classified_{!table_->classifier} {
  if (hub_->settings().history_count_max > 0) {
    history_ = std::make_unique<HistoryLog>(hub_->settings().history_count_max, hub_->settings().history_size_max);
  }
  if (!chain_) return;
  chain_->filters = std::move(filters.for_all);
  chain_->filters_of_kind = std::move(filters.of_kind);
}

PeerState::~PeerState() = default;

PeerState::Extras& PeerState::extras_locked() {
  if (!extras_) extras_ = std::make_unique<Extras>();
  return *extras_;
}

// --- ending ----------------------------------------------------------------------------------------------------------

void PeerState::tell_error(error_code code, std::string sentence, std::exception_ptr thrown) {
  {
    std::unique_lock lock{mutex_};
    if (table_->error.empty() || extras_locked().waiting.size() >= waiting_errors_max) {
      lock.unlock();
      return parley::detail::log(LogLevel::warning, sentence, connection_.remote_endpoint().to_string());
    }
    extras_->waiting.emplace_back(Waiting{table_->error, "on_error", {code, std::move(sentence), std::move(thrown)}});
    has_waiting_.store(true, std::memory_order_release);
  }
  state().ring();
}

void PeerState::give_up(error_code code, std::string sentence, std::exception_ptr thrown) {
  sentence = about(std::move(sentence));
  {
    const std::lock_guard lock{mutex_};
    if (extras_locked().cause) return;
    extras_->cause = Cause{code, sentence, thrown};
  }
  tell_error(code, std::move(sentence), std::move(thrown));
  disconnect();
}

void PeerState::close(Deadline deadline, Handler<CloseReport> handler) {
  if (hub_->has_context()) return state().close(deadline, std::move(handler));
  // The loop that it was on has gone, and who still has the peer may wait on another.
  const auto own_executor = handler.executor_or(executor());
  parley::detail::post_completion(std::move(handler), own_executor, error_code{}, CloseReport{});
}

void PeerState::disconnect() {
  if (!hub_->has_context()) return;
  close(hub_->closing_deadline(), Handler<CloseReport>{[](error_code, const CloseReport&) {}});
}

void PeerState::end_receiving() { state().end_receiving(); }

void PeerState::leave(Job& job) {
  has_ended_.store(true, std::memory_order_release);
  drop_held();
  Cause cause;
  {
    const std::lock_guard lock{mutex_};
    if (extras_ && extras_->cause) cause = *extras_->cause;
  }
  if (!cause.code) {
    cause.code = state().end_of_receiving();
    cause.sentence = state().error_for(ConnectionState::Operation::receive, cause.code).what();
  }
  state().watch_by(nullptr);
  state().close(hub_->closing_deadline(),
                Handler<CloseReport>{[self = shared_from_this()](error_code, const CloseReport&) {
                  self->has_closed_.store(true);
                  self->one_end();
                }});
  job.begin(table_->disconnect, "on_disconnect");
  job.cause = std::move(cause);
}

void PeerState::one_end() {
  if (ends_left_.fetch_sub(1) > 1) return;
  overseer_->forget_peer();
  hub_->on_gone(*this);
}

CloseReport PeerState::cut() {
  std::shared_ptr<Running> running;
  {
    const std::lock_guard lock{mutex_};
    running = running_.lock();
  }
  if (running) {
    asio::post(running->strand, [running] { running->stop.emit(asio::cancellation_type::terminal); });
  }
  return state().abort();
}

bool PeerState::is_to_be_counted_as_cut(const CloseReport& dropped) {
  const bool is_in_order = has_closed_.load() && dropped.unsent_count == 0;
  return !is_counted_.exchange(true) && !is_in_order;
}

void PeerState::drop() noexcept {
  is_dropped_.store(true, std::memory_order_relaxed);
  state().watch_by(nullptr);
  std::shared_ptr<Running> running;
  {
    const std::lock_guard lock{mutex_};
    running = running_.lock();
  }
  if (running && hub_->has_context()) {
    asio::post(running->strand, [running] { running->stop.emit(asio::cancellation_type::terminal); });
  }
  state().abandon();
}

// --- being looked at -------------------------------------------------------------------------------------------------

std::optional<TimePoint> PeerState::look_at_silence(Silence& silence, TimePoint now) {
  if (has_ended()) return std::nullopt;
  const ConnectionStats stats = connection_.stats();
  const TimePoint heard_at{Duration{heard_at_.load(std::memory_order_relaxed)}};
  const Silence::Due due = silence.look(
      table_->silence, {heard_at, !state().is_watched(), stats.bytes_sent, stats.send_queue_size > 0}, now);
  if (due.over != Silence::Over::no) {
    const auto allowed = std::chrono::duration_cast<std::chrono::milliseconds>(table_->silence.silence_max).count();
    const std::string time = std::to_string(allowed) + " ms";
    hub_->counters().peers_silent.fetch_add(1, std::memory_order_relaxed);
    if (due.over == Silence::Over::silent) {
      give_up(error::peer_silent, "nothing has come from the peer for " + time);
    } else {
      give_up(error::peer_too_slow, "the peer has taken none of the " + std::to_string(stats.send_queue_size) +
                                        " bytes that are queued for it for " + time);
    }
    return std::nullopt;
  }
  if (due.tell_begin < due.tell_end) {
    {
      const std::lock_guard lock{mutex_};
      for (std::size_t i = due.tell_begin; i < due.tell_end; ++i) {
        extras_locked().waiting.emplace_back(Waiting{{&table_->idle[i], 1}, "on_idle", {}});
      }
      has_waiting_.store(true, std::memory_order_release);
    }
    state().ring();
  }
  return due.next;
}

bool PeerState::is_connected() const { return !has_ended() && state().may_receive_more(); }

std::string_view PeerState::kind() const {
  const KindTable& kind = kind_table();
  // Written once, before the kind was.
  return kind.name.empty() ? std::string_view{extras_->kind_name} : std::string_view{kind.name};
}

Message PeerState::first_message() {
  const std::lock_guard lock{mutex_};
  return first_ ? *first_ : Message{};
}

History PeerState::history() {
  const std::lock_guard lock{mutex_};
  return history_ ? history_->snapshot() : History{};
}

std::string PeerState::last_error() {
  const std::lock_guard lock{mutex_};
  return extras_ ? extras_->last_error : std::string{};
}

std::string PeerState::about(std::string sentence) const {
  return std::move(sentence) + " (" + connection_.remote_endpoint().to_string() + ")";
}

std::string PeerState::to_string() const {
  std::string text = "peer " + std::to_string(id_);
  if (const std::string_view is = kind(); is != unclassified) text += ", " + std::string{is};
  return about(std::move(text));
}

void* PeerState::state_of(std::type_index type, std::shared_ptr<void> (*make)()) {
  const std::lock_guard lock{mutex_};
  for (const auto& [each, object] : extras_locked().states) {
    if (each == type) return object.get();
  }
  return extras_->states.emplace_back(type, make()).second.get();
}

bool PeerState::runs_on(const asio::any_io_executor& executor) {
  std::shared_ptr<Running> running;
  {
    const std::lock_guard lock{mutex_};
    running = running_.lock();
  }
  return running && running->strand == executor;
}

bool PeerState::has_coroutine() {
  const std::lock_guard lock{mutex_};
  return !running_.expired();
}

}  // namespace parley::app::detail
