// Caller: who asks, as a handler sees it.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/rpc/requester.hpp>
#include <parley/time.hpp>

#include <memory>
#include <optional>
#include <string>

namespace parley::rpc {

/// The other side, as it is known.
struct PeerInfo {
  std::string client_id{};             ///< of a client; of a server seen from its client, empty. Nothing proves it
  std::optional<Endpoint> endpoint{};  ///< where it is, or was last
  std::string tls_subject{};           ///< of its certificate, if it has shown one that was verified
};

/// Who asks, and how. What it refers to lives as long as it does; it can be copied.
struct Caller {
  std::shared_ptr<const PeerInfo> peer{};  ///< who; never null in a handler
  std::string route{};                     ///< by which it asks; empty without one
  std::string metadata{};                  ///< all that came before the payload, as JSON
  bool wants_answer = true;                ///< false: whatever is returned goes nowhere
  /// When it stops waiting, if it has said so: a coroutine that has not answered by then is cancelled.
  Deadline deadline{};
  Requester back{};  ///< asks it in turn
};

}  // namespace parley::rpc
