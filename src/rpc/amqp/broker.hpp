// Broker: one connection to an AMQP broker, shared by all of an executor that talk to it there. It moves bytes, and
// gives each user what comes on its channel.
//
// It lives once: when the connection is lost all users are told, and the next who wants it makes another.
//
// Its mutex is taken last: users may hold their own when they call it, and it holds none when it calls them.
#pragma once

#include "connection/link.hpp"
#include "detail/biased_mutex.hpp"
#include "detail/context_service.hpp"
#include "wire/amqp_client.hpp"

#include <parley/endpoint.hpp>
#include <parley/limits.hpp>
#include <parley/rpc/options.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::rpc::detail {

class Broker final : public parley::detail::ContextMember, private parley::detail::LinkSink {
 public:
  using Lock = std::unique_lock<parley::detail::BiasedMutex>;

  /// Called from the event loop, without the broker's mutex.
  class User {
   public:
    virtual ~User() = default;
    /// Channels can be opened.
    virtual void on_broker_ready() = 0;
    /// Something of its channel's.
    virtual void on_amqp(wire::AmqpEvent event) = 0;
    /// The connection has gone, or was never made. Nothing else follows.
    virtual void on_broker_lost(boost::system::error_code ec, const std::string& sentence) = 0;
  };

  /// No broker of RabbitMQ's takes larger messages. What is too large for one user is for that user to say: here it
  /// would cost all of them the connection, and as it was not acknowledged, the next one too.
  static constexpr std::size_t body_size_max = 512 * limits::mib;

  /// Throws std::invalid_argument for what no broker can be told.
  static void require(const Endpoint& endpoint);
  /// The one there is, or a new one, which connects. `endpoint`: amqp or amqps; its parameters do not matter. Users of
  /// one executor share it, as they are called there.
  [[nodiscard]] static std::shared_ptr<Broker> shared(const boost::asio::any_io_executor& executor,
                                                      const Endpoint& endpoint, const EndpointOptions& options);
  Broker(boost::asio::any_io_executor executor, Endpoint endpoint, const EndpointOptions& options);
  ~Broker() override;

  // Any thread.

  void join(const std::shared_ptr<User>& user);
  /// Its channel is closed behind what was said there. The last one to leave ends the connection.
  void leave(const User& user);
  /// A channel for the user. None: the connection is over, or has as many as it may.
  [[nodiscard]] wire::AmqpChannel open_channel(const std::shared_ptr<User>& user);
  /// Calls `say` with the client, if there is one, and sends what it has said.
  template <class Say>
  void use(Say&& say) {
    Lock lock{mutex_};
    if (is_over_ || !client_) return;
    say(*client_);
    if (!link_->out().empty()) link_->appended(lock);
  }
  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
  /// No channel can be had of it any more.
  [[nodiscard]] bool is_over();
  /// Of one that was just made.
  void connect();
  /// Why the broker reads no messages for now; empty: it does.
  [[nodiscard]] std::string blocked_reason();

  void on_deadline(std::uint64_t token) override;
  void on_context_shutdown() noexcept override;

 private:
  [[nodiscard]] bool wants_bytes() const override { return !is_over_; }
  [[nodiscard]] std::size_t wanted_size() const override { return client_->wanted_size(); }
  void on_bytes(Lock& lock) override { take_events(lock); }
  void on_read_end(boost::system::error_code ec) override;
  void on_written(std::size_t message_count) override;
  void on_write_end(boost::system::error_code ec) override;
  [[nodiscard]] std::shared_ptr<void> hold() override { return shared_from_this(); }

  void on_connected(boost::system::error_code ec, transport::Stream stream, const std::string& why);
  void take_events(Lock& lock);
  void take_event(Lock& lock, wire::AmqpEvent event);
  void take_events_later();
  void lose(Lock& lock, boost::system::error_code ec, const std::string& sentence);
  void end_if_unused();
  void schedule();
  [[nodiscard]] std::vector<std::shared_ptr<User>> living_users();

  const boost::asio::any_io_executor executor_;
  const Endpoint endpoint_;
  const EndpointOptions options_;
  parley::detail::BiasedMutex mutex_;
  parley::detail::ContextService* context_;
  boost::asio::any_io_executor stream_executor_;
  std::optional<parley::detail::Link> link_;
  std::optional<wire::AmqpClient> client_;
  struct Place {
    std::weak_ptr<User> user;
    const User* key = nullptr;
    wire::AmqpChannel channel{};
  };
  std::vector<Place> users_;
  std::shared_ptr<boost::asio::cancellation_signal> stop_;  // of connecting
  parley::detail::DeadlineId deadline_;
  std::string blocked_reason_;
  wire::AmqpToken last_token_ = 0;
  bool is_ready_ = false;
  bool is_taking_ = false;
  bool is_closing_ = false;
  bool is_over_ = false;
};

}  // namespace parley::rpc::detail
