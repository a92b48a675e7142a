#include "app/operations.hpp"

#include "detail/as_result.hpp"

#include <parley/app/server.hpp>
#include <parley/detail/post_completion.hpp>

#include <utility>

namespace parley::app::detail {

namespace asio = boost::asio;

std::vector<Peer> handles(std::vector<std::shared_ptr<PeerState>> peers) {
  std::vector<Peer> result;
  result.reserve(peers.size());
  for (auto& peer : peers) result.emplace_back(std::move(peer));
  return result;
}

void start_stop(std::shared_ptr<Hub> hub, Deadline deadline, Handler<StopReport> handler) {
  hub->stop(deadline, std::move(handler));
}

asio::awaitable<StopReport> stop(std::shared_ptr<Hub> hub, Deadline deadline) {
  auto [ec, report] = co_await parley::detail::await_result<void(error_code, StopReport)>(
      [&](auto handler) { hub->stop(deadline, Handler<StopReport>{std::move(handler)}); });
  if (ec) throw Error{ec, "the wait for the end of stop() was cancelled, or what was stopped has been destroyed"};
  co_return report;
}

asio::awaitable<void> send_to(std::shared_ptr<Hub> hub, PeerId id, Message message, Deadline deadline) {
  auto peer = hub->find(id);
  if (!peer) throw Error{error::unknown_peer, "peer " + std::to_string(id) + " is not connected"};
  co_await PeerState::send(std::move(peer), std::move(message), deadline);
}

void start_send_to(Hub& hub, const std::shared_ptr<PeerState>& peer, error where_none, Message message,
                   Deadline deadline, Handler<> handler) {
  if (peer) return peer->start_send(std::move(message), deadline, std::move(handler));
  parley::detail::post_completion(std::move(handler), hub.executor(), error_code{where_none});
}

}  // namespace parley::app::detail
