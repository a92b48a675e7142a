// WriteBatch: datagrams in the form in which one system call takes them.
//
// Datagrams of one size that go to one address one behind the other are handed over as one of many segments
// (UDP_SEGMENT, Linux 4.18): the system does once for all of them most of what it otherwise does for each, and cuts
// them apart as late as it can. On the wire, and for who receives them, there is no difference.
#pragma once

#include "transport/udp/udp_address.hpp"

#include <boost/system/error_code.hpp>

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::transport {

/// Whether the system can cut what is sent on this socket.
[[nodiscard]] bool can_cut_segments(int descriptor) noexcept;
/// Whether a refusal may be about the segments: the way there takes none of that size, or its device cannot do it.
[[nodiscard]] bool may_be_about_segments(boost::system::error_code ec) noexcept;

class WriteBatch {
 public:
  static constexpr std::size_t count_max = 64;

  explicit WriteBatch(bool joins) noexcept : joins_{joins} {}

  /// What is added next goes there. Both have to stay until all is sent.
  void begin_peer(const UdpAddress& to, const UdpSource& source) noexcept;
  /// A datagram, whose bytes have to stay too. Not more than `count_max`.
  void add(std::span<const std::byte> bytes) noexcept;

  /// How many of them are sent; 0, with `ec`, when the first of those that are left is not taken. Never waits.
  std::size_t send(int descriptor, boost::system::error_code& ec) noexcept;
  /// How many are the first of those that are left: they are taken together or not at all.
  [[nodiscard]] std::size_t first_count() const noexcept { return calls_[done_].count; }
  /// Leaves these out.
  void skip_first() noexcept { ++done_; }

 private:
  /// What is sent together.
  struct Call {
    std::size_t count;
    std::size_t segment_size;
    std::size_t size;
    bool is_complete;  ///< a segment that is shorter can only be the last
    static constexpr std::size_t segment_control_size = CMSG_SPACE(sizeof(std::uint16_t));
    alignas(cmsghdr) unsigned char control[UdpSource::control_size + segment_control_size];
  };

  [[nodiscard]] bool fits(const Call& call, std::size_t size) const noexcept;
  void open(iovec& vector) noexcept;
  void join(Call& call, msghdr& header) noexcept;

  const bool joins_;
  const UdpAddress* to_ = nullptr;
  const UdpSource* source_ = nullptr;
  bool is_open_ = false;  // the last call is to the same peer
  std::size_t count_ = 0;
  std::size_t call_count_ = 0;
  std::size_t done_ = 0;  // of the calls
  // Not initialised, but for what is added: most batches have one datagram.
  std::array<iovec, count_max> vectors_;
  std::array<Call, count_max> calls_;
  std::array<mmsghdr, count_max> headers_;
};

}  // namespace parley::transport
