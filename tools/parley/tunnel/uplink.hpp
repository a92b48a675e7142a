// The one session of a tunnel: dialled, watched, and dialled again when it is lost, or takes no more connections.
#pragma once

#include "command_loop.hpp"
#include "tunnel/console.hpp"
#include "tunnel/options.hpp"

#include <parley/mux/session.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace parley::tool {

class Uplink {
 public:
  /// A session, and how many connections have a channel of it.
  struct Lane {
    explicit Lane(mux::Session made) : session{std::move(made)} {}
    mux::Session session;
    std::size_t connection_count = 0;
  };
  using LanePtr = std::shared_ptr<Lane>;

  /// Throws parley::Error for certificates that cannot be used. What is referred to must outlive it.
  Uplink(CommandLoop& loop, CarrierConsole& console, const TunnelOptions& options);
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;
  ~Uplink() = default;

  /// Keeps it until the command leaves.
  [[nodiscard]] boost::asio::awaitable<void> run();

  /// The session, as soon as there is one; null when there is none in time.
  [[nodiscard]] boost::asio::awaitable<LanePtr> lane(Deadline deadline);
  [[nodiscard]] bool is_up() const noexcept { return lane_ != nullptr; }
  /// Why there is none; empty when nothing has failed yet.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

  /// Ends it in order.
  [[nodiscard]] boost::asio::awaitable<void> close();

 private:
  [[nodiscard]] boost::asio::awaitable<LanePtr> dial();
  [[nodiscard]] boost::asio::awaitable<bool> is_ready(Lane& lane);
  /// Until it takes no more channels.
  [[nodiscard]] boost::asio::awaitable<void> watch(LanePtr lane);
  /// Until what it carries has ended too.
  [[nodiscard]] boost::asio::awaitable<void> see_off(LanePtr lane);
  [[nodiscard]] boost::asio::awaitable<void> pause(Duration span);

  CommandLoop& loop_;
  CarrierConsole& console_;
  const TunnelOptions& options_;
  const Endpoint beneath_;
  const TransportOptions transport_;
  LanePtr lane_;                        // one that takes new channels
  std::set<LanePtr> leaving_{};         // those that do not, and still carry some
  std::optional<TimePoint> lost_at_{};  // the last that there has been
  std::string reason_;
  std::set<boost::asio::steady_timer*> waiting_{};  // of those who wait for one: cancelled when there is
};

}  // namespace parley::tool
