// Hub: what servers and clients made of handlers have in common: their peers, the table of handlers, the loops, and how
// all of it stops.
//
// One mutex guards it. It is taken before those of peers and connections, never behind them: a peer calls the hub
// without any held.
#pragma once

#include "app/loops.hpp"
#include "app/overseer.hpp"
#include "app/peer_state.hpp"
#include "app/peer_table.hpp"
#include "app/registry.hpp"
#include "app/settings.hpp"
#include "app/table.hpp"
#include "detail/ring.hpp"
#include "detail/waiting_object.hpp"

#include <parley/app/peer.hpp>
#include <parley/app/stats.hpp>
#include <parley/connection/connection.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace parley::app::detail {

using parley::detail::Handler;
using parley::detail::Waiter;

/// What is not counted by connections. Members are those of Stats.
struct Counters {
  std::atomic<std::uint64_t> messages_dropped{0};
  std::atomic<std::uint64_t> messages_refused{0};
  std::atomic<std::uint64_t> messages_unhandled{0};
  std::atomic<std::uint64_t> messages_abandoned{0};
  std::atomic<std::uint64_t> unclassified{0};
  std::atomic<std::uint64_t> handlers_failed{0};
  std::atomic<std::uint64_t> replies_lost{0};
  std::atomic<std::uint64_t> peers_silent{0};
};

class Hub : public parley::detail::WaitingObject {
 public:
  /// On `executor`; or, with `loops`, on the first of these.
  Hub(boost::asio::any_io_executor executor, std::unique_ptr<Loops> loops, Settings settings);

  [[nodiscard]] const std::shared_ptr<Registry>& registry() const noexcept { return registry_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const std::shared_ptr<const Table>& table() const noexcept { return table_; }
  [[nodiscard]] Counters& counters() noexcept { return counters_; }
  /// For a connection that is to be closed now.
  [[nodiscard]] Deadline closing_deadline() const;
  [[nodiscard]] bool has_context() const noexcept { return has_context_.load(); }

  // Any thread, mutex not held.

  void threads(std::size_t count);
  /// Throws std::logic_error unless it has loops of its own.
  void run();
  void stop(Deadline deadline, Handler<StopReport> handler);
  void request_stop(Deadline deadline);
  /// The handle has gone. Loops of its own end with it.
  void abandon() noexcept;

  [[nodiscard]] std::vector<std::shared_ptr<PeerState>> peers(const std::optional<Kinds>& kinds);
  [[nodiscard]] std::shared_ptr<PeerState> find(PeerId id);
  std::size_t broadcast(const std::optional<Kinds>& kinds, const Message& message);
  [[nodiscard]] Stats stats();

  /// A peer is over, and its connection closed.
  void on_gone(PeerState& peer);

  void on_deadline(std::uint64_t token) override;
  void on_context_shutdown() noexcept override;

 protected:
  enum class Life : std::uint8_t { open, stopping, stopped };

  static constexpr std::uint64_t token_stop = 1;
  static constexpr std::uint64_t token_give_up = 2;
  static constexpr std::uint64_t token_own = 3;  // of the class that derives

  // Mutex held.

  /// The table is made; throws what Registry::build does.
  void build_table_locked();
  [[nodiscard]] bool is_started() const noexcept { return table_ != nullptr; }
  [[nodiscard]] Life life() const noexcept { return life_; }
  [[nodiscard]] bool has_own_loops() const noexcept { return loops_ != nullptr; }
  [[nodiscard]] std::size_t peer_count() const noexcept { return peers_.size(); }
  /// To be started with the lock released.
  [[nodiscard]] std::shared_ptr<PeerState> add_peer_locked(Connection connection, PeerFilters filters);
  /// For a new peer, once this has started. The mutex is not held: it is the program that is called. Throws what that
  /// throws.
  [[nodiscard]] PeerFilters make_peer_filters() const;
  static void start(const std::shared_ptr<PeerState>& peer);
  /// Nobody new comes in.
  virtual void stop_taking_peers_locked() = 0;
  virtual void on_gone_locked(PeerState& peer) = 0;
  virtual void on_own_deadline_locked() {}
  virtual void abort_waits_locked() {}
  /// Called by run() on its loops, when they are about to run.
  virtual void on_run() {}
  /// The loops of its own end.
  void finish_locked();
  [[nodiscard]] boost::asio::any_io_executor next_executor() noexcept;
  [[nodiscard]] std::size_t loop_count() const noexcept { return homes_.size(); }

  void interrupt_locked(std::uint64_t id, error_code ec) override;

 private:
  /// Where peers live.
  struct Home {
    boost::asio::any_io_executor executor;
    std::shared_ptr<Overseer> overseer;
  };
  struct Stopper : Waiter<Handler<StopReport>, StopReport> {
    Stopper(std::uint64_t id_, Handler<StopReport>&& handler_, const boost::asio::any_io_executor& io, PeerId by)
        : Waiter{id_, std::move(handler_), io}, asked_by{by} {}
    PeerId asked_by;  // the peer whose handler waits; 0: none
  };

  [[nodiscard]] const std::shared_ptr<Overseer>& overseer_of(const boost::asio::any_io_executor& executor) const;
  [[nodiscard]] PeerId peer_that_runs_on_locked(const boost::asio::any_io_executor& executor) const;
  void begin_stopping(Lock& lock, Deadline deadline);
  void cut_peers(Lock& lock);
  void check_stopped_locked();
  void conclude_stop_locked();

  parley::detail::BiasedMutex own_mutex_;
  const std::shared_ptr<Registry> registry_ = std::make_shared<Registry>();
  const Settings settings_;
  std::unique_ptr<Loops> loops_;
  std::vector<Home> homes_;
  std::atomic<std::size_t> next_home_{0};
  std::shared_ptr<const Table> table_;
  PeerTable<PeerState> peers_;
  PeerId last_id_ = 0;
  Counters counters_;
  std::uint64_t accepted_count_ = 0;
  std::uint64_t received_by_gone_ = 0;
  std::uint64_t sent_by_gone_ = 0;

  Life life_ = Life::open;
  bool is_running_ = false;
  parley::detail::Ring<Stopper> stoppers_;
  parley::detail::DeadlineId stop_deadline_;
  std::atomic<TimePoint::rep> stop_at_{TimePoint::max().time_since_epoch().count()};
  StopReport report_;
  std::atomic<bool> has_context_{true};
};

}  // namespace parley::app::detail
