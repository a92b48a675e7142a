#include "connection/udp/udp_client.hpp"

#include "connection/udp/datagram_link.hpp"
#include "connection/udp/udp_connection.hpp"
#include "detail/log.hpp"
#include "transport/dialable.hpp"
#include "transport/sentence.hpp"
#include "transport/socket_address.hpp"
#include "transport/udp/udp_endpoint.hpp"
#include "transport/udp/udp_socket.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace parley::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// The socket of one connection.
class ClientLink final : public DatagramLink {
 public:
  ClientLink(const asio::any_io_executor& executor, transport::Descriptor descriptor, int family, Endpoint local,
             std::size_t size_max)
      : DatagramLink{executor, std::move(descriptor),
                     family,   std::move(local),
                     size_max, std::numeric_limits<std::size_t>::max()} {}

  void begin(const std::shared_ptr<UdpConnection>& connection) {
    connection_ = connection;
    start_reading();
  }
  void leave(UdpConnection& /*connection*/) noexcept override {
    const Lock lock{mutex()};
    close_locked();
  }
  [[nodiscard]] bool is_shared() const noexcept override { return false; }

 private:
  std::shared_ptr<UdpConnection> connection_for(const transport::UdpAddress& /*from*/,
                                                const transport::UdpSource& /*to*/, TimePoint /*now*/) override {
    return connection_.lock();
  }
  bool take_report(error_code ec) override {
    // What a connected socket tells of an earlier datagram; all else is about this one.
    const bool is_report = ec.value() == ECONNREFUSED || ec.value() == ENOPROTOOPT || ec.value() == EHOSTDOWN ||
                           ec.value() == ENONET || ec.value() == EPROTO;
    if (!is_report) return false;
    count(&DatagramStats::unreachable);
    if (const auto connection = connection_.lock()) connection->report(ec);
    return true;
  }

  std::weak_ptr<UdpConnection> connection_;  // set once, before reading begins
};

/// Throws Error; else null, with `failure`, when there can be no socket to there.
std::shared_ptr<ConnectionState> connection_to(const asio::any_io_executor& executor,
                                               const transport::SocketAddress& peer, const ConnectOptions& options,
                                               const UdpOptions& udp, transport::OptionFailure& failure) {
  transport::Descriptor descriptor = transport::connect_udp(peer, options.transport(), udp, failure);
  if (!descriptor) return nullptr;
  Endpoint local = transport::udp_endpoint(transport::local_address(descriptor.get()));
  const auto link = std::make_shared<ClientLink>(executor, std::move(descriptor), peer.family(), std::move(local),
                                                 options.connection().message_size_max);
  auto connection = std::make_shared<UdpConnection>(executor, options.connection(), link, peer);
  if (log_enabled()) {
    log(LogLevel::debug, "datagrams go there, from " + link->local_endpoint().to_string(),
        connection->remote_endpoint().to_string());
  }
  link->begin(connection);
  return connection;
}

std::string explain_failure(const transport::OptionFailure& failure, const UdpOptions& udp) {
  std::string why = failure.what.empty() ? "" : "cannot set " + failure.what + ": ";
  why += transport::reason(failure.code);
  if (failure.code.value() == EACCES && !udp.broadcast()) {
    why += "; a broadcast address needs UdpOptions::broadcast, or ?broadcast=1";
  }
  return why;
}

/// One connect, from the look-up to the socket. On a strand of its own, so the executor need not be serial; `handler_`
/// is there until it is over.
class UdpConnectOp : public std::enable_shared_from_this<UdpConnectOp> {
 public:
  UdpConnectOp(const asio::any_io_executor& executor, const Endpoint& endpoint, const ConnectOptions& options,
               std::shared_ptr<std::string> why, Handler<Connection> handler)
      : executor_{executor},
        endpoint_{endpoint},
        options_{options},
        udp_{transport::udp_options_of(endpoint, options.transport().udp)},
        why_{std::move(why)},
        strand_{asio::make_strand(executor)},
        handler_{std::move(handler)},
        resolver_{strand_},
        timer_{strand_},
        work_{asio::make_work_guard(handler_->executor_or(executor))} {}

