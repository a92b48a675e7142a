#include "connection/udp/udp_connection.hpp"

#include "detail/log.hpp"
#include "transport/sentence.hpp"
#include "transport/udp/udp_socket.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// What an IP packet of 65535 bytes leaves; IPv6 does not count its own header.
constexpr std::uint32_t size_max_v4 = 65'535 - 20 - 8;
constexpr std::uint32_t size_max_v6 = 65'535 - 8;

/// So many messages in the queue are written on the spot.
constexpr std::size_t written_at_once_count = SendBatch::count_max;

/// An IPv4 address inside of an IPv6 socket is one of IPv4.
bool is_v4(const transport::UdpAddress& peer) noexcept {
  return peer.v4.sin_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&peer.v6.sin6_addr);
}

/// A socket that is connected needs none.
transport::UdpAddress without_size(transport::UdpAddress peer) noexcept {
  peer.size = 0;
  return peer;
}

std::string in_words(Duration time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  const bool is_whole = milliseconds % 1000 == 0;
  return is_whole ? std::to_string(milliseconds / 1000) + " s" : std::to_string(milliseconds) + " ms";
}

}  // namespace

void check_datagram_framing(const Endpoint& endpoint, const Framing& framing) {
  if (framing == Framing{}) return;
  throw std::invalid_argument("a datagram is a message of its own: the framing has to be the default one, not " +
                              framing.name() + " (" + endpoint.to_string() + ")");
}

UdpConnection::UdpConnection(const asio::any_io_executor& executor, ConnectionOptions options,
                             std::shared_ptr<DatagramLink> link, const transport::SocketAddress& peer)
    : UdpConnection{executor, std::move(options), std::move(link), without_size(transport::UdpAddress{peer}), {}} {}

UdpConnection::UdpConnection(const asio::any_io_executor& executor, ConnectionOptions options,
                             std::shared_ptr<DatagramLink> link, const transport::UdpAddress& peer,
                             const transport::UdpSource& source)
    : ConnectionState{executor, std::move(options), Slot::take()},
      link_{std::move(link)},
      address_{peer},
      source_{source},
      is_v4_{is_v4(peer)},
      path_size_max_{is_v4_ ? size_max_v4 : size_max_v6} {}

UdpConnection::~UdpConnection() {
  if (!has_left_) link_->leave(*this);
  delete remote_.load(std::memory_order_relaxed);
}

const Endpoint& UdpConnection::remote_endpoint() const noexcept {
  const Endpoint* made = remote_.load(std::memory_order_acquire);
  if (made != nullptr) return *made;
  transport::SocketAddress peer = address_.whole();
  peer.size = address_.v4.sin_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  const auto* mine = new Endpoint{transport::udp_endpoint(peer)};
  if (remote_.compare_exchange_strong(made, mine, std::memory_order_acq_rel)) return *mine;
  delete mine;  // another thread was faster
  return *made;
}

// --- receiving -------------------------------------------------------------------------------------------------------

bool UdpConnection::take_in(std::span<const std::byte> bytes) {
  const Lock lock{mutex()};
  if (!takes_in_ || is_closing()) {
    ++lost_unwanted_;
    link_->count(&DatagramStats::lost_unwanted);
    return false;
  }
  if (is_full() || !link_->take_room(bytes.size() + overhead)) {
    ++lost_queue_full_;
    if (const auto so_far = link_->count_to_tell(&DatagramStats::lost_queue_full)) {
      link_->tell(*so_far, "a datagram from " + remote_endpoint().to_string() + " was dropped: nobody receives, and " +
                               std::to_string(in_.size()) + " of it wait");
    }
    return false;
  }
  in_.emplace_back(bytes);
  in_size_ += bytes.size();
  bytes_received_ += bytes.size();
  pending_report_ = 0;  // the peer is there
  return std::exchange(is_told_, false);
}

void UdpConnection::deliver() {
  Lock lock{mutex()};
  is_told_ = true;
  try {
    deliver_to_receivers(lock);
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    satisfy_receivers_locked();
    throw;
  }
}

void UdpConnection::deliver_later() {
  const Lock lock{mutex()};
  is_told_ = true;
  satisfy_receivers_locked();
}

ConnectionState::Pull UdpConnection::pull(Message& message) {
  if (in_.empty()) return has_ended_ ? Pull::ended : Pull::empty;
  message = in_.take_front();
  in_size_ -= message.size();
  link_->give_room_back(message.size() + overhead);
  if (in_.empty()) shrink(in_);
  return Pull::message;
}

Taken UdpConnection::take_locked(Message& message) { return take_from(*this, message); }

void UdpConnection::demand() {
  if (pending_report_ == 0 || !has_receivers()) return;
  const error_code ec = transport::from_errno(std::exchange(pending_report_, 0));
  fail_receivers_locked(ec, "something sent could not be delivered: " + transport::reason(ec));
}

void UdpConnection::report(error_code ec) {
  const Lock lock{mutex()};
  pending_report_ = ec.value();
  demand();
}

void UdpConnection::expire(Duration silence) {
  const Lock lock{mutex()};
  const std::string sentence = "nothing came from the peer for " + in_words(silence);
  takes_in_ = false;
  has_ended_ = true;
  end_receiving_locked(error::closed, sentence);
  const CloseReport lost{out_count_, out_size_, 0};
  drop_outgoing();
  end_sending_locked(error::closed, sentence, lost);
  satisfy_receivers_locked();
}

// --- sending ---------------------------------------------------------------------------------------------------------

