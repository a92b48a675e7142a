#include "rpc/server_state.hpp"

#include "detail/log.hpp"
#include "detail/slot.hpp"
#include "rpc/amqp/amqp_door.hpp"
#include "rpc/stream_door.hpp"

#include <parley/detail/post_completion.hpp>
#include <parley/error.hpp>
#include <parley/limits.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace parley::rpc::detail {

namespace asio = boost::asio;

namespace {

/// A name, and not a place to keep things: each of so many clients has one, in several places.
constexpr std::size_t client_id_size_max = 1024;

/// While somebody waits for a client that is away, it is looked for its end at most so often.
constexpr std::chrono::seconds look_again_after{1};

/// What is too long for the clock is for ever.
Duration absence_max_of(const ServerOptions& options) {
  if (options.absence_max.count() < 0) throw std::invalid_argument{"a time that is allowed is less than none"};
  constexpr auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(Duration::max());
  return options.absence_max >= longest ? Duration::max() : Duration{options.absence_max};
}

}  // namespace

std::shared_ptr<ServerState> ServerState::make(asio::any_io_executor executor, Routes routes, ServerOptions options) {
  return std::make_shared<ServerState>(std::move(executor), parley::detail::Slot::take(), std::move(routes),
                                       std::move(options));
}

ServerState::ServerState(asio::any_io_executor executor, parley::detail::Slot& slot, Routes routes,
                         ServerOptions options)
    : Node{std::move(executor), slot, std::move(routes), options},
      accept_client_{std::move(options.accept_client)},
      clients_max_{options.clients_max},
      absence_max_{absence_max_of(options)} {}

// --- endpoints -------------------------------------------------------------------------------------------------------

void ServerState::bind(const Endpoint& endpoint, const EndpointOptions& options, Handler<Endpoint> handler) {
  if (is_broker(endpoint)) {
    return bind_queues(endpoint, options, std::move(handler));
  }
  error_code ec;
  Endpoint bound = endpoint;
  try {
    bound = bind_streams(endpoint, options);
  } catch (const Error& failed) {
    ec = failed.code();
  }
  parley::detail::post_completion(std::move(handler), executor(), ec, std::move(bound));
}

Endpoint ServerState::bind_streams(const Endpoint& endpoint, const EndpointOptions& options) {
  try {
    const auto door =
        std::make_shared<StreamDoor>(std::static_pointer_cast<ServerState>(shared_from_this()), endpoint, options);
    const Lock lock{mutex()};
    if (life() != Life::open) throw Error{error::closed, "the server was stopped"};
    add_door_locked(door);
    return door->local_endpoint();
  } catch (const boost::system::system_error& failed) {
    note_error(failed.code(), failed.what());
    throw Error{failed.code(), failed.what()};
  }
}

void ServerState::require_bindable(const Endpoint& endpoint) {
  (void)AmqpNames::of(endpoint, false);
  Broker::require(endpoint);
}

void ServerState::bind_queues(const Endpoint& endpoint, const EndpointOptions& options, Handler<Endpoint> handler) {
  require_bindable(endpoint);
  const Lock lock{mutex()};
  if (life() != Life::open) {
    note_locked(error::closed, "the server was stopped");
    return parley::detail::post_completion(std::move(handler), executor(), error_code{error::closed}, endpoint);
  }
  add_door_locked(std::make_shared<AmqpDoor>(std::static_pointer_cast<ServerState>(shared_from_this()), endpoint,
                                             options, std::move(handler)));
}

void ServerState::door_failed_locked(const Door& door, error_code ec, std::string sentence) {
  note_locked(ec, std::move(sentence));
  std::erase_if(doors_, [&](const auto& each) { return each.get() == &door; });
}

void ServerState::add_door_locked(std::shared_ptr<Door> door) {
  doors_.push_back(door);
  door->start();
}

bool ServerState::unbind(const Endpoint& endpoint) {
  const Lock lock{mutex()};
  const auto found =
      std::find_if(doors_.begin(), doors_.end(), [&](const auto& door) { return door->local_endpoint() == endpoint; });
  if (found == doors_.end()) return false;
  (*found)->close();
  doors_.erase(found);
  return true;
}

void ServerState::stop_listening_locked() {
  for (const auto& door : doors_) door->close();
  doors_.clear();
}

void ServerState::stop_connecting_locked() {
  for (const auto& stranger : strangers_) stranger->close();
  strangers_.clear();
}

// --- who comes and goes ----------------------------------------------------------------------------------------------

