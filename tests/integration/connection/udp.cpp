// udp:// endpoints: connect, Listener and serve, where each remote address is a connection of its own.
#include "support/connection_results.hpp"
#include "support/udp_test.hpp"

#include <parley/blocking/connection.hpp>
#include <parley/blocking/listener.hpp>
#include <parley/connection/serve.hpp>
#include <parley/rpc/client.hpp>
#include <parley/socket/socket.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::datagrams {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::Outcome;
using support::run_coroutine;
using support::run_until;
using support::settle;
using support::store;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

asio::awaitable<void> echo(Connection peer) {
  while (auto message = co_await peer.next()) co_await peer.send(std::move(*message));
}

template <class Body>
std::string why_not(Body body) {
  try {
    body();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "it was accepted";
}

using Udp = support::UdpTest;

TEST_F(Udp, a_message_goes_there_and_back) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send("hello"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "hello");
  EXPECT_FALSE(server.try_send("hello yourself"));
  EXPECT_EQ(receive(client).text(), "hello yourself");
  EXPECT_EQ(server.remote_endpoint(), client.local_endpoint());
  EXPECT_EQ(client.remote_endpoint(), listener.local_endpoint());
  EXPECT_EQ(server.local_endpoint(), listener.local_endpoint());
  EXPECT_EQ(client.remote_endpoint().scheme(), Scheme::udp);
}

TEST_F(Udp, messages_of_all_sizes_arrive_each_whole) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  Connection server;
  for (const std::size_t size : {0, 1, 64, 65, 1000, 1472, 9000, 65'506, 65'507}) {
    const std::string body(size, static_cast<char>('a' + size % 26));
    EXPECT_FALSE(client.try_send(body));
    if (!server) server = accept(listener);
    EXPECT_EQ(receive(server).text(), body) << size;
    EXPECT_FALSE(server.try_send(body));
    EXPECT_EQ(receive(client).text(), body) << size;
  }
}

TEST_F(Udp, goes_over_ipv6_too) {
  Listener listener{context, "udp://[::1]:0"};
  Connection client = dial(listener.local_endpoint());
  const std::string largest(65'527, 'x');
  EXPECT_FALSE(client.try_send(largest));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).size(), largest.size());
  EXPECT_EQ(client.try_send(largest + "y"), error::message_too_large);
  EXPECT_EQ(client.last_error(), "message of 65528 bytes exceeds the limit of 65527 for a datagram over IPv6 (" +
                                     listener.local_endpoint().to_string() + ")");
}

