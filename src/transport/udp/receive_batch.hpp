// ReceiveBatch: as many datagrams as one system call brings.
//
// The memory is the thread's and not the socket's, since what has come is copied out at once: a message of a few bytes
// that referred to it would keep the room for the largest datagram alive. Of that room, only what has been written to
// takes memory.
#pragma once

#include "transport/udp/udp_address.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace parley::transport {

class ReceiveBatch {
 public:
  static constexpr std::size_t count_max = 32;

  /// Valid until the thread reads again.
  static ReceiveBatch& of_this_thread() noexcept;

  constexpr ReceiveBatch() noexcept = default;
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;

  /// How many have come, of which each may have up to `size_max` bytes; 0 with `ec` when there are none, or the socket
  /// has an error to tell. Never waits. Throws std::bad_alloc.
  std::size_t receive(int descriptor, std::size_t size_max, boost::system::error_code& ec);

  [[nodiscard]] std::span<const std::byte> bytes(std::size_t index) const noexcept;
  [[nodiscard]] const UdpAddress& from(std::size_t index) const noexcept;
  /// Of a socket that has been told to say it.
  [[nodiscard]] UdpSource to(std::size_t index) const noexcept;
  /// It was longer than `size_max`.
  [[nodiscard]] bool is_cut(std::size_t index) const noexcept;

  /// Lets go of the memory; for the thread's end.
  void end() noexcept;

 private:
  struct Memory;
  Memory* memory_ = nullptr;
};

}  // namespace parley::transport