  void start() {
    if (const auto literal = transport::literal_address(endpoint_.host(), endpoint_.port())) return try_all({*literal});
    if (auto slot = asio::get_associated_cancellation_slot(*handler_); slot.is_connected()) {
      slot.assign([weak = weak_from_this()](asio::cancellation_type) {
        const auto self = weak.lock();
        if (!self) return;
        asio::dispatch(self->strand_, [self] { self->fail(asio::error::operation_aborted, "cancelled"); });
      });
    }
    asio::dispatch(strand_, [self = shared_from_this()] { self->look_up(); });
  }

 private:
  void look_up() {
    if (!handler_) return;
    timer_.expires_at(options_.deadline().value_or(Deadline{ConnectOptions::default_time_out}).when());
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->fail(error::timed_out, "the deadline passed while its host was looked up");
    });
    resolver_.async_resolve(std::string{endpoint_.host()}, std::to_string(endpoint_.port()),
                            asio::ip::udp::resolver::numeric_service,
                            [self = shared_from_this()](error_code ec, const auto& results) {
                              if (ec) return self->fail(ec, "the host cannot be looked up: " + transport::reason(ec));
                              std::vector<transport::SocketAddress> addresses;
                              for (const auto& each : results) {
                                auto& address = addresses.emplace_back();
                                std::memcpy(&address.storage, each.endpoint().data(), each.endpoint().size());
                                address.size = static_cast<socklen_t>(each.endpoint().size());
                              }
                              self->try_all(addresses);
                            });
  }

  /// The first that a socket can send to; whether anybody is there, nobody is asked.
  void try_all(const std::vector<transport::SocketAddress>& addresses) {
    if (!handler_) return;
    transport::OptionFailure failure{error::no_address, {}};
    try {
      for (const transport::SocketAddress& each : addresses) {
        if (auto connection = connection_to(executor_, each, options_, udp_, failure)) {
          return finish({}, Connection{std::move(connection)});
        }
      }
    } catch (const Error& e) {
      return fail(e.code(), e.what());
    }
    fail(failure.code, explain_failure(failure, udp_));
  }

  void fail(error_code ec, const std::string& why) {
    if (!handler_) return;
    *why_ = "cannot connect to " + endpoint_.to_string() + ": " + why;
    finish(ec, Connection{});
  }

  void finish(error_code ec, Connection connection) {
    Handler<Connection> handler = std::move(*handler_);
    handler_.reset();
    timer_.cancel();
    resolver_.cancel();
    post_completion(std::move(handler), executor_, ec, std::move(connection));
    work_.reset();
  }

  const asio::any_io_executor executor_;
  const Endpoint endpoint_;
  const ConnectOptions options_;
  const UdpOptions udp_;
  const std::shared_ptr<std::string> why_;
  asio::strand<asio::any_io_executor> strand_;
  std::optional<Handler<Connection>> handler_;
  asio::ip::udp::resolver resolver_;
  asio::steady_timer timer_;
  asio::executor_work_guard<asio::any_io_executor> work_;
};

}  // namespace

void check_udp_client(const Endpoint& endpoint, const ConnectOptions& options) {
  transport::require_one_peer(endpoint);
  check_datagram_framing(endpoint, options.connection().framing);
  (void)transport::udp_options_of(endpoint, options.transport().udp);
}

void connect_udp(const asio::any_io_executor& executor, const Endpoint& endpoint, const ConnectOptions& options,
                 std::shared_ptr<std::string> why, Handler<Connection> handler) {
  std::make_shared<UdpConnectOp>(executor, endpoint, options, std::move(why), std::move(handler))->start();
}

}  // namespace parley::detail