TEST_F(Udp, a_wildcard_takes_both_families) {
  Listener listener{context, "udp://*:0"};
  const std::string port = std::to_string(listener.local_endpoint().port());
  Connection a = dial("udp://127.0.0.1:" + port);
  Connection b = dial("udp://[::1]:" + port);
  EXPECT_FALSE(a.try_send("over IPv4"));
  Connection first = accept(listener);
  EXPECT_EQ(receive(first).text(), "over IPv4");
  EXPECT_EQ(first.remote_endpoint(), a.local_endpoint());
  EXPECT_FALSE(first.try_send("back"));
  EXPECT_EQ(receive(a).text(), "back");
  EXPECT_FALSE(b.try_send("over IPv6"));
  Connection second = accept(listener);
  EXPECT_EQ(receive(second).text(), "over IPv6");
  EXPECT_EQ(second.remote_endpoint(), b.local_endpoint());
  const std::string too_large(65'508, 'x');
  EXPECT_EQ(first.try_send(too_large), error::message_too_large) << "it is IPv4 all the same";
}

TEST_F(Udp, who_listens_everywhere_answers_from_where_it_was_asked) {
  for (const std::string wildcard : {"udp://0.0.0.0:0", "udp://*:0"}) {
    Listener listener{context, wildcard};
    Connection client = dial("udp://127.0.0.5:" + std::to_string(listener.local_endpoint().port()));
    EXPECT_FALSE(client.try_send("hello"));
    Connection server = accept(listener);
    EXPECT_EQ(receive(server).text(), "hello");
    EXPECT_FALSE(server.try_send("from 127.0.0.5"));
    EXPECT_EQ(receive(client).text(), "from 127.0.0.5") << wildcard;
  }
}

TEST_F(Udp, a_host_name_is_looked_up) {
  Listener listener{context, "udp://localhost:0"};
  Connection client = dial("udp://localhost:" + std::to_string(listener.local_endpoint().port()));
  EXPECT_FALSE(client.try_send("by name"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "by name");
}

TEST_F(Udp, every_address_is_a_connection_of_its_own) {
  constexpr int count = 200;
  Listener listener = listen();
  std::vector<Connection> clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(dial(listener.local_endpoint()));
    EXPECT_FALSE(clients.back().try_send(std::to_string(i)));
  }
  std::map<Endpoint, Connection> servers;
  while (servers.size() < count) {
    Connection server = accept(listener);
    const Endpoint from = server.remote_endpoint();
    EXPECT_TRUE(servers.emplace(from, std::move(server)).second);
  }
  EXPECT_EQ(listener.connection_count(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Connection& server = servers.at(clients[i].local_endpoint());
    EXPECT_EQ(receive(server).text(), std::to_string(i));
    EXPECT_FALSE(server.try_send("to " + std::to_string(i)));
  }
  for (int i = 0; i < count; ++i) EXPECT_EQ(receive(clients[i]).text(), "to " + std::to_string(i));
}

TEST_F(Udp, is_served_like_everything_else) {
  Listener listener = listen();
  asio::co_spawn(context, serve(listener, echo, 0s), asio::detached);
  const auto talk = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      Connection client = co_await connect(listener.local_endpoint());
      for (int j = 0; j < 100; ++j) {
        co_await client.send(std::to_string(j));
        const Message answer = co_await client.receive(10s);
        EXPECT_EQ(answer.text(), std::to_string(j));
      }
      for (int j = 0; j < 100; ++j) co_await client.send(std::to_string(j));
      for (int j = 0; j < 100; ++j) {
        const Message answer = co_await client.receive(10s);
        EXPECT_EQ(answer.text(), std::to_string(j));
      }
      co_await client.close();
    }
  };
  EXPECT_TRUE(run_coroutine(context, talk()));
  listener.close();
}

TEST_F(Udp, what_cannot_work_is_refused_at_once) {
  ListenerOptions lines;
  lines.connection.framing = Separator{"\n"};
  EXPECT_THAT(why_not([&] { (void)listen(lines); }),
              HasSubstr("a datagram is a message of its own: the framing has to be the default one, not "));
  std::optional<Outcome<Connection>> out;
  const auto try_to_dial = [&](const Endpoint& where, const ConnectOptions& options = {}) {
    return why_not([&] { connect(context.get_executor(), where, options, store(out)); });
  };
  EXPECT_THAT(try_to_dial("udp://127.0.0.1:1", ConnectOptions{}.framing(Raw{})), HasSubstr("(udp://127.0.0.1:1)"));
  EXPECT_EQ(try_to_dial("udp://*:1"), "cannot connect to udp://*:1: a wildcard host is for listening only");
  EXPECT_EQ(try_to_dial("udp://127.0.0.1:0"), "cannot connect to udp://127.0.0.1:0: port 0 is for listening only");
  EXPECT_EQ(try_to_dial("udp://127.0.0.1:1?colour=red"),
            "udp://127.0.0.1:1?colour=red: datagrams have no parameter \"colour\"; known are broadcast, interface, "
            "loop, source and ttl");
  EXPECT_EQ(try_to_dial("udp://127.0.0.1:1?ttl=3"),
            "udp://127.0.0.1:1?ttl=3: ttl is for addresses of multicast, 224.0.0.0 to 239.255.255.255 and ff00::/8");
  EXPECT_EQ(try_to_dial("udp://239.1.2.3:1?ttl=256"),
            "udp://239.1.2.3:1?ttl=256: a ttl is a number from 0 to 255, not \"256\"");
  EXPECT_EQ(try_to_dial("udp://127.0.0.1:1?broadcast=yes"),
            "udp://127.0.0.1:1?broadcast=yes: broadcast is 0 or 1, not \"yes\"");
  EXPECT_FALSE(out);
}

