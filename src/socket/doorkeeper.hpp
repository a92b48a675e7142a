// Doorkeeper: one endpoint that a socket has bound. It accepts streams, finds out what each is going to speak, and
// gives them to the socket as links.
//
// A legacy peer expects the listener to speak first, so there nothing is found out: what connects is taken for one.
#pragma once

#include "detail/biased_mutex.hpp"
#include "transport/handshakes.hpp"

#include <parley/endpoint.hpp>
#include <parley/socket/options.hpp>
#include <parley/time.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace parley::detail {

class SocketState;

/// Throws std::invalid_argument for options that the endpoint cannot have, whether it is bound or dialled.
const EndpointOptions& checked(const Endpoint& endpoint, const EndpointOptions& options);

class Doorkeeper final : public std::enable_shared_from_this<Doorkeeper> {
 public:
  /// Binds; throws what Acceptor's constructor throws.
  Doorkeeper(std::shared_ptr<SocketState> socket, const Endpoint& endpoint, const EndpointOptions& options);

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept { return local_; }

  using Lock = std::unique_lock<BiasedMutex>;

  // With the socket's mutex held. Who takes the lock may release it meanwhile.

  void start();
  void close();

 private:
  /// Somebody who has connected and not been recognised yet.
  struct Guest {
    Guest(transport::Stream stream_, TimePoint since_)
        : stream{std::move(stream_)}, timer{stream.get_executor()}, since{since_} {}
    transport::Stream stream;
    boost::asio::steady_timer timer;
    TimePoint since;
  };
  using Guests = std::list<std::shared_ptr<Guest>>;

  void accept();
  void on_accept(boost::system::error_code ec, transport::Stream stream);
  void make_room_for_guests(Lock& lock);
  void watch(const std::shared_ptr<Guest>& guest);
  void look_at(const std::shared_ptr<Guest>& guest);
  void let_in(Lock& lock, const std::shared_ptr<Guest>& guest, std::span<const std::byte> unread);
  void upgrade(const std::shared_ptr<Guest>& guest, std::vector<std::byte> unread);
  void make_room_for_upgrades();
  void turn_away(Lock& lock, std::shared_ptr<Guest> guest, boost::system::error_code ec, const std::string& why);
  void forget(const std::shared_ptr<Guest>& guest);
  [[nodiscard]] bool sniffs() const noexcept;

  const std::shared_ptr<SocketState> socket_;
  const EndpointOptions options_;
  transport::Acceptor acceptor_;
  const Endpoint local_;
  Guests guests_;
  transport::detail::Handshakes upgrades_;
  std::uint64_t last_upgrade_ = 0;
  bool is_accepting_ = false;
  bool is_closed_ = false;
};

}  // namespace parley::detail
