#include "connection/udp/udp_listener.hpp"

#include "connection/udp/server_link.hpp"
#include "connection/udp/udp_connection.hpp"
#include "detail/log.hpp"
#include "detail/long_time.hpp"
#include "transport/udp/udp_endpoint.hpp"
#include "transport/udp/udp_socket.hpp"

#include <string>
#include <utility>

namespace parley::detail {
namespace {

namespace asio = boost::asio;

class UdpListener final : public ListenerBackend, public DatagramDoor {
 public:
  UdpListener(const asio::any_io_executor& executor, ListenerOptions options, std::shared_ptr<ServerLink> link)
      : ListenerBackend{executor, std::move(options)}, link_{std::move(link)} {}

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return link_->local_endpoint(); }
  [[nodiscard]] DatagramStats datagram_stats() override { return link_->stats(); }

  std::shared_ptr<UdpConnection> open_for(const transport::UdpAddress& from, const transport::UdpSource& to,
                                          TimePoint now) override {
    const Lock lock{mutex()};
    if (is_closed()) {
      link_->count(&DatagramStats::lost_unwanted);
      return nullptr;
    }
    if (!has_place()) {
      refuse_place(from);
      return nullptr;
    }
    auto connection = std::make_shared<UdpConnection>(executor(), options_.connection, link_, from, to);
    link_->admit(*connection, from, now);
    if (log_enabled()) log(LogLevel::debug, "a datagram came from there", connection->remote_endpoint().to_string());
    if (has_acceptors()) {
      offer_locked(connection);
    } else {
      backlog_.emplace_back(connection);
    }
    return connection;
  }

 private:
  [[nodiscard]] bool has_place() const {
    if (connection_count() + backlog_.size() >= options_.connections_max) return false;
    return has_acceptors() || backlog_.size() < static_cast<std::size_t>(options_.transport.backlog);
  }
  void refuse_place(const transport::UdpAddress& from) {
    const auto so_far = link_->count_to_tell(&DatagramStats::lost_no_place);
    if (!so_far) return;
    link_->tell(*so_far, "a datagram from " + transport::udp_endpoint(from.whole()).to_string() +
                             " was dropped: there is no place for another peer, with " +
                             std::to_string(connection_count()) + " connections open and " +
                             std::to_string(backlog_.size()) + " not yet accepted");
  }

  std::shared_ptr<ConnectionState> ready_connection() override {
    link_->start_reading();
    return backlog_.empty() ? nullptr : backlog_.take_front();
  }
  void want_connection() override {
    link_->start_reading();
    while (!backlog_.empty() && has_acceptors() && !is_full()) offer_locked(backlog_.take_front());
  }
  void stop_listening() override {
    for (Ring<std::shared_ptr<ConnectionState>> backlog = std::move(backlog_); !backlog.empty();) {
      backlog.take_front()->abort();
    }
    link_->close_door();
  }

  const std::shared_ptr<ServerLink> link_;
  Ring<std::shared_ptr<ConnectionState>> backlog_;  // not yet accepted
};

}  // namespace

std::shared_ptr<ListenerBackend> make_udp_listener(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                                   ListenerOptions options) {
  check_datagram_framing(endpoint, options.connection.framing);
  const UdpOptions udp = transport::udp_options_of(endpoint, options.transport.udp);
  transport::BoundUdpSocket socket = transport::bind_udp(endpoint, options.transport);
  const int family = transport::local_address(socket.descriptor.get()).family();
  const auto link =
      std::make_shared<ServerLink>(executor, std::move(socket.descriptor), family, std::move(socket.local),
                                   options.connection.message_size_max, udp.unread_size_max());
  auto listener = std::make_shared<UdpListener>(executor, std::move(options), link);
  link->begin(listener, at_most_longest(udp.idle_time_max()));
  return listener;
}

}  // namespace parley::detail