TEST_F(Udp, carries_no_streams) {
  const std::string no_stream =
      "cannot connect to udp://127.0.0.1:1: datagrams are no stream; what sends and receives "
      "them is a Connection";
  const std::string no_door =
      "cannot listen on udp://127.0.0.1:0: datagrams are no stream; what accepts them is a Listener";
  EXPECT_EQ(why_not([&] {
              transport::async_connect(context.get_executor(), "udp://127.0.0.1:1", {},
                                       [](error_code, const transport::Stream&) {});
            }),
            no_stream);
  EXPECT_EQ(why_not([&] {
              const transport::Acceptor acceptor{context.get_executor(), "udp://127.0.0.1:0", {}};
            }),
            no_door);
  Socket socket{context.get_executor()};
  EXPECT_EQ(why_not([&] { socket.connect("udp://127.0.0.1:1"); }), no_stream);
  EXPECT_EQ(why_not([&] { socket.bind("udp://127.0.0.1:0", {}, [](error_code, const Endpoint&) {}); }), no_door);
  rpc::Client client{context.get_executor()};
  EXPECT_EQ(why_not([&] { client.dial("udp://127.0.0.1:1"); }), no_stream);
}

TEST_F(Udp, an_oversize_message_is_refused_and_nothing_else_happens) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  EXPECT_EQ(client.try_send(std::string(65'508, 'x')), error::message_too_large);
  EXPECT_EQ(client.last_error(), "message of 65508 bytes exceeds the limit of 65507 for a datagram over IPv4 (" +
                                     listener.local_endpoint().to_string() + ")");
  EXPECT_FALSE(client.try_send("still here"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "still here");
  Connection small = dial(listener.local_endpoint(), ConnectOptions{}.message_size_max(100));
  EXPECT_EQ(small.try_send(std::string(101, 'x')), error::message_too_large);
  EXPECT_EQ(small.last_error(),
            "message of 101 bytes exceeds the limit of 100 (" + listener.local_endpoint().to_string() + ")");
}

TEST_F(Udp, a_datagram_that_is_too_large_is_dropped_and_counted) {
  ListenerOptions options;
  options.connection.message_size_max = 100;
  Listener listener = listen(options);
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send(std::string(101, 'x')));
  EXPECT_FALSE(client.try_send(std::string(100, 'y')));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), std::string(100, 'y'));
  EXPECT_EQ(listener.stats().datagrams.lost_too_large, 1U);
  EXPECT_EQ(listener.stats().datagrams.lost(), 1U);
}

TEST_F(Udp, an_empty_datagram_is_an_empty_message) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send(""));
  flush(client);
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).size(), 0U);
  EXPECT_FALSE(server.try_send(""));
  EXPECT_EQ(receive(client).size(), 0U);
  EXPECT_EQ(client.stats().messages_received, 1U);
}

TEST_F(Udp, nobody_at_the_other_end_is_told_once_and_sending_goes_on) {
  Listener gone = listen();
  const Endpoint where = gone.local_endpoint();
  gone.close();
  settle(context);
  Connection client = dial(where);
  EXPECT_FALSE(client.try_send("hello?"));
  flush(client);
  EXPECT_EQ(fail_to_receive(client), asio::error::connection_refused);
  EXPECT_EQ(client.last_error(),
            "something sent could not be delivered: connection refused (" + where.to_string() + ")");
  EXPECT_GE(client.stats().datagrams.unreachable, 1U);
  Listener back{context, where};
  EXPECT_FALSE(client.try_send("hello again"));
  Connection server = accept(back);
  EXPECT_EQ(receive(server).text(), "hello again");
  EXPECT_FALSE(server.try_send("hello"));
  EXPECT_EQ(receive(client).text(), "hello");
}

TEST_F(Udp, a_refusal_while_nobody_receives_is_kept_for_the_next_who_does) {
  Listener gone = listen();
  const Endpoint where = gone.local_endpoint();
  gone.close();
  settle(context);
  Connection client = dial(where);
  EXPECT_FALSE(client.try_send("hello?"));
  flush(client);
  ASSERT_TRUE(run_until(context, [&] { return client.stats().datagrams.unreachable > 0; }));
  EXPECT_EQ(client.try_receive(), std::nullopt);
  EXPECT_EQ(fail_to_receive(client), asio::error::connection_refused);
  EXPECT_FALSE(client.end_of_receiving()) << "it was no end";
}

TEST_F(Udp, a_send_after_a_refusal_is_not_lost) {
  Listener gone = listen();
  const Endpoint where = gone.local_endpoint();
  gone.close();
  settle(context);
  Connection client = dial(where);
  EXPECT_FALSE(client.try_send("into the void"));
  flush(client);  // the system tells the next to use the socket
  Listener back{context, where};
  EXPECT_FALSE(client.try_send("this one"));
  flush(client);
  Connection server = accept(back);
  EXPECT_EQ(receive(server).text(), "this one");
}

