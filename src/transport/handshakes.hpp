// Handshakes: those that an endpoint has under way, and who of them makes way when all places are taken.
//
// Who has something to say says it at once. So strangers who connect and are silent keep nobody out: for who has no
// place, the first whose patience with its peer has ended (HandshakeOp::patience_ends) is asked to make way.
//
// The owner's mutex guards it, and is held for every call.
#pragma once

#include "transport/handshake_op.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace parley::transport::detail {

class Handshakes {
 public:
  Handshakes(const boost::asio::any_io_executor& executor, std::size_t places) : places_{places}, timer_{executor} {}

  [[nodiscard]] std::size_t size() const noexcept { return under_way_.size(); }
  [[nodiscard]] std::size_t places() const noexcept { return places_; }

  /// What each waits for keeps it alive.
  void add(std::uint64_t id, const std::shared_ptr<HandshakeOp>& handshake) { under_way_.emplace(id, handshake); }
  /// It is over.
  void remove(std::uint64_t id);
  void cancel_all();

  /// For somebody who waits for a place. When there is none to be had now, `again` is called, without the mutex and as
  /// by `post`, when this is to be asked again; it keeps the owner alive.
  void make_room(std::function<void()> again);
  /// Nobody waits for a place any more.
  void stop_making_room() { timer_.cancel(); }

 private:
  static constexpr std::uint64_t nobody = UINT64_MAX;

  const std::size_t places_;
  std::map<std::uint64_t, std::weak_ptr<HandshakeOp>> under_way_;
  boost::asio::steady_timer timer_;
  std::atomic<std::uint64_t> asked_ = nobody;  // to make way, and has not answered
};

}  // namespace parley::transport::detail
