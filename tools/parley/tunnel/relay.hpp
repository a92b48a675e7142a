// The bytes of one connection, both ways between two streams.
//
// Each direction has a buffer only while something is in it, and reads on when that has been written: so who does not
// read is not read from for long, and holds up nobody else. The end of one direction is passed on and leaves the other
// going. An error in either ends both, and is passed on as a reset.
#pragma once

#include <parley/transport/stream.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>

namespace parley::tool {

/// Bytes from who has connected to the destination, and back.
struct Traffic {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
};

/// Why an operation of this stream failed, for people.
[[nodiscard]] std::string describe(const transport::Stream& stream, const boost::system::error_code& code);

class Relay {
 public:
  /// `near` has connected, or leads to who has; `total` is counted up as well. What is referred to must outlive it.
  Relay(transport::Stream& near, transport::Stream& far, Traffic& total);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() = default;

  /// One direction, to its end; each is to be called once, on one thread. Neither completes before its stream has let
  /// go of it.
  [[nodiscard]] boost::asio::awaitable<void> go_up();
  [[nodiscard]] boost::asio::awaitable<void> go_down();
  /// Until those that were called are over.
  [[nodiscard]] boost::asio::awaitable<void> over();

  /// Ends both at once; both sides are reset. What comes later is no news: the first reason is kept.
  void cut(std::string why);

  [[nodiscard]] const Traffic& traffic() const noexcept { return traffic_; }
  /// Why it did not end in order; empty if it did.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  struct Count {
    std::uint64_t& own;
    std::uint64_t& total;
  };
  [[nodiscard]] boost::asio::awaitable<void> copy_to_end(transport::Stream& from, transport::Stream& to, Count count);
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> copy(transport::Stream& from, transport::Stream& to,
                                                                       Count count, transport::Stream*& failed);

  transport::Stream& near_;
  transport::Stream& far_;
  Traffic& total_;
  Traffic traffic_;
  std::string failure_;
  int directions_under_way_ = 0;
  bool is_cut_ = false;
  boost::asio::steady_timer changed_;  // never expires: cancelled when a direction is over
};

}  // namespace parley::tool