void ServerState::add_stranger_locked(Lock& lock, transport::Stream stream) {
  if (life() != Life::open || context() == nullptr) return;
  make_room_for_strangers_locked();
  const auto stranger = std::make_shared<StreamCarrier>(std::static_pointer_cast<Node>(shared_from_this()),
                                                        std::move(stream), wire::CommunicaRole::server, std::string{});
  strangers_.push_back(stranger);
  stranger->start(lock);
}

void ServerState::add_stranger_locked(std::shared_ptr<AmqpCarrier> stranger) {
  if (life() != Life::open || context() == nullptr) return;
  make_room_for_strangers_locked();
  strangers_.push_back(stranger);
  stranger->start();
}

/// Who has something to say says it at once: the one that has been silent longest has to go.
void ServerState::make_room_for_strangers_locked() {
  if (strangers_.size() < limits::strangers_max) return;
  const auto oldest = strangers_.front();
  strangers_.pop_front();
  turn_away_locked(*oldest, {}, "said nothing while others came");
  oldest->close();
}

std::shared_ptr<Carrier> ServerState::take_stranger_locked(const Carrier& carrier) {
  const auto found =
      std::find_if(strangers_.begin(), strangers_.end(), [&](const auto& each) { return each.get() == &carrier; });
  if (found == strangers_.end()) return nullptr;
  std::shared_ptr<Carrier> stranger = std::move(*found);
  strangers_.erase(found);
  return stranger;
}

void ServerState::on_greeted_locked(Lock& lock, Carrier& carrier, const std::string& client_id) {
  PeerInfo info = carrier.info();
  info.client_id = client_id;
  const std::string reason = why_not(lock, info);
  const std::shared_ptr<Carrier> stranger = take_stranger_locked(carrier);
  if (!stranger) return;  // it has ended while that was asked
  if (context() == nullptr || life() == Life::closed) return carrier.close();
  if (!reason.empty()) {
    turn_away_locked(carrier, client_id, reason);
    carrier.reject(reason);
    return;
  }
  PeerPtr& peer = peers_[client_id];
  if (!peer) peer = make_peer_locked(client_id);
  peer->info = std::make_shared<const PeerInfo>(std::move(info));
  stranger->belongs_to(peer);  // what it has to send again is the peer's
  carrier.accept();
  connected_locked(lock, PeerPtr{peer}, stranger);
}

std::string ServerState::why_full_locked(const PeerInfo& info) {
  if (life() != Life::open) return "the server is stopping";
  if (info.client_id.size() > client_id_size_max) {
    return "a client's id has " + std::to_string(client_id_size_max) + " bytes at most, and this one " +
           std::to_string(info.client_id.size());
  }
  if (peers_.contains(info.client_id) || peers_.size() < clients_max_ || forget_an_idle_client_locked()) return {};
  return "there are " + std::to_string(clients_max_) + " clients already";
}

std::string ServerState::why_not(Lock& lock, const PeerInfo& info) {
  if (std::string reason = why_full_locked(info); !reason.empty() || !accept_client_) return reason;
  const auto failed = [&info](const std::string& what) {
    parley::detail::log(LogLevel::warning, "accept_client has thrown" + what,
                        info.endpoint ? info.endpoint->to_string() : "");
    return "an error of the server";
  };
  lock.unlock();
  std::string reason;
  try {
    reason = accept_client_(info);
  } catch (const std::exception& thrown) {
    reason = failed(std::string{": "} + thrown.what());
  } catch (...) {
    reason = failed({});
  }
  lock.lock();
  return reason.empty() ? why_full_locked(info) : reason;  // others may have come meanwhile
}

/// One that is away and for which nothing is under way: it loses nothing. False: there is none.
bool ServerState::forget_an_idle_client_locked() {
  const auto idle = std::find_if(peers_.begin(), peers_.end(), [](const auto& each) {
    const policy::RpcParty& party = each.second->party;
    return !each.second->carrier && party.call_count() == 0 && party.job_count() == 0 && party.kept_count() == 0;
  });
  if (idle == peers_.end()) return false;
  idle->second->is_forgotten = true;
  peers_.erase(idle);
  return true;
}

void ServerState::turn_away_locked(Carrier& carrier, const std::string& client_id, const std::string& reason) {
  const PeerInfo info = carrier.info();
  Event event;
  event.kind = Event::Kind::refused;
  event.client_id = client_id;
  event.endpoint = info.endpoint;
  event.cause = error::peer_refused;
  event.sentence = reason + (info.endpoint ? " (" + info.endpoint->to_string() + ")" : "");
  tell_locked(std::move(event));
}

Node::PeerPtr ServerState::make_peer_locked(const std::string& client_id) {
  PeerInfo info;
  info.client_id = client_id;
  return std::make_shared<Peer>(party_settings(), std::move(info));
}

