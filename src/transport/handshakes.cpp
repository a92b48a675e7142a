#include "transport/handshakes.hpp"

#include <string>
#include <utility>

namespace parley::transport::detail {

void Handshakes::remove(std::uint64_t id) {
  under_way_.erase(id);
  if (asked_ == id) asked_ = nobody;
}

void Handshakes::cancel_all() {
  timer_.cancel();
  for (const auto& [id, handshake] : under_way_) {
    if (const auto living = handshake.lock()) living->cancel();
  }
  under_way_.clear();
}

void Handshakes::make_room(std::function<void()> again) {
  if (asked_ != nobody) return;
  std::uint64_t first_id = nobody;
  std::shared_ptr<HandshakeOp> first;
  for (const auto& [id, handshake] : under_way_) {
    auto op = handshake.lock();
    if (!op || (first && first->patience_ends() <= op->patience_ends())) continue;
    first_id = id;
    first = std::move(op);
  }
  if (!first) return;  // the end of each is on its way
  const TimePoint patience_ends = first->patience_ends();
  if (patience_ends <= Clock::now()) {
    asked_ = first_id;
    return first->make_way(
        "the peer was silent while all " + std::to_string(places_) + " places for handshakes were taken",
        [this, again = std::move(again)] {
          asked_ = nobody;
          again();
        });
  }
  timer_.expires_at(patience_ends);
  timer_.async_wait([again = std::move(again)](boost::system::error_code ec) {
    if (!ec) again();
  });
}

}  // namespace parley::transport::detail
