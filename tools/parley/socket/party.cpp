#include "socket/party.hpp"

#include "text.hpp"
#include "transport.hpp"

#include <parley/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// Between two looks at what is left to be written.
constexpr std::chrono::milliseconds look_interval_max{20};

SocketOptions socket_options(const PartyOptions& options, const CommonOptions& common) {
  SocketOptions socket = options.socket;
  socket.message_size_max = common.size_max;
  return socket;
}

/// Nothing if everything did.
std::string what_did_not_arrive(const SocketCloseReport& report) {
  std::string sentence;
  const auto add = [&sentence](const std::string& what) { sentence += (sentence.empty() ? "" : "; ") + what; };
  if (report.unsent_count > 0) add(count_of_messages(report.unsent_count) + " could not be delivered");
  if (report.unacknowledged_count > 0)
    add(count_of_messages(report.unacknowledged_count) + " sent, but not acknowledged; they may have arrived");
  if (report.unconfirmed_size > 0)
    add(fmt::format("{} bytes were sent, but may not have arrived", report.unconfirmed_size));
  return sentence;
}

}  // namespace

Party::Party(CommandLoop& loop, SocketConsole& console, const PartyOptions& options, const CommonOptions& common)
    : loop_{loop},
      console_{console},
      options_{options},
      common_{common},
      socket_{loop.executor(), socket_options(options, common)},
      happened_{loop.executor(), asio::steady_timer::time_point::max()} {}

asio::awaitable<bool> Party::open() {
  std::optional<std::string> failure;
  try {
    WsOptions ws;
    for (const Endpoint& endpoint : options_.bound) {
      EndpointOptions how;
      how.transport(listening_transport(endpoint, common_.tls, ws)).dialect(options_.dialect);
      const Endpoint at = co_await socket_.bind(endpoint, how);
      bound_.push_back(at);
      console_.listening(at);
    }
    for (const Endpoint& endpoint : options_.dialled) {
      EndpointOptions how;
      how.transport(connecting_transport(endpoint, common_.tls, ws)).dialect(options_.dialect);
      socket_.connect(endpoint, how);
    }
  } catch (const std::exception& e) {
    failure = e.what();
  }
  if (!failure) co_return true;
  console_.error(*failure, ExitCode::failure);
  co_return false;
}

// --- events ----------------------------------------------------------------------------------------------------------

asio::awaitable<void> Party::watch() {
  for (;;) {
    auto [ec, event] = co_await socket_.next_event(Deadline::never(), asio::as_tuple(asio::use_awaitable));
    if (ec) co_return;
    take(event);
    co_await loop_.output().room();
  }
}

void Party::take(const SocketEvent& event) {
  using Kind = SocketEvent::Kind;
  switch (event.kind) {
    case Kind::peer_up:
      up_since_[event.identity] = Clock::now();
      peer_count_peak_ = std::max(peer_count_peak_, up_since_.size());
      ++peer_changes_;
      break;
    case Kind::peer_lost:
      up_since_.erase(event.identity);
      ++peer_changes_;
      break;
    case Kind::dropped: lost_count_ += event.count; break;
    case Kind::gave_up: ++lost_count_; break;
    case Kind::retrying:
      last_failure_ = event.cause;
      last_failure_sentence_ = event.sentence;
      break;
    default: break;
  }
  const bool is_of_no_matter = event.kind == Kind::retrying && is_leaving_ && is_drained();
  if (!is_of_no_matter) console_.event(event);
  happened_.cancel();
}

asio::awaitable<void> Party::until(std::function<bool()> is_so) {
  while (!is_so()) co_await happened_.async_wait(asio::as_tuple(asio::use_awaitable));
}

bool Party::has_peer(const Identity& identity) const { return up_since_.contains(identity); }

std::optional<TimePoint> Party::came_at(const Identity& identity) const {
  const auto found = up_since_.find(identity);
  return found == up_since_.end() ? std::nullopt : std::optional{found->second};
}

ExitCode Party::absence_code() const {
  const bool was_refused = last_failure_ && exit_code_of_dialling(last_failure_) == ExitCode::refused;
  return was_refused ? ExitCode::refused : ExitCode::no_peer;
}

// --- movement --------------------------------------------------------------------------------------------------------

std::uint64_t Party::movement() const {
  const SocketStats stats = socket_.stats();
  std::uint64_t mixed = 0;
  // Not a sum: what leaves one place enters another.
  const auto mix = [&mixed](std::uint64_t value) { mixed = mixed * 0x9e3779b97f4a7c15U + value; };
  mix(stats.messages_sent);
  mix(stats.messages_received);
  mix(stats.messages_resent);
  mix(stats.unacknowledged_count);
  mix(stats.kept_count);
  mix(peer_changes_);
  for (const PeerInfo& peer : socket_.peers()) mix(peer.queue_size);
  return mixed;
}

bool Party::is_drained() const {
  const SocketStats stats = socket_.stats();
  if (stats.kept_count > 0 || stats.unacknowledged_count > 0) return false;
  const std::vector<PeerInfo> peers = socket_.peers();
  return std::all_of(peers.begin(), peers.end(), [](const PeerInfo& peer) { return peer.queue_count == 0; });
}

asio::awaitable<bool> Party::drained(Seconds patience, std::function<bool()> enough) {
  asio::steady_timer timer{loop_.executor()};
  std::chrono::milliseconds interval{1};
  is_leaving_ = true;
  std::uint64_t seen = movement();
  TimePoint since = Clock::now();
  while (!is_drained()) {
    if (enough() || Clock::now() - since >= patience) co_return false;
    timer.expires_after(interval);
    co_await timer.async_wait(asio::use_awaitable);
    interval = std::min(2 * interval, look_interval_max);
    const std::uint64_t now_seen = movement();
    if (now_seen != std::exchange(seen, now_seen)) since = Clock::now();
  }
  co_return true;
}

// --- ending ----------------------------------------------------------------------------------------------------------

asio::awaitable<bool> Party::close(Deadline deadline, ExitCode loss_code, std::string reason) {
  const SocketCloseReport report = co_await socket_.close(deadline);
  while (const std::optional<SocketEvent> event = socket_.try_next_event()) take(*event);
  const std::string losses = what_did_not_arrive(report);
  if (!losses.empty()) reason += (reason.empty() ? "" : ": ") + losses;
  if (!reason.empty()) console_.error(reason, loss_code);
  console_.closed(socket_.stats(), report);
  co_return reason.empty();
}

}  // namespace parley::tool
