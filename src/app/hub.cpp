#include "app/hub.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <stdexcept>

namespace parley::app::detail {

namespace asio = boost::asio;

Hub::Hub(asio::any_io_executor executor, std::unique_ptr<Loops> loops, Settings settings)
    : WaitingObject{executor, own_mutex_}, settings_{std::move(settings)}, loops_{std::move(loops)} {
  homes_.push_back({executor, std::make_shared<Overseer>(executor)});
}

void Hub::threads(std::size_t count) {
  const Lock lock{mutex()};
  if (count == 0) throw std::invalid_argument("a server needs at least one thread");
  if (!loops_) throw std::logic_error("a server that was given an executor has no threads of its own");
  if (is_started()) throw std::logic_error("threads() is for before the start, and this has been started");
  loops_->grow(count);
  for (std::size_t i = homes_.size(); i < count; ++i) {
    const asio::any_io_executor executor = loops_->executor(i);
    homes_.push_back({executor, std::make_shared<Overseer>(executor)});
  }
}

void Hub::build_table_locked() { table_ = registry_->build(settings_.silence_max); }

asio::any_io_executor Hub::next_executor() noexcept {
  return homes_[next_home_.fetch_add(1, std::memory_order_relaxed) % homes_.size()].executor;
}

const std::shared_ptr<Overseer>& Hub::overseer_of(const asio::any_io_executor& executor) const {
  const auto home = std::ranges::find(homes_, executor, &Home::executor);
  return home == homes_.end() ? homes_.front().overseer : home->overseer;
}

// --- peers -----------------------------------------------------------------------------------------------------------

PeerFilters Hub::make_peer_filters() const {
  PeerFilters filters;
  filters.for_all = make_filters(table_->filters);
  if (!table_->classifier) filters.of_kind = make_filters(table_->unclassified_kind().filters);
  return filters;
}

std::shared_ptr<PeerState> Hub::add_peer_locked(Connection connection, PeerFilters filters) {
  const asio::any_io_executor executor = connection.get_executor();
  auto peer = std::make_shared<PeerState>(std::static_pointer_cast<Hub>(shared_from_this()), overseer_of(executor),
                                          last_id_ + 1, std::move(connection), std::move(filters));
  peers_.add(++last_id_, peer);
  ++accepted_count_;
  return peer;
}

void Hub::start(const std::shared_ptr<PeerState>& peer) {
  asio::dispatch(peer->executor(), [peer] { peer->start(); });
}

void Hub::on_gone(PeerState& peer) {
  const ConnectionStats stats = peer.connection().stats();
  const CloseReport unsent = peer.unsent();
  const bool is_cut = peer.is_to_be_counted_as_cut(unsent);
  const Lock lock{mutex()};
  // It is still in use by who calls.
  const auto held = peers_.take(peer.id());
  if (!held) return;
  if (is_cut && life_ == Life::stopping) {
    // Its connection's deadline is that of stop(), and may come first where it is on another loop.
    report_.unsent_count += unsent.unsent_count;
    ++report_.peers_cut;
  }
  received_by_gone_ += stats.messages_received;
  sent_by_gone_ += stats.messages_sent;
  on_gone_locked(peer);
  check_stopped_locked();
}

std::vector<std::shared_ptr<PeerState>> Hub::peers(const std::optional<Kinds>& kinds) {
  std::vector<std::shared_ptr<PeerState>> all;
  {
    const Lock lock{mutex()};
    all = peers_.all();
  }
  std::erase_if(all, [&](const auto& peer) {
    if (peer->has_ended()) return true;
    return kinds && std::ranges::find(kinds->names(), peer->kind()) == kinds->names().end();
  });
  return all;
}

std::shared_ptr<PeerState> Hub::find(PeerId id) {
  const Lock lock{mutex()};
  auto peer = peers_.find(id);
  return peer && !peer->has_ended() ? peer : nullptr;
}

std::size_t Hub::broadcast(const std::optional<Kinds>& kinds, const Message& message) {
  std::size_t count = 0;
  for (const auto& peer : peers(kinds)) {
    if (const error_code ec = peer->post(message); ec) {
      peer->tell_error(ec, "a message to all could not be sent: " + peer->last_error());
    } else {
      ++count;
    }
  }
  return count;
}

Stats Hub::stats() {
  Stats stats;
  std::vector<std::shared_ptr<PeerState>> peers;
  {
    const Lock lock{mutex()};
    peers = peers_.all();
    stats.peers_accepted = accepted_count_;
    stats.messages_received = received_by_gone_;
    stats.messages_sent = sent_by_gone_;
  }
  for (const auto& peer : peers) {
    const ConnectionStats of_peer = peer->connection().stats();
    if (!peer->has_ended()) ++stats.peers;
    stats.messages_received += of_peer.messages_received;
    stats.messages_sent += of_peer.messages_sent;
  }
  stats.messages_dropped = counters_.messages_dropped.load();
  stats.messages_refused = counters_.messages_refused.load();
  stats.messages_unhandled = counters_.messages_unhandled.load();
  stats.messages_abandoned = counters_.messages_abandoned.load();
  stats.unclassified = counters_.unclassified.load();
  stats.handlers_failed = counters_.handlers_failed.load();
  stats.replies_lost = counters_.replies_lost.load();
  stats.peers_silent = counters_.peers_silent.load();
  return stats;
}

}  // namespace parley::app::detail
