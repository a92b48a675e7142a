#include "connection/udp/server_link.hpp"

#include "connection/udp/udp_connection.hpp"
#include "transport/udp/udp_socket.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace parley::detail {

using boost::system::error_code;

void ServerLink::begin(std::weak_ptr<DatagramDoor> door, Duration silence_max) {
  door_ = std::move(door);
  peers_ = std::make_unique<Peers>(silence_max, hash_secrets());
}

std::shared_ptr<UdpConnection> ServerLink::connection_for(const transport::UdpAddress& from,
                                                          const transport::UdpSource& to, TimePoint now) {
  const policy::DatagramAddress key = from.key();
  if (key.port == 0) {  // nothing can be sent there
    count(&DatagramStats::lost_unwanted);
    return nullptr;
  }
  {
    Lock lock{mutex()};
    if (const Peers::Place place = peers_->find(key); place != Peers::nowhere) {
      peers_->heard(place, now);
      auto known = (*peers_)[place]->weak_from_this().lock();
      lock.unlock();
      if (known == nullptr) count(&DatagramStats::lost_unwanted);  // another thread is destroying it
      return std::static_pointer_cast<UdpConnection>(std::move(known));
    }
  }
  if (const auto door = door_.lock()) return door->open_for(from, to, now);
  count(&DatagramStats::lost_unwanted);
  return nullptr;
}

void ServerLink::admit(UdpConnection& connection, const transport::UdpAddress& from, TimePoint now) {
  const Lock lock{mutex()};
  ++connection_count_;
  connection.place = peers_->add(from.key(), &connection, now);
  schedule_expiry_locked();
}

void ServerLink::leave(UdpConnection& connection) noexcept {
  const Lock lock{mutex()};
  if (connection.place != Peers::nowhere) peers_->remove(std::exchange(connection.place, Peers::nowhere));
  --connection_count_;
  close_if_unused();
}

void ServerLink::close_door() noexcept {
  const Lock lock{mutex()};
  is_door_open_ = false;
  close_if_unused();
}

void ServerLink::close_if_unused() noexcept {
  if (is_door_open_ || connection_count_ > 0) return;
  if (expiry_.is_set() && context() != nullptr) context()->cancel(std::exchange(expiry_, {}));
  close_locked();
}

// What the system tells of is about some datagram to some peer, and there is nobody to tell but who looks at the
// counters: that peer may have gone long ago, or never have been what it said.
bool ServerLink::take_report(error_code ec) {
  std::size_t reports = 0;
  {
    const Lock lock{mutex()};
    if (context() != nullptr) reports = transport::take_unreachable_reports(descriptor_locked());
  }
  count(&DatagramStats::unreachable, reports);
  return reports > 0 || ec == boost::asio::error::connection_refused;
}

// --- expiry ----------------------------------------------------------------------------------------------------------

void ServerLink::schedule_expiry_locked() {
  const auto when = peers_->next_deadline();
  if (!when || expiry_.is_set() || context() == nullptr) return;
  expiry_ = context()->schedule(executor(), *when, *this, 0);
}

std::shared_ptr<UdpConnection> ServerLink::take_silent_locked(TimePoint now) {
  while (const auto silent = peers_->take_silent(now)) {
    (*silent)->place = Peers::nowhere;
    if (auto held = (*silent)->weak_from_this().lock()) return std::static_pointer_cast<UdpConnection>(std::move(held));
  }
  return nullptr;
}

void ServerLink::on_deadline(std::uint64_t /*token*/) {
  const TimePoint now = Clock::now();
  Lock lock{mutex()};
  expiry_ = {};
  while (auto silent = take_silent_locked(now)) {
    lock.unlock();
    silent->expire(peers_->silence_max());
    silent.reset();
    lock.lock();
  }
  schedule_expiry_locked();
}

}  // namespace parley::detail
