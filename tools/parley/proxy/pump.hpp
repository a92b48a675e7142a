// One way through the proxy: what comes in at one socket goes out at the other.
//
// Back-pressure: a message is taken only when those before it have gone, but for a bounded number that is held
// (delayed, or not acknowledged yet). So the queues of both sockets fill, and whoever sends has to wait.
#pragma once

#include "command_loop.hpp"
#include "proxy/faults.hpp"
#include "proxy/options.hpp"
#include "socket/party.hpp"

#include <parley/socket/received.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace parley::tool {

class Pump {
 public:
  /// `way`: see Faults. What is referred to must outlive it.
  Pump(CommandLoop& loop, Party& from, Party& to, const ProxyOptions& options, std::uint64_t way);
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;
  ~Pump() = default;

  /// Until the sockets are closed.
  [[nodiscard]] boost::asio::awaitable<void> run();

  /// From now on nothing is delayed.
  void hurry();
  /// Nothing is on its way, and nothing has come for so long.
  [[nodiscard]] bool is_quiet(Duration span) const;
  /// Takes no more, and counts what it leaves.
  void stop();

  [[nodiscard]] std::uint64_t forwarded_count() const noexcept { return forwarded_count_; }
  [[nodiscard]] std::uint64_t forwarded_size() const noexcept { return forwarded_size_; }
  /// On purpose.
  [[nodiscard]] std::uint64_t dropped_count() const noexcept { return dropped_count_; }
  /// Taken, and neither forwarded nor dropped.
  [[nodiscard]] std::uint64_t left_count() const noexcept { return left_count_; }

 private:
  [[nodiscard]] boost::asio::awaitable<void> take_all();
  [[nodiscard]] boost::asio::awaitable<void> release_all();
  [[nodiscard]] boost::asio::awaitable<void> forward(Received received);
  [[nodiscard]] boost::asio::awaitable<void> wait_for_the_line(std::size_t size);
  void send_confirmed(Received received);
  void conclude(const Received& received, boost::system::error_code ec, const std::string& why);
  void note_gone(const Received& received);
  void delay(Received received);
  [[nodiscard]] bool has_room() const noexcept;

  CommandLoop& loop_;
  Party& from_;
  Party& to_;
  const ProxyOptions& options_;
  Faults faults_;

  std::map<std::pair<TimePoint, std::uint64_t>, Received> delayed_;  // by when they are due, and as they came
  std::uint64_t last_number_ = 0;
  std::size_t held_count_ = 0;  // delayed, on their way, or not confirmed
  std::size_t held_size_ = 0;
  boost::asio::steady_timer something_went_;  // never expires: cancelled when something has
  boost::asio::steady_timer next_due_;        // cancelled when that changes
  boost::asio::steady_timer next_free_;       // of the line, when it is throttled
  TimePoint last_came_;
  bool in_a_hurry_ = false;
  bool is_stopped_ = false;

  std::uint64_t forwarded_count_ = 0;
  std::uint64_t forwarded_size_ = 0;
  std::uint64_t dropped_count_ = 0;
  std::uint64_t left_count_ = 0;
};

}  // namespace parley::tool
