// Carrier: one connection to one peer, as the node sees it. It brings (metadata, payload) pairs and takes them.
#pragma once

#include "detail/waiting_object.hpp"
#include "policy/rpc_party.hpp"

#include <parley/rpc/caller.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace parley::rpc::detail {

class Peer;

class Carrier : public policy::RpcCarrier {
 public:
  using Lock = parley::detail::WaitingObject::Lock;

  virtual ~Carrier() = default;

  // All of these with the node's mutex held.

  /// What send() has queued is to go. May come back with the lock released.
  virtual void flush(Lock& lock) = 0;
  /// This side will have the client that has greeted, and may now send; or will not, and says why.
  virtual void accept() = 0;
  virtual void reject(std::string_view reason) = 0;
  /// Ends behind what is queued, and tells the node when it has; or at once, and tells nothing more.
  virtual void finish() = 0;
  virtual void close() = 0;
  /// As close(), for a context that is going.
  virtual void forget() noexcept = 0;
  /// Messages that have not wholly left.
  [[nodiscard]] virtual std::size_t unwritten_count() const = 0;
  /// For sentences: why nothing moves, where it knows.
  [[nodiscard]] virtual std::string hindrance() const { return {}; }
  /// Whom it leads to, without a name as long as the other side has not said it.
  [[nodiscard]] virtual PeerInfo info() const = 0;

  /// Null until the other side has greeted. Kept until this goes: a handler that outlives the connection answers by it.
  [[nodiscard]] const std::shared_ptr<Peer>& peer() const noexcept { return peer_; }
  void belongs_to(std::shared_ptr<Peer> peer) noexcept { peer_ = std::move(peer); }

  /// Of the request that is being answered; filled anew for each, so that few of them take memory.
  Caller caller;

 private:
  std::shared_ptr<Peer> peer_;
};

}  // namespace parley::rpc::detail
