// WakePacing: has a TCP socket that bytes stream into wake its reader once for a good many of them (SO_RCVLOWAT).
//
// When is for policy/wake_pace to say. A stream that ends or fails wakes its reader at any time.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>

namespace parley::transport {

/// The socket's reading side calls it, in one thread at a time.
class WakePacing {
 public:
  WakePacing() = default;
  WakePacing(const WakePacing&) = delete;
  WakePacing& operator=(const WakePacing&) = delete;
  ~WakePacing() { end(); }

  void has_read(std::size_t size) noexcept;
  /// The reader is about to wait for more. `has_written`: something has been written since it last did.
  void before_waiting(const boost::asio::any_io_executor& executor, int descriptor, bool has_written);
  /// The socket is about to be closed.
  void end() noexcept;

 private:
  class Gathering;

  std::size_t read_size_ = 0;             // without anything having been written
  std::shared_ptr<Gathering> gathering_;  // from when a good deal has come
};

}  // namespace parley::transport
