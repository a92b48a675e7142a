#include "app/server_state.hpp"

#include "detail/log.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley::app::detail {

namespace asio = boost::asio;
using parley::detail::log;

std::shared_ptr<ServerState> ServerState::make(asio::any_io_executor executor, const ServerOptions& options) {
  // Not in the constructor: loops that are a half-made object's would go before what of it refers to them.
  if (options.peers_max == 0) throw std::invalid_argument("a server must be allowed at least one peer");
  std::unique_ptr<Loops> loops;
  if (!executor) {
    loops = std::make_unique<Loops>();
    executor = loops->executor(0);
  }
  return std::make_shared<ServerState>(std::move(executor), std::move(loops), options);
}

ServerState::ServerState(asio::any_io_executor executor, std::unique_ptr<Loops> loops, const ServerOptions& options)
    : Hub{std::move(executor), std::move(loops), settings_of(options)}, peers_max_{options.peers_max} {}

Endpoint ServerState::listen(const Endpoint& endpoint, const TransportOptions& transport) {
  ListenerOptions options;
  options.connection = settings().connection;
  options.transport = transport;
  options.connections_max = peers_max_;
  // A pointer of no weight: the listener is this object's, and closed before it goes.
  if (has_own_loops()) options.deal = [this] { return next_executor(); };
  Listener listener{executor(), endpoint, std::move(options)};
  const Lock lock{mutex()};
  if (life() != Life::open) throw Error{error::closed, "the server was stopped, and does not listen any more"};
  Listener& added = listeners_.emplace_back(std::move(listener));
  if (is_started()) accept_locked(added);
  return added.local_endpoint();
}

void ServerState::start_on_executor() {
  {
    const Lock lock{mutex()};
    if (has_own_loops()) throw std::logic_error("a server with event loops of its own is started by run()");
    if (is_started()) throw std::logic_error("start() is for once, and this has been started");
  }
  begin();
}

void ServerState::begin() {
  const Lock lock{mutex()};
  build_table_locked();
  for (Listener& listener : listeners_) accept_locked(listener);
}

void ServerState::accept_locked(Listener& listener) {
  listener.accept([self = std::static_pointer_cast<ServerState>(shared_from_this()), &listener](
                      error_code ec, Connection connection) { self->on_accept(listener, ec, std::move(connection)); });
}

void ServerState::on_accept(Listener& listener, error_code ec, Connection connection) {
  if (ec == error::closed || ec == asio::error::operation_aborted) return;
  if (ec) {
    return log(LogLevel::warning, "accepting has ended: " + ec.message(), listener.local_endpoint().to_string());
  }
  std::optional<PeerFilters> filters = filters_for(connection);
  std::shared_ptr<PeerState> peer;
  {
    const Lock lock{mutex()};
    if (life() != Life::open) return;
    peer = take_locked(std::move(connection), std::move(filters));
    if (peer_count() < peers_max_) {
      accept_locked(listener);
    } else {
      paused_.push_back(&listener);
    }
  }
  if (peer) start(peer);
}

std::optional<PeerFilters> ServerState::filters_for(const Connection& connection) const {
  try {
    return make_peer_filters();
  } catch (const std::exception& e) {
    log(LogLevel::warning, std::string{"a peer was turned away, as making its filters threw: "} + e.what(),
        connection.remote_endpoint().to_string());
  } catch (...) {
    log(LogLevel::warning, "a peer was turned away, as making its filters threw something that is no std::exception",
        connection.remote_endpoint().to_string());
  }
  return std::nullopt;
}

std::shared_ptr<PeerState> ServerState::take_locked(Connection connection, std::optional<PeerFilters> filters) {
  if (!filters) {
    ++refused_count_;
    return nullptr;
  }
  if (peer_count() >= peers_max_) {
    ++refused_count_;
    log(LogLevel::warning, "a peer was turned away: there are " + std::to_string(peers_max_) + " already",
        connection.remote_endpoint().to_string());
    connection.abort();
    return nullptr;
  }
  return add_peer_locked(std::move(connection), std::move(*filters));
}

void ServerState::on_gone_locked(PeerState& /*peer*/) {
  if (life() != Life::open) return;
  for (Listener* const listener : std::exchange(paused_, {})) accept_locked(*listener);
}

void ServerState::stop_taking_peers_locked() {
  for (Listener& listener : listeners_) listener.close();
}

std::uint64_t ServerState::refused_count() {
  const Lock lock{mutex()};
  return refused_count_;
}

DatagramStats ServerState::datagram_stats() {
  DatagramStats all;
  const Lock lock{mutex()};
  for (const Listener& listener : listeners_) {
    const DatagramStats of_one = listener.stats().datagrams;
    for (const auto counter :
         {&DatagramStats::lost_in_system, &DatagramStats::lost_queue_full, &DatagramStats::lost_too_large,
          &DatagramStats::lost_no_place, &DatagramStats::lost_unwanted, &DatagramStats::send_failed,
          &DatagramStats::unreachable}) {
      all.*counter += of_one.*counter;
    }
  }
  return all;
}

}  // namespace parley::app::detail
