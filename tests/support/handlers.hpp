// Servers and clients made of handlers in a test, and plain connections to talk to them.
#pragma once

#include <parley/app/client.hpp>
#include <parley/app/server.hpp>
#include <parley/connection/connect.hpp>

#include "support/requests.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace parley::support {

inline constexpr const char* any_port = "tcp://127.0.0.1:0";

/// Runs `body` with a server that `prepare` has prepared and that listens at an endpoint, the third argument; stops it
/// then.
inline void with_server(app::ServerOptions options, const std::function<void(app::Server&)>& prepare,
                        std::function<boost::asio::awaitable<void>(app::Server&, Endpoint)> body) {
  run_requests([&](boost::asio::any_io_executor executor) -> boost::asio::awaitable<void> {
    app::Server server{executor, options};
    prepare(server);
    const Endpoint at = server.listen(any_port);
    server.start();
    co_await body(server, at);
    co_await server.stop(hang_bound);
  });
}

/// What happened, one word after the other.
class Log {
 public:
  void operator()(const std::string& what) { words_.push_back(what); }
  [[nodiscard]] const std::vector<std::string>& words() const noexcept { return words_; }
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }

 private:
  std::vector<std::string> words_;
};

}  // namespace parley::support
