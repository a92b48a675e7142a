// The socket of a listener and of all its connections: who is where, and who has been silent for too long.
#pragma once

#include "connection/udp/datagram_link.hpp"
#include "policy/datagram_peers.hpp"

#include <cstddef>
#include <memory>

namespace parley::detail {

/// Who makes connections for new addresses. Called with no mutex held.
class DatagramDoor {
 public:
  /// Null: not for this address, and that has been counted.
  virtual std::shared_ptr<UdpConnection> open_for(const transport::UdpAddress& from, const transport::UdpSource& to,
                                                  TimePoint now) = 0;

 protected:
  ~DatagramDoor() = default;
};

/// Open as long as there is the listener, or one of its connections.
class ServerLink final : public DatagramLink {
 public:
  using DatagramLink::DatagramLink;

  /// Before reading starts. `silence_max` zero: none is too long.
  void begin(std::weak_ptr<DatagramDoor> door, Duration silence_max);
  /// `connection` is the one for this address from now on. The listener's mutex is held, the connection's is not.
  void admit(UdpConnection& connection, const transport::UdpAddress& from, TimePoint now);
  /// The listener has nothing more to do with the socket.
  void close_door() noexcept;

  void leave(UdpConnection& connection) noexcept override;
  [[nodiscard]] bool is_shared() const noexcept override { return true; }

  void on_deadline(std::uint64_t token) override;

 private:
  using Peers = policy::DatagramPeers<UdpConnection*>;

  std::shared_ptr<UdpConnection> connection_for(const transport::UdpAddress& from, const transport::UdpSource& to,
                                                TimePoint now) override;
  bool take_report(boost::system::error_code ec) override;
  std::shared_ptr<UdpConnection> take_silent_locked(TimePoint now);
  void schedule_expiry_locked();
  void close_if_unused() noexcept;

  std::weak_ptr<DatagramDoor> door_;  // set once
  std::unique_ptr<Peers> peers_;      // likewise
  std::size_t connection_count_ = 0;
  bool is_door_open_ = true;
  DeadlineId expiry_;
};

}  // namespace parley::detail
