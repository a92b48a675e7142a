// What a peer sends, of which the next message may be asked for while a command still works on the last. So the end of
// the connection is known when it comes, and not when the command has ended.
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/message.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace parley::tool {

class Inbox {
 public:
  using EndHandler = std::function<void(boost::system::error_code)>;

  /// The connection must outlive it.
  explicit Inbox(Connection& connection) noexcept : connection_{connection} {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// As Connection::next.
  [[nodiscard]] boost::asio::awaitable<std::optional<Message>> next();

  /// Asks for the next message already. If the connection ends instead, `on_end` is told how, once, unless
  /// forget_end() came before; no error for a clean end.
  void look_ahead(EndHandler on_end);
  void forget_end() noexcept;

 private:
  struct Ahead {
    explicit Ahead(const boost::asio::any_io_executor& executor)
        : arrived{executor, boost::asio::steady_timer::time_point::max()} {}

    bool is_there = false;
    boost::system::error_code failure{};
    std::optional<Message> message{};
    EndHandler on_end{};
    boost::asio::steady_timer arrived;  // never expires
  };

  void ask();
  static void arrive(Ahead& ahead, boost::system::error_code ec, std::optional<Message> message);

  Connection& connection_;
  std::shared_ptr<Ahead> ahead_;  // shared with the handler, which may be the last to go
};

}  // namespace parley::tool
