// Connections, listeners and sockets over channels, by no other change than the endpoint.
#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>
#include <parley/mux/session.hpp>
#include <parley/socket/socket.hpp>
#include <parley/transport/acceptor.hpp>

#include "support/raw_peer.hpp"
#include "support/run_context.hpp"
#include "support/scheme_options.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace parley::mux {
namespace {

namespace asio = boost::asio;
using support::run_until;
using namespace std::chrono_literals;

class MuxEndpoint : public ::testing::TestWithParam<std::string> {
 protected:
  asio::io_context context;
  support::TemporaryFolder folder;

  void run(const std::function<asio::awaitable<void>()>& body) {
    std::optional<std::exception_ptr> end;
    asio::co_spawn(context, body(), [&](std::exception_ptr e) { end = e; });
    ASSERT_TRUE(run_until(context, [&] { return end.has_value(); })) << "it hangs";
    if (*end) std::rethrow_exception(*end);
  }
  [[nodiscard]] Endpoint any_address() const {
    if (GetParam() == "mux+unix") return Endpoint{"mux+unix://" + folder.file("socket")};
    return Endpoint{GetParam() + "://127.0.0.1:0"};
  }
};

asio::awaitable<void> echo(Connection peer) {
  while (std::optional<Message> message = co_await peer.next()) co_await peer.send(*message);
  co_await peer.close(5s);
}

asio::awaitable<void> serve_echo(Listener& listener) {
  for (;;) {
    auto [ec, peer] = co_await listener.accept({}, asio::as_tuple(asio::use_awaitable));
    if (ec) co_return;
    asio::co_spawn(co_await asio::this_coro::executor, echo(std::move(peer)), asio::detached);
  }
}

TEST_P(MuxEndpoint, connections_are_channels_of_one_session) {
  Listener listener{context.get_executor(), any_address(), support::listener_options()};
  const Endpoint at = listener.local_endpoint();
  EXPECT_EQ(at.to_string().substr(0, GetParam().size()), GetParam());
  run([&]() -> asio::awaitable<void> {
    asio::co_spawn(context, serve_echo(listener), asio::detached);
    const ConnectOptions options = support::connect_options();
    std::vector<Connection> connections;
    for (int i = 0; i < 50; ++i) connections.push_back(co_await connect(at, options));
    std::set<std::string> streams;
    for (Connection& each : connections) {
      co_await each.send("hello");
      const Message answer = co_await each.receive(5s);
      EXPECT_EQ(answer.text(), "hello");
      streams.insert(each.local_endpoint().to_string());
    }
    EXPECT_EQ(streams.size(), 1U) << "one connection carries them all";
    for (Connection& each : connections) {
      const CloseReport report = co_await each.close(5s);
      EXPECT_TRUE(report.all_arrived());
    }
    listener.close();
  });
}

TEST_P(MuxEndpoint, those_that_have_come_are_accepted_without_a_turn_of_the_loop_for_each) {
  Listener listener{context.get_executor(), any_address(), support::listener_options()};
  run([&]() -> asio::awaitable<void> {
    const ConnectOptions options = support::connect_options();
    const Endpoint at = listener.local_endpoint();
    std::vector<Connection> connections;
    int waits = 0;
    listener.accept({}, [&](boost::system::error_code, Connection first) { connections.push_back(std::move(first)); });
    for (int i = 0; i < 101; ++i) {
      connections.push_back(co_await connect(at, options));
      co_await connections.back().send("hello");
    }
    for (int i = 0; i < 100; ++i) {
      const auto has_turned = std::make_shared<bool>(false);
      asio::post(context, [has_turned] { *has_turned = true; });
      connections.push_back(co_await listener.accept(5s));
      waits += *has_turned ? 1 : 0;
    }
    EXPECT_LT(waits, 50);
  });
}

TEST_P(MuxEndpoint, a_session_that_has_gone_is_dialled_again) {
  std::optional<Listener> listener{std::in_place, context.get_executor(), any_address(), support::listener_options()};
  const Endpoint at = listener->local_endpoint();
  run([&]() -> asio::awaitable<void> {
    const ConnectOptions options = support::connect_options();
    asio::co_spawn(context, serve_echo(*listener), asio::detached);
    {
      const Connection first = co_await connect(at, options);
      listener.reset();
    }
    listener.emplace(context.get_executor(), at, support::listener_options());
    asio::co_spawn(context, serve_echo(*listener), asio::detached);
    // The one that is going may still be asked; after that there is another.
    for (;;) {
      auto [ec, again] = co_await connect(context.get_executor(), at, options, asio::as_tuple(asio::use_awaitable));
      if (ec) continue;
      const auto [failed] = co_await again.send("again", {}, asio::as_tuple(asio::use_awaitable));
      const auto [lost, answer] = co_await again.receive(5s, asio::as_tuple(asio::use_awaitable));
      if (failed || lost) continue;
      EXPECT_EQ(answer.text(), "again");
      break;
    }
    listener->close();
  });
}

TEST_P(MuxEndpoint, a_socket_runs_over_channels) {
  run([&]() -> asio::awaitable<void> {
    Socket hub{context.get_executor()};
    const EndpointOptions as_server = EndpointOptions{}.transport(support::server_transport());
    const Endpoint at = co_await hub.bind(any_address(), as_server);
    const EndpointOptions as_client = EndpointOptions{}.transport(support::client_transport());
    Socket one{context.get_executor()};
    Socket two{context.get_executor()};
    one.connect(at, as_client);
    two.connect(at, as_client);
    co_await hub.wait_for_peers(2, 5s);
    for (int i = 0; i < 10; ++i) co_await hub.send("work");
    for (int i = 0; i < 5; ++i) {
      const Received a = co_await one.receive(5s);
      const Received b = co_await two.receive(5s);
      EXPECT_EQ(a.text() + b.text(), "workwork");
    }
    co_await one.close(5s);
    co_await two.close(5s);
    co_await hub.close(5s);
  });
}

INSTANTIATE_TEST_SUITE_P(Schemes, MuxEndpoint, ::testing::Values("mux+tcp", "mux+unix", "mux+tls"), [](const auto& p) {
  std::string name = p.param;
  name[3] = '_';
  return name;
});

TEST(MuxEndpoints, are_not_dialled_for_longer_than_anybody_waits) {
  asio::io_context context;
  const transport::Acceptor silent{context.get_executor(), Endpoint{"tcp://127.0.0.1:0"}, {}};
  const Endpoint at{"mux+tls" + silent.local_endpoint().to_string().substr(3)};
  TransportOptions patient = support::client_transport();
  patient.handshake_time_max = 1h;
  std::vector<boost::system::error_code> ends;
  for (const Duration allowed : {30ms, 60ms}) {
    ConnectOptions options;
    options.transport(patient).deadline(allowed);
    connect(context.get_executor(), at, options,
            [&](boost::system::error_code ec, const Connection&) { ends.push_back(ec); });
  }
  EXPECT_TRUE(support::run_to_end(context));
  EXPECT_EQ(ends, (std::vector<boost::system::error_code>{error::timed_out, error::timed_out}));
}

TEST(MuxEndpoints, let_who_has_been_silent_for_longest_make_way_when_too_many_are) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  asio::io_context context;
  Listener listener{context.get_executor(), Endpoint{"mux+tcp://127.0.0.1:0"}};
  asio::co_spawn(context, serve_echo(listener), asio::detached);
  Connection honest;
  connect(context.get_executor(), listener.local_endpoint(), {},
          [&](boost::system::error_code, Connection connected) { honest = std::move(connected); });
  ASSERT_TRUE(run_until(context, [&] { return static_cast<bool>(honest); }));
  const auto is_echoed = [&] {
    (void)honest.post(Message{"still there"});
    std::optional<Message> echoed;
    honest.receive({}, [&](boost::system::error_code, Message message) { echoed = std::move(message); });
    return run_until(context, [&] { return echoed.has_value(); }) && echoed->view() == "still there";
  };
  EXPECT_TRUE(is_echoed());
  const Endpoint beneath{listener.local_endpoint().to_string().substr(4)};
  std::list<support::RawPeer> silent;
  for (int i = 0; i < 1025; ++i) silent.emplace_back(beneath);
  std::future<void> first_ends = std::async(std::launch::async, [&] { (void)silent.front().read_to_end(); });
  EXPECT_TRUE(run_until(context, [&] { return first_ends.wait_for(0s) == std::future_status::ready; }));
  EXPECT_NO_THROW(first_ends.get()) << "it has not been cut off";
  EXPECT_TRUE(is_echoed()) << "it has said something";
}

