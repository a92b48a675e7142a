#include "transport/udp/receive_batch.hpp"

#include "detail/thread_kept.hpp"
#include "transport/sentence.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace parley::transport {
namespace {

/// No datagram has more.
constexpr std::size_t datagram_size_max = 65'535;
/// Not a power of two: the beginnings of all datagrams would share a few lines of the cache.
constexpr std::size_t stride = datagram_size_max + 1 + 192;

}  // namespace

struct ReceiveBatch::Memory {
  std::array<mmsghdr, count_max> headers;
  std::array<iovec, count_max> vectors;
  std::array<UdpAddress, count_max> addresses;
  // Two kinds of what a socket may say beside each.
  struct Control {
    alignas(cmsghdr) unsigned char bytes[2 * UdpSource::control_size];
  };
  std::array<Control, count_max> controls;
  std::unique_ptr<std::byte[]> bytes = std::make_unique_for_overwrite<std::byte[]>(count_max * stride);

  void prepare(std::size_t size_max) noexcept {
    for (std::size_t i = 0; i < count_max; ++i) {
      vectors[i] = {bytes.get() + i * stride, size_max};
      msghdr& header = headers[i].msg_hdr;
      header = {};
      header.msg_name = &addresses[i].v6;
      header.msg_namelen = sizeof addresses[i].v6;
      header.msg_iov = &vectors[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].bytes;
      header.msg_controllen = sizeof controls[i].bytes;
    }
  }
};

ReceiveBatch& ReceiveBatch::of_this_thread() noexcept {
  return parley::detail::ThreadKept<ReceiveBatch>::of_this_thread();
}

std::size_t ReceiveBatch::receive(int descriptor, std::size_t size_max, boost::system::error_code& ec) {
  if (memory_ == nullptr) memory_ = new Memory;
  memory_->prepare(std::min(size_max, datagram_size_max));
  for (;;) {
    const int count = ::recvmmsg(descriptor, memory_->headers.data(), count_max, MSG_DONTWAIT, nullptr);
    if (count < 0 && errno == EINTR) continue;
    ec = count < 0 ? last_errno() : boost::system::error_code{};
    const std::size_t received = count < 0 ? 0 : static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < received; ++i) memory_->addresses[i].size = memory_->headers[i].msg_hdr.msg_namelen;
    return received;
  }
}

std::span<const std::byte> ReceiveBatch::bytes(std::size_t index) const noexcept {
  return {static_cast<const std::byte*>(memory_->vectors[index].iov_base), memory_->headers[index].msg_len};
}

const UdpAddress& ReceiveBatch::from(std::size_t index) const noexcept { return memory_->addresses[index]; }

UdpSource ReceiveBatch::to(std::size_t index) const noexcept { return UdpSource::of(memory_->headers[index].msg_hdr); }

bool ReceiveBatch::is_cut(std::size_t index) const noexcept {
  return (memory_->headers[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

void ReceiveBatch::end() noexcept { delete std::exchange(memory_, nullptr); }

}  // namespace parley::transport