bool UdpConnection::push(Message& message, error_code& ec) {
  const std::size_t size = message.size();
  if (size > path_size_max_ || size > options_.message_size_max) [[unlikely]] {
    ec = error::message_too_large;
    refuse(size);
    return false;
  }
  out_.emplace_back(std::move(message));
  out_size_ += size;
  ++out_count_;
  if (!wants_out_) wants_to_send();
  return true;
}

void UdpConnection::wants_to_send() {
  wants_out_ = true;
  link_->wants_to_send(std::static_pointer_cast<UdpConnection>(shared_from_this()));
}

ConnectionState::Sent UdpConnection::try_send_locked(Lock& lock, Message& message, error_code& ec) {
  return try_send_to(*this, lock, message, ec);
}

void UdpConnection::refuse(std::size_t size) {
  const std::string of_size = "message of " + std::to_string(size) + " bytes exceeds the limit of ";
  if (options_.message_size_max < path_size_max_) {
    note_locked(error::message_too_large, of_size + std::to_string(options_.message_size_max));
    return;
  }
  const bool is_whole = path_size_max_ == (is_v4_ ? size_max_v4 : size_max_v6);
  note_locked(error::message_too_large,
              of_size + std::to_string(path_size_max_) +
                  (is_whole ? is_v4_ ? " for a datagram over IPv4" : " for a datagram over IPv6"
                            : " for a datagram on the way to there"));
}

void UdpConnection::pushed(Lock& lock) {
  if (out_.size() < written_at_once_count) return;
  const std::shared_ptr<DatagramLink> link = link_;  // this may be gone when the lock is released
  lock.unlock();
  link->flush();
}

void UdpConnection::write_now(Lock& lock) {
  if (out_.empty() || link_->is_delivering_here()) return;
  lock.unlock();
  link_->flush();
  lock.lock();
}

void UdpConnection::give_outgoing(SendBatch& batch, std::shared_ptr<UdpConnection> self) {
  const Lock lock{mutex()};
  wants_out_ = false;
  if (out_.empty()) return;
  batch.begin_run(std::move(self));
  while (!out_.empty() && !batch.is_full()) batch.add(out_.take_front());
  if (!out_.empty()) wants_to_send();
}

void UdpConnection::on_sent(SendBatch& batch, const SendBatch::Run& run, std::size_t done) {
  const Lock lock{mutex()};
  if (has_left_ || out_count_ == 0) return;  // what was queued has been given up
  for (std::size_t i = run.end; i > std::max(run.begin, done);) out_.emplace_front(std::move(batch[--i].message));
  for (std::size_t i = run.begin; i < std::min(run.end, done); ++i) {
    const std::size_t size = batch[i].message.size();
    ++written_;
    --out_count_;
    out_size_ -= size;
    if (batch[i].failure) {
      note_send_failure(batch[i].failure, size);
    } else {
      bytes_sent_ += size;
    }
  }
  if (out_.empty()) {
    shrink(out_);
  } else if (!wants_out_) {
    wants_to_send();
  }
  satisfy_senders_locked();
  if (is_closing() && out_count_ == 0) drained_locked();
}

void UdpConnection::note_send_failure(error_code ec, std::size_t size) {
  if (ec.value() == EMSGSIZE) {
    const std::size_t known = link_->path_size_max();
    path_size_max_ = static_cast<std::uint32_t>(known != 0 && known < size ? known : size - 1);
  }
  const std::string sentence =
      "a message of " + std::to_string(size) + " bytes could not be sent: " + transport::reason(ec);
  if (const auto so_far = link_->count_to_tell(&DatagramStats::send_failed)) {
    link_->tell(*so_far, sentence + " (" + remote_endpoint().to_string() + ")");
  }
  note_locked(ec, sentence);
}

void UdpConnection::end_sending_behind_queue() {
  throw std::invalid_argument("datagrams have no end of a direction that a peer could be told: close() ends " +
                              remote_endpoint().to_string() + " on this side");
}

// --- ending ----------------------------------------------------------------------------------------------------------

void UdpConnection::start_draining() {
  drop_incoming();
  if (out_count_ == 0) drained_locked();
}

void UdpConnection::close_transport() {
  drop_incoming();
  drop_outgoing();
  if (!std::exchange(has_left_, true)) link_->leave(*this);
}

/// Nobody will receive what waits.
void UdpConnection::drop_incoming() noexcept {
  if (in_.empty()) return;
  lost_unwanted_ += static_cast<std::uint32_t>(in_.size());
  link_->count(&DatagramStats::lost_unwanted, in_.size());
  link_->give_room_back(in_size_ + in_.size() * overhead);
  in_ = {};
  in_size_ = 0;
}

void UdpConnection::drop_outgoing() noexcept {
  out_ = {};
  out_size_ = 0;
  out_count_ = 0;
}

// --- the rest --------------------------------------------------------------------------------------------------------

/// One of many keeps nothing; one with a socket of its own what a burst needs.
void UdpConnection::shrink(Ring<Message>& queue) noexcept { queue.shrink(link_->is_shared() ? 0 : 1024); }

void UdpConnection::fill_stats(ConnectionStats& stats) const {
  stats.bytes_sent = bytes_sent_;
  stats.bytes_received = bytes_received_;
  stats.receive_queue_size = in_size_;
  if (link_->is_shared()) {
    stats.datagrams.lost_queue_full = lost_queue_full_;
    stats.datagrams.lost_unwanted = lost_unwanted_;
  } else {
    stats.writes = link_->writes();
    stats.reads = link_->reads();
    stats.datagrams = link_->stats();
  }
}

void UdpConnection::reframe_locked(Framing framing) { check_datagram_framing(remote_endpoint(), framing); }

}  // namespace parley::detail