TEST_F(Udp, a_peer_of_a_listener_that_has_gone_is_counted_and_harms_nobody) {
  Listener listener = listen();
  Connection a = dial(listener.local_endpoint());
  EXPECT_FALSE(a.try_send("a"));
  Connection to_a = accept(listener);
  Connection b = dial(listener.local_endpoint());
  EXPECT_FALSE(b.try_send("b"));
  Connection to_b = accept(listener);
  a.abort();
  settle(context);
  EXPECT_FALSE(to_a.try_send("to nobody"));
  flush(to_a);
  ASSERT_TRUE(run_until(context, [&] { return listener.stats().datagrams.unreachable > 0; }));
  EXPECT_FALSE(to_b.try_send("to somebody"));
  EXPECT_EQ(receive(b).text(), "to somebody");
  EXPECT_FALSE(to_a.end_of_receiving());
}

TEST_F(Udp, a_connection_closes_alone_and_the_next_datagram_makes_another) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send("first"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "first");
  std::optional<Outcome<CloseReport>> closed;
  server.close(Deadline{10s}, store(closed));
  ASSERT_TRUE(run_until(context, [&] { return closed.has_value(); }));
  EXPECT_TRUE(closed->value.all_arrived());
  EXPECT_EQ(listener.connection_count(), 0U);
  EXPECT_FALSE(client.try_send("second"));
  Connection another = accept(listener);
  EXPECT_EQ(receive(another).text(), "second");
  EXPECT_EQ(another.remote_endpoint(), client.local_endpoint());
  EXPECT_EQ(listener.stats().connections_accepted, 2U);
}

TEST_F(Udp, closing_sends_what_is_queued) {
  Listener listener = listen();
  constexpr int count = 100;
  {
    Connection client = dial(listener.local_endpoint());
    for (int i = 0; i < count; ++i) EXPECT_FALSE(client.try_send(std::to_string(i)));
  }
  Connection server = accept(listener);
  for (int i = 0; i < count; ++i) EXPECT_EQ(receive(server).text(), std::to_string(i));
}

TEST_F(Udp, accepted_connections_outlive_their_listener_and_hold_its_address) {
  Listener listener = listen();
  const Endpoint where = listener.local_endpoint();
  Connection client = dial(where);
  EXPECT_FALSE(client.try_send("hello"));
  Connection server = accept(listener);
  listener.close();
  EXPECT_EQ(receive(server).text(), "hello");
  EXPECT_FALSE(server.try_send("still there"));
  EXPECT_EQ(receive(client).text(), "still there");
  Connection late = dial(where);
  EXPECT_FALSE(late.try_send("too late"));
  ASSERT_TRUE(run_until(context, [&] { return listener.stats().datagrams.lost_unwanted == 1; }));
  EXPECT_THROW((Listener{context, where}), Error);
  server.abort();
  settle(context);
  const Listener next{context, where};
}

TEST_F(Udp, has_no_end_that_a_peer_could_be_told) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  EXPECT_EQ(why_not([&] { client.end_sending(); }),
            "datagrams have no end of a direction that a peer could be told: close() ends " +
                listener.local_endpoint().to_string() + " on this side");
  EXPECT_EQ(client.partial().size(), 0U);
  EXPECT_THAT(why_not([&] { client.reframe(Separator{"\n"}); }), HasSubstr("a datagram is a message of its own"));
  client.reframe(LengthPrefixed{});
  EXPECT_FALSE(client.tls_info());
  EXPECT_FALSE(client.peer_credentials());
}

TEST_F(Udp, a_receive_is_cancelled_or_timed_out_and_takes_nothing) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send("hello"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "hello");
  asio::cancellation_signal cancel;
  std::optional<Outcome<Message>> got;
  server.receive(asio::bind_cancellation_slot(cancel.slot(), store(got)));
  settle(context);
  cancel.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context, [&] { return got.has_value(); }));
  EXPECT_EQ(got->code, asio::error::operation_aborted);
  got.reset();
  server.receive(Deadline{1ms}, store(got));
  ASSERT_TRUE(run_until(context, [&] { return got.has_value(); }));
  EXPECT_EQ(got->code, error::timed_out);
  EXPECT_FALSE(client.try_send("later"));
  EXPECT_EQ(receive(server).text(), "later");
}

