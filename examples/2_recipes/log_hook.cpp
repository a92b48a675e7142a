// Seeing inside: the library never prints, but tells whoever installs a hook.
//
// Level, text, endpoint. The hook is for the whole process and may be called from several threads at once; it must not
// throw, and must not call back into the object it is told about.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace asio = boost::asio;

/// Prints, and remembers the last warning.
class Log {
 public:
  void operator()(parley::LogLevel level, std::string_view text, std::string_view endpoint) {
    static constexpr std::string_view names[] = {"debug", "info", "warning"};
    const std::lock_guard lock{mutex_};
    std::cerr << names[static_cast<std::size_t>(level)] << ' ' << endpoint << ": " << text << '\n';
    if (level == parley::LogLevel::warning) last_warning_ = text;
  }

  std::string last_warning() {
    const std::lock_guard lock{mutex_};
    return last_warning_;
  }

 private:
  std::mutex mutex_;
  std::string last_warning_;
};

asio::awaitable<void> faulty_handler(parley::Connection peer) {
  co_await peer.receive();
  throw std::runtime_error{"the database is away"};
}

asio::awaitable<void> client(parley::Listener& listener) {
  parley::Connection connection = co_await parley::connect(listener.local_endpoint());
  co_await connection.send("hello?");
  check(!(co_await connection.next()), "the server ended this connection");
  listener.close();
}

int main() {
  static Log log;  // outlives everything that may still call it
  parley::set_log_hook(
      [](parley::LogLevel level, std::string_view text, std::string_view endpoint) { log(level, text, endpoint); });

  asio::io_context context;
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  asio::co_spawn(context, parley::serve(listener, faulty_handler), rethrow);
  asio::co_spawn(context, client(listener), rethrow);
  context.run();

  parley::set_log_hook({});  // removed
  check(log.last_warning().find("the database is away") != std::string::npos, "a handler that throws is reported");
}