void ServerState::on_end_locked(Carrier& carrier, error_code ec, const std::string& sentence) {
  if (const auto stranger = take_stranger_locked(carrier)) {
    turn_away_locked(carrier, {}, sentence);
    return;
  }
  const PeerPtr peer = carrier.peer();
  if (!peer || peer->carrier.get() != &carrier) return;
  const std::shared_ptr<Carrier> held = peer->carrier;
  disconnected_locked(peer, ec, sentence + where(*peer));
  begin_absence_locked(peer);
  check_closing_locked();
}

void ServerState::on_rejected_locked(Carrier& carrier, const std::string& reason) {
  on_end_locked(carrier, error::refused_by_peer, "refused: " + reason);
}

void ServerState::begin_absence_locked(const PeerPtr& peer, Duration least) {
  const Duration absence = std::max(absence_max_, least);
  peer->absent_until = absence >= TimePoint::max() - Clock::now() ? TimePoint::max() : Clock::now() + absence;
  watch_locked(peer);
}

void ServerState::on_absent_locked(const PeerPtr& peer) {
  // Somebody waits for it; not for ever.
  if (peer->party.call_count() > 0) return begin_absence_locked(peer, look_again_after);
  const std::string id = peer->info->client_id;
  Event event;
  event.kind = Event::Kind::forgotten;
  event.client_id = id;
  event.endpoint = peer->info->endpoint;
  event.count = peer->party.kept_answer_count() + peer->party.answers_dropped();
  event.sentence = "client " + id + " has been away for " +
                   std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(absence_max_).count()) + " ms";
  forget_locked(peer, error::unknown_peer, event.sentence);
  tell_locked(std::move(event));
  peers_.erase(id);
}

bool ServerState::cut_off(const std::string& client_id) {
  const Lock lock{mutex()};
  const auto found = peers_.find(client_id);
  if (found == peers_.end() || !found->second->carrier) return false;
  const PeerPtr peer = found->second;
  const std::shared_ptr<Carrier> carrier = peer->carrier;
  disconnected_locked(peer, error::closed, "cut off by this side");
  begin_absence_locked(peer);
  carrier->close();
  check_closing_locked();
  return true;
}

std::vector<ClientInfo> ServerState::clients() {
  const Lock lock{mutex()};
  std::vector<ClientInfo> clients;
  clients.reserve(peers_.size());
  for (const auto& [id, peer] : peers_) {
    clients.push_back({*peer->info, peer->carrier != nullptr, peer->party.call_count(), peer->party.job_count()});
  }
  return clients;
}

// --- what the node asks ----------------------------------------------------------------------------------------------

Node::PeerPtr ServerState::find_locked(const Target& target, const RequestOptions& options, error_code& ec,
                                       std::string& sentence) {
  if (target.of != Target::Of::peer) {
    PeerPtr next = next_locked();
    if (!next && !options.waits_for_client()) {
      ec = error::unknown_peer;
      sentence = "no client is connected";
    }
    return next;
  }
  const auto found = peers_.find(target.client_id);
  if (found != peers_.end() && (found->second->carrier || options.waits_for_client())) return found->second;
  if (!options.waits_for_client()) {
    ec = error::unknown_peer;
    sentence = "client \"" + target.client_id + "\" is not connected";
    return nullptr;
  }
  if (peers_.size() >= clients_max_ && !forget_an_idle_client_locked()) {
    ec = error::overloaded;
    sentence = "there are " + std::to_string(clients_max_) + " clients already, and \"" + target.client_id +
               "\" is none of them";
    return nullptr;
  }
  const PeerPtr peer = make_peer_locked(target.client_id);
  peers_.emplace(target.client_id, peer);
  begin_absence_locked(peer);
  return peer;
}

/// Those that are connected, each in its turn.
Node::PeerPtr ServerState::next_locked() {
  auto at = peers_.upper_bound(asked_last_);
  for (std::size_t i = 0; i < peers_.size(); ++i, ++at) {
    if (at == peers_.end()) at = peers_.begin();
    if (!at->second->carrier) continue;
    asked_last_ = at->first;
    return at->second;
  }
  return nullptr;
}

void ServerState::for_each_peer_locked(const std::function<void(const PeerPtr&)>& visit) {
  for (const auto& [id, peer] : peers_) visit(peer);
}

void ServerState::forget_all_locked(std::vector<std::shared_ptr<void>>& later) noexcept {
  for (const auto& door : doors_) {
    door->close();  // its accept holds it
    later.push_back(door);
  }
  for (const auto& stranger : strangers_) {
    stranger->forget();
    later.push_back(stranger);
  }
  strangers_.clear();
  peers_.clear();
  doors_.clear();
}

}  // namespace parley::rpc::detail
