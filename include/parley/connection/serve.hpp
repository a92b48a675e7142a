// serve: one coroutine for each connection.
//
//   asio::awaitable<void> echo(parley::Connection peer) {
//     while (auto m = co_await peer.next()) co_await peer.send(std::move(*m));
//   }
//   co_await parley::serve("tcp://127.0.0.1:8888", echo);
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/connection/listener.hpp>
#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>

namespace parley {

/// Runs for one connection. What it leaves in the connection's queue when it returns is still delivered for at most
/// `linger`. An exception that leaves it ends this connection only, and is told to the log hook with the peer's
/// endpoint.
using ServeHandler = std::function<boost::asio::awaitable<void>(Connection)>;

/// Accepts until the listener is closed or the coroutine cancelled, each connection's handler in a coroutine of its own
/// on the listener's executor. Then it waits up to `drain` for the handlers that still run, and returns; those that run
/// longer are cancelled. It does not tell handlers to end: a conversation goes on until its peer ends it, or the drain
/// is over. Throws Error when accepting fails for good.
[[nodiscard]] PARLEY_EXPORT boost::asio::awaitable<void> serve(Listener& listener, ServeHandler handler,
                                                               std::chrono::milliseconds drain = std::chrono::seconds{
                                                                   10});

/// Listens there first, with default options. Throws as the Listener's constructor.
[[nodiscard]] PARLEY_EXPORT boost::asio::awaitable<void> serve(Endpoint endpoint, ServeHandler handler,
                                                               std::chrono::milliseconds drain = std::chrono::seconds{
                                                                   10});

/// Serves until SIGINT or SIGTERM comes. Then it closes the listener, ends the receiving side of each connection, and
/// drains as above. Handlers get the messages that are wholly here already, and then see what they would see of a peer
/// that ended its direction: next() is empty, receive() is error::closed. What they still send goes out. So clients
/// that are only idle do not hold the server up, and a request that has been read is answered; one that is still coming
/// in is dropped. A second signal ends the drain at once. Beside `run()` of app::Server and app::Client the only
/// place of the library that looks at signals, and only for as long as it runs.
[[nodiscard]] PARLEY_EXPORT boost::asio::awaitable<void> serve_until_signal(
    Listener& listener, ServeHandler handler, std::chrono::milliseconds drain = std::chrono::seconds{10});

}  // namespace parley
