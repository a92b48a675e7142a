// The processes that the narrator starts. What they tell it is text:
//
//   the server: listening ENDPOINT · answered NAME A B SUM · failed SENTENCE
//   a client:   ready · asked NAME A B SUM · measured ROUND_TRIPS SECONDS ITEMS SECONDS
//               conversed COUNT SECONDS SOCKETS · failed SENTENCE
//
// and what it tells them: ask · measure · converse · leave
#include "channel.hpp"
#include "crowd.hpp"
#include "demo.hpp"
#include "play.hpp"
#include "service.hpp"

#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>
#include <parley/connection/serve.hpp>
#include <parley/error.hpp>
#include <parley/transport/tls_context.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

using namespace demo;

/// For each of the two measurements of a client.
constexpr std::chrono::milliseconds measure_span{300};

asio::awaitable<void> be_server(Connection& narrator, Endpoint endpoint, std::string certificate_file) {
  ListenerOptions how;
  if (!certificate_file.empty())
    how.transport.tls = TlsContext::server(TlsOptions{}.certificate_file(std::move(certificate_file)));
  Listener listener{co_await asio::this_coro::executor, std::move(endpoint), std::move(how)};
  const auto tell = [&narrator](const Exchange& e) {
    narrator.post(fmt::format("answered {} {} {} {}", e.client, e.a, e.b, e.answer));
  };
  // By value: clients may be served for a moment longer than this function runs.
  const auto serve_client = [tell, &narrator](Connection peer) -> asio::awaitable<void> {
    Connection client = std::move(peer);
    std::string failure;
    try {
      co_await serve(client, tell);
    } catch (const Failure& e) {
      failure = e.what();
    }
    if (!failure.empty()) narrator.post("failed " + failure);
  };
  asio::co_spawn(listener.get_executor(), parley::serve(listener, serve_client), asio::detached);
  co_await narrator.send("listening " + listener.local_endpoint().serialize());
  co_await narrator.receive(patience);  // "leave"
}

asio::awaitable<void> be_client(Connection& narrator, Endpoint endpoint, std::string name, std::string authority_file) {
  ConnectOptions how;
  how.deadline(patience);
  if (!authority_file.empty()) how.tls(TlsContext::client(TlsOptions{}.ca_file(std::move(authority_file))));
  const std::size_t sockets_before = count_sockets();
  Customer customer{co_await connect(endpoint, how), name, patience};
  co_await narrator.send("ready");
  for (;;) {
    const Message order = co_await narrator.receive(patience);
    if (order.view() == "leave") break;
    if (order.view() == "ask") {
      const Exchange e = co_await customer.ask();
      co_await narrator.send(fmt::format("asked {} {} {} {}", e.client, e.a, e.b, e.answer));
    } else if (order.view() == "converse") {
      std::size_t sockets = 0;
      const Rate crowd = co_await converse_at_once(endpoint, how, patience, sockets);
      co_await narrator.send(
          fmt::format("conversed {} {} {}", crowd.count, crowd.span.count(), sockets - sockets_before));
    } else {
      const Rate trips = co_await customer.measure_round_trips(measure_span);
      const Rate items = co_await customer.measure_one_way(measure_span);
      co_await narrator.send(
          fmt::format("measured {} {} {} {}", trips.count, trips.span.count(), items.count, items.span.count()));
    }
  }
  co_await customer.leave();
}

}  // namespace

ExitCode run_demo_server(const Endpoint& endpoint, const std::string& certificate_file) {
  return play([&](Connection& narrator) { return be_server(narrator, endpoint, certificate_file); });
}

ExitCode run_demo_client(const Endpoint& endpoint, const std::string& name, const std::string& authority_file) {
  return play([&](Connection& narrator) { return be_client(narrator, endpoint, name, authority_file); });
}

}  // namespace parley::tool