TEST_F(Udp, an_accept_is_cancelled_or_timed_out_and_takes_no_connection) {
  Listener listener = listen();
  std::optional<Outcome<Connection>> in;
  listener.accept(Deadline{1ms}, store(in));
  ASSERT_TRUE(run_until(context, [&] { return in.has_value(); }));
  EXPECT_EQ(in->code, error::timed_out);
  asio::cancellation_signal cancel;
  in.reset();
  listener.accept(asio::bind_cancellation_slot(cancel.slot(), store(in)));
  settle(context);
  cancel.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context, [&] { return in.has_value(); }));
  EXPECT_EQ(in->code, asio::error::operation_aborted);
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send("hello"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "hello");
}

TEST_F(Udp, destroying_a_connection_ends_what_waits_on_it) {
  Listener listener = listen();
  std::optional<Outcome<Message>> got;
  {
    Connection client = dial(listener.local_endpoint());
    client.receive(store(got));
    settle(context);
  }
  ASSERT_TRUE(run_until(context, [&] { return got.has_value(); }));
  EXPECT_EQ(got->code, asio::error::operation_aborted);
}

TEST(UdpEnding, drops_what_waits_with_its_context) {
  std::optional<Connection> client, server;
  std::optional<Listener> listener;
  std::optional<Outcome<Message>> got;
  std::optional<Outcome<Connection>> in, out;
  {
    asio::io_context context;
    listener.emplace(context, "udp://127.0.0.1:0");
    listener->accept(store(in));
    connect(context.get_executor(), listener->local_endpoint(), {}, store(out));
    ASSERT_TRUE(run_until(context, [&] { return out.has_value(); }));
    client.emplace(std::move(out->value));
    EXPECT_FALSE(client->try_send("hello"));
    ASSERT_TRUE(run_until(context, [&] { return in.has_value(); }));
    server.emplace(std::move(in->value));
    in.reset();
    listener->accept(store(in));
    client->receive(store(got));
    EXPECT_FALSE(server->try_send("never written"));
  }
  EXPECT_FALSE(got);
  EXPECT_FALSE(in);
  EXPECT_EQ(listener->stats().connections_accepted, 1U);
}

TEST(UdpEnding, the_context_runs_out_of_work_when_all_is_closed) {
  asio::io_context context;
  {
    Listener listener{context, "udp://127.0.0.1:0"};
    const auto talk = [&]() -> asio::awaitable<void> {
      Connection client = co_await connect(listener.local_endpoint());
      co_await client.send("hello");
      Connection server = co_await listener.accept();
      co_await server.receive();
      listener.close();
    };
    EXPECT_TRUE(run_coroutine(context, talk()));
  }
  EXPECT_TRUE(support::run_to_end(context));
}

TEST(UdpBlocking, an_exchange_needs_no_loop_and_no_thread) {
  blocking::Listener listener{"udp://127.0.0.1:0"};
  blocking::Connection client{listener.local_endpoint()};
  client.send("question");
  blocking::Connection server = listener.accept(10s);
  EXPECT_EQ(server.receive(10s).text(), "question");
  server.send("answer");
  EXPECT_EQ(client.receive(10s).text(), "answer");
  server.send("a");
  server.send("b");
  EXPECT_EQ(client.receive(10s).text(), "a");
  EXPECT_EQ(client.try_receive()->text(), "b");
  EXPECT_EQ(listener.stats().connections_accepted, 1U);
  EXPECT_TRUE(client.close().all_arrived());
}

TEST(UdpThreads, many_may_use_a_listener_and_its_connections) {
  asio::io_context context;
  Listener listener{context.get_executor(), "udp://127.0.0.1:0"};
  asio::co_spawn(context, serve(listener, echo, 0s), asio::detached);
  constexpr int clients = 8;
  constexpr int messages = 300;
  std::atomic<int> left = clients;
  const auto talk = [&]() -> asio::awaitable<void> {
    Connection client = co_await connect(listener.local_endpoint());
    for (int i = 0; i < messages; ++i) {
      co_await client.send(std::to_string(i));
      const Message answer = co_await client.receive(10s);
      EXPECT_EQ(answer.text(), std::to_string(i));
    }
    if (--left == 0) listener.close();
  };
  for (int i = 0; i < clients; ++i) asio::co_spawn(asio::make_strand(context), talk(), asio::detached);
  EXPECT_TRUE(support::run_to_end(context, 4));
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace parley::datagrams