TEST(MuxEndpoints, are_no_place_to_be_called_at_for_who_connects) {
  asio::io_context context;
  transport::Acceptor acceptor{context.get_executor(), Endpoint{"tcp://127.0.0.1:0"}, {}};
  std::optional<Session> server;
  Channel unwanted;
  char byte = 0;
  std::optional<boost::system::error_code> end;
  acceptor.async_accept([&](boost::system::error_code, transport::Stream stream) {
    server.emplace(std::move(stream), Role::server);
    server->open({}, [&](boost::system::error_code, Channel channel) {
      unwanted = std::move(channel);
      unwanted.async_read_some(asio::buffer(&byte, 1), [&](boost::system::error_code ec, std::size_t) { end = ec; });
    });
  });
  Connection connection;
  connect(context.get_executor(), Endpoint{"mux+" + acceptor.local_endpoint().to_string()}, support::connect_options(),
          [&](boost::system::error_code, Connection connected) { connection = std::move(connected); });
  ASSERT_TRUE(run_until(context, [&] { return end.has_value(); }));
  EXPECT_EQ(*end, error::channel_refused) << "nobody would accept it, and its bytes would wait for nobody";
}

TEST(MuxEndpoints, of_tcpchan_refuse_a_framing_that_ends_a_message_with_one_direction) {
  asio::io_context context;
  const auto listens = [&](const char* text) {
    ListenerOptions options;
    options.connection.framing = UntilEof{};
    try {
      const Listener listener{context.get_executor(), text, options};
      return true;
    } catch (const std::invalid_argument&) {
      return false;
    }
  };
  EXPECT_TRUE(listens("mux+tcp://127.0.0.1:0"));
  EXPECT_TRUE(listens("mux+tcp://127.0.0.1:0?dialect=yamux"));
  EXPECT_FALSE(listens("mux+tcp://127.0.0.1:0?dialect=tcpchan")) << "else the first peer would be what it throws at";
  ConnectOptions options;
  options.framing(UntilEof{});
  EXPECT_THROW(connect(context.get_executor(), "mux+tcp://127.0.0.1:1?dialect=tcpchan", options, asio::detached),
               std::invalid_argument);
}

TEST(MuxEndpoints, say_what_is_wrong_with_them) {
  asio::io_context context;
  const auto why_not = [&](const char* text) -> std::string {
    try {
      const Listener listener{context.get_executor(), text};
    } catch (const std::exception& e) {
      return e.what();
    }
    return "it listens";
  };
  EXPECT_EQ(why_not("mux+tcp://127.0.0.1:0?dialect=spdy"),
            "mux+tcp://127.0.0.1:0?dialect=spdy: the dialects of channels are yamux and tcpchan, not \"spdy\"");
  EXPECT_EQ(why_not("mux+tcp://127.0.0.1:0?magic=12"),
            "mux+tcp://127.0.0.1:0?magic=12: only tcpchan has a magic: add dialect=tcpchan");
  EXPECT_EQ(why_not("mux+tcp://127.0.0.1:0?dialect=tcpchan&magic=many"),
            "mux+tcp://127.0.0.1:0?dialect=tcpchan&magic=many: a magic is a number up to 0xffffffff, not \"many\"");
  EXPECT_EQ(why_not("mux+tcp://127.0.0.1:0?dialect=tcpchan&magic=0xABCD"), "it listens");
}

}  // namespace
}  // namespace parley::mux
