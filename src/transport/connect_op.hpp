// One connect, from the look-up to the stream: the driver of HappyEyeballs.
//
// Everything runs on a strand of its own, so the executor need not be serial. `handler_` is there until the operation
// is over, and whatever completes later finds it gone.
#pragma once

#include "transport/descriptor.hpp"
#include "transport/handshake_op.hpp"
#include "transport/happy_eyeballs.hpp"
#include "transport/socket_address.hpp"
#include "transport/socket_stream.hpp"

#include <parley/transport/connect.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::transport::detail {

class ConnectOp : public std::enable_shared_from_this<ConnectOp> {
 public:
  ConnectOp(boost::asio::any_io_executor executor, Endpoint endpoint, StreamConnectOptions options,
            ConnectHandler handler);

  /// Once, from any thread.
  void start();

 private:
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;
  using Resolver = boost::asio::ip::tcp::resolver;

  struct Attempt {
    explicit Attempt(SocketAddress address_) : address{address_} {}

    SocketAddress address;
    std::optional<StreamSocket> socket;
    boost::system::error_code code;
    /// What failed, where the code alone does not say it.
    std::string what;
  };

  void watch_cancellation();
  void watch_deadline();
  void begin();
  void connect_unix();
  void look_up();
  void race(std::vector<SocketAddress> addresses);
  void step();

  void start_attempt(std::size_t index);
  /// 0, or the error of connect(); opens the socket and sets it up.
  int open(Attempt& attempt, Descriptor& socket);
  void wait_connected(std::size_t index);
  void on_writable(std::size_t index, boost::system::error_code ec);
  void try_again_later(std::size_t index);
  void attempt_failed(std::size_t index, boost::system::error_code ec);

  [[nodiscard]] bool is_over() const noexcept { return !handler_; }
  /// No address has won yet.
  [[nodiscard]] bool is_racing() const noexcept { return !is_over() && eyeballs_.has_value(); }
  void succeed(std::size_t index);
  void shake_hands(Stream stream);
  void fail(boost::system::error_code ec, const std::string& why);
  void give_up();
  void time_out();
  void finish(boost::system::error_code ec, Stream stream);

  const boost::asio::any_io_executor executor_;
  const Endpoint endpoint_;
  const StreamConnectOptions options_;
  const TimePoint started_ = Clock::now();

  Strand strand_;
  std::optional<ConnectHandler> handler_;
  std::optional<boost::asio::executor_work_guard<boost::asio::any_completion_executor>> handler_work_;
  boost::asio::steady_timer deadline_timer_;
  boost::asio::steady_timer attempt_timer_;
  boost::asio::steady_timer busy_timer_;
  Duration busy_wait_;
  std::optional<Resolver> resolver_;
  std::optional<HappyEyeballs> eyeballs_;
  std::vector<Attempt> attempts_;
  std::weak_ptr<HandshakeOp> handshake_;  // its handler keeps this object, and what it waits for keeps it alive
};

}  // namespace parley::transport::detail
