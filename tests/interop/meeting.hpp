// One foreign program and one connection of the library, brought together.
#pragma once

#include <parley/parley.hpp>

#include "support/child_process.hpp"
#include "support/connection_results.hpp"
#include "support/run_context.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace parley::interop {

namespace asio = boost::asio;

/// Which side the foreign program is on.
enum class Role { client, server };

enum class Transport { tcp, unix_path, unix_abstract };

inline std::string to_string(Role role) { return role == Role::client ? "client" : "server"; }

inline std::string to_string(Transport transport) {
  switch (transport) {
    case Transport::tcp: return "tcp";
    case Transport::unix_path: return "unix";
    case Transport::unix_abstract: return "abstract";
  }
  return "";
}

/// How to start the program: in this role, at this endpoint.
using Command = std::function<std::vector<std::string>(Role, const Endpoint&)>;
using Talk = std::function<asio::awaitable<void>(Connection&)>;

/// An endpoint to bind, that nobody else has.
inline Endpoint fresh_endpoint(Transport transport, const support::TemporaryFolder& folder) {
  static int count = 0;
  const std::string name = "s" + std::to_string(++count);
  switch (transport) {
    case Transport::tcp: break;
    case Transport::unix_path: return Endpoint::unix_path(folder.file(name));
    case Transport::unix_abstract:
      return Endpoint::unix_abstract("parley-interop-" + std::to_string(::getpid()) + "-" + name);
  }
  return Endpoint::tcp("127.0.0.1", 0);
}

/// Waits until the program listens. Netcat, socat, the tool and our Python programs all say "listening on", and the
/// port at the end of that line.
inline Endpoint listening_endpoint(support::ChildProcess& program, const Endpoint& asked) {
  const std::string line = program.error_line_with("istening on ");
  if (!asked.has_port()) return asked;
  const std::size_t before = line.find_last_of(" :");
  return asked.with_port(static_cast<std::uint16_t>(std::stoi(line.substr(before + 1))));
}

/// Starts the program and connects with it, runs `talk`, closes in order, and waits for the program's end.
class Meeting {
 public:
  Meeting(Role role, Endpoint where, ConnectionOptions options)
      : role_{role}, where_{std::move(where)}, options_{std::move(options)} {}

  [[nodiscard]] support::ChildResult hold(const Command& command, const std::string& input, const Talk& talk) {
    // Declared in this order, so that on failure the sockets go first: then the program ends, and with it the waiting.
    std::optional<support::ChildProcess> program;
    std::future<support::ChildResult> ended;
    asio::io_context context;
    std::optional<Listener> listener;
    if (role_ == Role::client) {
      listener.emplace(context, where_, ListenerOptions{.connection = options_, .transport = {}});
      where_ = listener->local_endpoint();
    }
    program.emplace(command(role_, where_));
    if (role_ == Role::server) where_ = listening_endpoint(*program, where_);
    program->type(input);
    program->end_input();
    ended = std::async(std::launch::async, [&program] { return program->wait(); });
    if (!support::run_coroutine(context, converse(listener ? &*listener : nullptr, talk)))
      throw std::runtime_error{"the conversation with " + where_.to_string() + " hangs"};
    listener.reset();
    return ended.get();
  }

 private:
  asio::awaitable<void> converse(Listener* listener, const Talk& talk) {
    Connection connection = co_await meet(listener);
    co_await talk(connection);
    co_await connection.close(support::hang_bound);
  }

  asio::awaitable<Connection> meet(Listener* listener) {
    if (listener != nullptr) return listener->accept(support::hang_bound);
    ConnectOptions how;
    how.connection(options_);
    return connect(where_, how);
  }

  Role role_;
  Endpoint where_;
  ConnectionOptions options_;
};

/// Everything up to a clean end.
inline asio::awaitable<std::vector<std::string>> receive_all(Connection& connection) {
  std::vector<std::string> messages;
  while (std::optional<Message> message = co_await connection.next()) messages.push_back(message->text());
  co_return messages;
}

}  // namespace parley::interop
