// What servers and clients share of their operations.
#pragma once

#include "app/hub.hpp"

#include <parley/app/peer.hpp>
#include <parley/app/stats.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace parley::app::detail {

[[nodiscard]] std::vector<Peer> handles(std::vector<std::shared_ptr<PeerState>> peers);

boost::asio::awaitable<StopReport> stop(std::shared_ptr<Hub> hub, Deadline deadline);
boost::asio::awaitable<void> send_to(std::shared_ptr<Hub> hub, PeerId id, Message message, Deadline deadline);
/// `where_none`: the error where `peer` is null.
void start_send_to(Hub& hub, const std::shared_ptr<PeerState>& peer, error where_none, Message message,
                   Deadline deadline, Handler<> handler);

}  // namespace parley::app::detail
