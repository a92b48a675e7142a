#include "transport/udp/write_batch.hpp"

#include "transport/sentence.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

namespace parley::transport {
namespace {

using boost::system::error_code;

/// What every path of IPv6 takes (RFC 8200, section 5), without the headers of IP and UDP. IPv4 is seldom narrower.
constexpr std::size_t segment_size_max = 1280 - 40 - 8;
/// Together they have to be one packet until they are cut, and older systems cut no more than 64.
constexpr std::size_t joined_size_max = 65'000;
constexpr std::size_t segment_count_max = 64;

}  // namespace

bool can_cut_segments(int descriptor) noexcept {
  int segment_size = 0;
  socklen_t size = sizeof segment_size;
  return ::getsockopt(descriptor, IPPROTO_UDP, UDP_SEGMENT, &segment_size, &size) == 0;
}

bool may_be_about_segments(error_code ec) noexcept {
  return ec.value() == EINVAL || ec.value() == EMSGSIZE || ec.value() == EIO;
}

void WriteBatch::begin_peer(const UdpAddress& to, const UdpSource& source) noexcept {
  to_ = &to;
  source_ = &source;
  is_open_ = false;
}

void WriteBatch::add(std::span<const std::byte> bytes) noexcept {
  iovec& vector = vectors_[count_++];
  vector = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  if (!is_open_ || !fits(calls_[call_count_ - 1], bytes.size())) open(vector);
  Call& call = calls_[call_count_ - 1];
  msghdr& header = headers_[call_count_ - 1].msg_hdr;
  call.is_complete = bytes.size() < call.segment_size;
  call.size += bytes.size();
  header.msg_iovlen = ++call.count;
  if (call.count == 2) join(call, header);
}

bool WriteBatch::fits(const Call& call, std::size_t size) const noexcept {
  return joins_ && !call.is_complete && call.count < segment_count_max && call.segment_size <= segment_size_max &&
         size > 0 && size <= call.segment_size && call.size + size <= joined_size_max;
}

void WriteBatch::open(iovec& vector) noexcept {
  Call& call = calls_[call_count_];
  call.count = 0;
  call.segment_size = vector.iov_len;
  call.size = 0;
  msghdr& header = headers_[call_count_++].msg_hdr;
  header = {};
  header.msg_name = to_->size == 0 ? nullptr : const_cast<sockaddr_in6*>(&to_->v6);
  header.msg_namelen = to_->size;
  header.msg_iov = &vector;
  source_->put(header, call.control);
  is_open_ = true;
}

/// Says how to cut it, behind what is said of the source.
void WriteBatch::join(Call& call, msghdr& header) noexcept {
  auto* const message = reinterpret_cast<cmsghdr*>(call.control + header.msg_controllen);
  const auto segment_size = static_cast<std::uint16_t>(call.segment_size);
  message->cmsg_level = IPPROTO_UDP;
  message->cmsg_type = UDP_SEGMENT;
  message->cmsg_len = CMSG_LEN(sizeof segment_size);
  std::memcpy(CMSG_DATA(message), &segment_size, sizeof segment_size);
  header.msg_control = call.control;
  header.msg_controllen += Call::segment_control_size;
}

std::size_t WriteBatch::send(int descriptor, error_code& ec) noexcept {
  for (;;) {
    const int taken = ::sendmmsg(descriptor, headers_.data() + done_, static_cast<unsigned>(call_count_ - done_),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0 && errno == EINTR) continue;
    ec = taken < 0 ? last_errno() : error_code{};
    std::size_t count = 0;
    for (int i = 0; i < taken; ++i) count += calls_[done_++].count;
    return count;
  }
}

}  // namespace parley::transport
