// Peer: one other side, across its connections: what is going on with it, the connection it has now, and the handlers
// that run for it.
#pragma once

#include "policy/rpc_party.hpp"
#include "rpc/carrier.hpp"

#include <parley/rpc/caller.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace parley::rpc::detail {

class Peer {
 public:
  Peer(const policy::RpcParty::Settings& settings, PeerInfo info_)
      : party{settings}, info{std::make_shared<const PeerInfo>(std::move(info_))} {}

  /// A handler that takes time.
  struct Running {
    std::shared_ptr<boost::asio::cancellation_signal> stop;
    boost::asio::any_io_executor strand;
    std::unique_ptr<boost::asio::steady_timer> deadline{};  // where it has one
    bool has_begun = false;  // before that it cannot be cancelled: it could not tell anybody
  };

  policy::RpcParty party;
  std::shared_ptr<const PeerInfo> info;
  std::shared_ptr<Carrier> carrier;  // null: it is not connected
  std::unordered_map<policy::RpcParty::JobId, Running> running;
  TimePoint looked_at = TimePoint::max();     // when the node will look at its deadlines
  TimePoint absent_until = TimePoint::max();  // of a client: then it is forgotten
  bool is_forgotten = false;
};

}  // namespace parley::rpc::detail
