// connect, Listener and serve over every scheme, and what goes wrong there.
#include "support/connection_results.hpp"
#include "support/scheme_options.hpp"
#include "support/temporary_folder.hpp"

#include <parley/connection/serve.hpp>
#include <parley/log.hpp>
#include <parley/run.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <mutex>
#include <thread>

#include <unistd.h>

#include <parley/transport/adapter.hpp>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::Outcome;
using support::run_coroutine;
using support::run_until;
using support::settle;
using support::store;

asio::awaitable<void> echo(Connection peer) {
  while (auto message = co_await peer.next()) co_await peer.send(std::move(*message));
}

class Scheme : public ::testing::TestWithParam<std::string> {
 protected:
  Endpoint endpoint() const {
    if (GetParam() == "tcp") return Endpoint{"tcp://127.0.0.1:0"};
    if (GetParam() == "unix") return Endpoint{"unix://" + folder.file("socket")};
    if (GetParam() == "inproc") return Endpoint{"inproc://tests-of-schemes"};
    return Endpoint{GetParam() + "://127.0.0.1:0"};
  }
  bool has_handshake() const {
    const std::vector<std::string> layered = support::layered_schemes();
    return std::find(layered.begin(), layered.end(), GetParam()) != layered.end();
  }

  /// A connected pair, the accepted end last.
  std::pair<Connection, Connection> connected(Listener& listener) {
    std::optional<Outcome<Connection>> out, in;
    listener.accept(store(in));
    connect(context.get_executor(), listener.local_endpoint(), options, store(out));
    EXPECT_TRUE(run_until(context, [&] { return out && in; }));
    EXPECT_FALSE(out->code) << out->code.message();
    EXPECT_FALSE(in->code) << in->code.message();
    return {std::move(out->value), std::move(in->value)};
  }

  support::TemporaryFolder folder;
  asio::io_context context;
  const ConnectOptions options = support::connect_options();
};

TEST_P(Scheme, connects_and_accepts_by_callbacks) {
  Listener listener{context, endpoint(), support::listener_options()};
  auto [client, server] = connected(listener);
  EXPECT_FALSE(client.post("hello"));
  std::optional<Outcome<Message>> got;
  server.receive(store(got));
  ASSERT_TRUE(run_until(context, [&] { return got.has_value(); }));
  EXPECT_EQ(got->value, "hello");
  EXPECT_EQ(client.remote_endpoint(), listener.local_endpoint());
  EXPECT_EQ(listener.connection_count(), 1U);
}

TEST_P(Scheme, connects_and_accepts_in_coroutines) {
  Listener listener{context, endpoint(), support::listener_options()};
  asio::co_spawn(
      context, [&]() -> asio::awaitable<void> { co_await echo(co_await listener.accept()); },
      [](std::exception_ptr thrown) { EXPECT_FALSE(thrown); });
  std::optional<Outcome<Connection>> second_in;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    Connection client = co_await connect(listener.local_endpoint(), options);
    co_await client.send("hello");
    EXPECT_EQ((co_await client.receive()).text(), "hello");
    listener.accept(store(second_in));  // a handshake needs both sides
    const auto [ec, second] = co_await connect(context.get_executor(), listener.local_endpoint(), options,
                                               asio::as_tuple(asio::use_awaitable));
    EXPECT_FALSE(ec);
  }));
  EXPECT_TRUE(run_until(context, [&] { return second_in.has_value(); }));
}

TEST_P(Scheme, connects_and_accepts_by_futures_from_another_thread) {
  auto work = asio::make_work_guard(context);
  Listener listener{context, endpoint(), support::listener_options()};
  std::vector<std::thread> running;
  for (int i = 0; i < 2; ++i) running.emplace_back([&] { context.run(); });
  {
    auto accepted = listener.accept(asio::use_future);
    Connection client = connect(context.get_executor(), listener.local_endpoint(), options, asio::use_future).get();
    Connection server = accepted.get();
    client.send("hello", asio::use_future).get();
    EXPECT_EQ(server.receive(asio::use_future).get(), Message{"hello"});
    EXPECT_TRUE(server.close(std::chrono::seconds{5}, asio::use_future).get().all_arrived());
  }
  context.stop();
  for (std::thread& each : running) each.join();
}

TEST_P(Scheme, an_accept_is_cancelled_or_timed_out_and_takes_no_connection) {
  Listener listener{context, endpoint(), support::listener_options()};
  asio::cancellation_signal signal;
  std::optional<Outcome<Connection>> cancelled, late;
  listener.accept(asio::bind_cancellation_slot(signal.slot(), store(cancelled)));
  listener.accept(Clock::now(), store(late));
  settle(context);
  signal.emit(asio::cancellation_type::total);
  ASSERT_TRUE(run_until(context, [&] { return cancelled && late; }));
  EXPECT_EQ(cancelled->code, asio::error::operation_aborted);
  EXPECT_FALSE(cancelled->value);
  EXPECT_EQ(late->code, error::timed_out);
  auto [client, server] = connected(listener);
  EXPECT_TRUE(server);
}

TEST_P(Scheme, closing_or_destroying_a_listener_ends_what_waits) {
  std::optional<Listener> listener{std::in_place, context, endpoint(), support::listener_options()};
  std::optional<Outcome<Connection>> first, second, third;
  listener->accept(store(first));
  listener->close();
  listener->accept(store(second));
  ASSERT_TRUE(run_until(context, [&] { return first && second; }));
  EXPECT_EQ(first->code, asio::error::operation_aborted);
  EXPECT_EQ(second->code, error::closed);
  listener.emplace(context, endpoint(), support::listener_options());
  listener->accept(store(third));
  listener.reset();
  ASSERT_TRUE(run_until(context, [&] { return third.has_value(); }));
  EXPECT_EQ(third->code, asio::error::operation_aborted);
  EXPECT_TRUE(support::run_to_end(context)) << "nothing is left to wait for";
}

TEST_P(Scheme, connecting_to_nobody_says_so) {
  Endpoint where = endpoint();
  {
    Listener listener{context, where, support::listener_options()};
    where = listener.local_endpoint();
  }
  settle(context);
  std::string sentence;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    try {
      Connection c = co_await connect(where, options);
    } catch (const Error& error) {
      sentence = error.what();
    }
  }));
  EXPECT_EQ(sentence.find("cannot connect to " + where.to_string() + ": "), 0U) << sentence;
}

TEST_P(Scheme, a_cancelled_connect_completes_once) {
  Listener listener{context, endpoint(), support::listener_options()};
  asio::cancellation_signal signal;
  std::optional<Outcome<Connection>> result;
  connect(context.get_executor(), listener.local_endpoint(), {},
          asio::bind_cancellation_slot(signal.slot(), store(result)));
  signal.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context, [&] { return result.has_value(); }));
  if (result->code) {
    EXPECT_EQ(result->code, asio::error::operation_aborted);
    EXPECT_FALSE(result->value);
  }
}

TEST_P(Scheme, drops_waiting_operations_with_its_context) {
  asio::co_spawn(
      context,
      [](Listener own) -> asio::awaitable<void> {
        for (;;) {
          Connection first = co_await own.accept();
          Connection second = co_await own.accept(std::chrono::hours{1});
        }
      }(Listener{context, endpoint(), support::listener_options()}),
      [](std::exception_ptr) {});
  settle(context);
}

TEST_P(Scheme, the_limit_on_open_connections_holds_others_back) {
  ListenerOptions single = support::listener_options();
  single.connections_max = 1;
  Listener listener{context, endpoint(), single};
  auto [client, server] = connected(listener);
  std::optional<Outcome<Connection>> next_in, next_out;
  listener.accept(store(next_in));
  connect(context.get_executor(), listener.local_endpoint(), options, store(next_out));
  // A handshake needs the other side, which has not accepted.
  if (!has_handshake()) {
    ASSERT_TRUE(run_until(context, [&] { return next_out.has_value(); }));
  }
  if (GetParam() == "inproc") {
    EXPECT_EQ(next_out->code, error::too_many_connections);
    return;
  }
  settle(context);
  EXPECT_FALSE(next_in);
  EXPECT_EQ(listener.connection_count(), 1U);
  server.abort();
  ASSERT_TRUE(run_until(context, [&] { return next_in && next_out; }));
  EXPECT_FALSE(next_in->code);
  EXPECT_FALSE(next_out->code);
}

TEST_P(Scheme, a_flood_of_messages_of_all_sizes_arrives_in_order_both_ways) {
  Listener listener{context, endpoint(), support::listener_options()};
  auto [client, server] = connected(listener);
  const auto body = [](int i) { return std::to_string(i) + std::string(static_cast<std::size_t>(i) * 37 % 5000, 'x'); };
  constexpr int count = 3'000;
  const auto send_all = [&](Connection& from) -> asio::awaitable<void> {
    for (int i = 0; i < count; ++i) co_await from.send(body(i));
  };
  const auto receive_all = [&](Connection& at) -> asio::awaitable<void> {
    for (int i = 0; i < count; ++i) EXPECT_EQ((co_await at.receive()).text(), body(i));
  };
  int done = 0;
  const auto on_end = [&](std::exception_ptr thrown) {
    EXPECT_FALSE(thrown);
    ++done;
  };
  for (Connection* each : {&client, &server}) {
    asio::co_spawn(context, send_all(*each), on_end);
    asio::co_spawn(context, receive_all(*each), on_end);
  }
  ASSERT_TRUE(run_until(context, [&] { return done == 4; }));
}

TEST_P(Scheme, many_threads_may_use_one_connection) {
  auto work = asio::make_work_guard(context);
  Listener listener{context, endpoint(), support::listener_options()};
  auto [client_end, server_end] = connected(listener);
  Connection& client = client_end;
  std::atomic<int> received = 0;
  constexpr int count = 2'000;
  asio::co_spawn(
      context,
      [&server = server_end, &received]() -> asio::awaitable<void> {
        while (co_await server.next()) ++received;
      },
      [](std::exception_ptr) {});
  context.restart();
  std::vector<std::thread> running;
  for (int i = 0; i < 2; ++i) running.emplace_back([&] { context.run(); });
  std::vector<std::thread> sending;
  for (int i = 0; i < 3; ++i) {
    sending.emplace_back([&] {
      for (int n = 0; n < count; ++n) {
        if (n % 100 == 0)
          client.send("sent", asio::use_future).get();
        else
          EXPECT_FALSE(client.post(std::string(static_cast<std::size_t>(n % 200), 'p')));
        (void)client.stats();
      }
    });
  }
  for (std::thread& each : sending) each.join();
  EXPECT_TRUE(client.close(std::chrono::seconds{20}, asio::use_future).get().all_arrived());
  for (int i = 0; i < 20'000 && received < 3 * count; ++i) std::this_thread::yield();
  context.stop();
  for (std::thread& each : running) each.join();
  context.restart();
  EXPECT_TRUE(run_until(context, [&] { return received == 3 * count; })) << received;
}

TEST_P(Scheme, the_kernel_tells_who_the_peer_is_on_unix_sockets_alone) {
  Listener listener{context, endpoint(), support::listener_options()};
  auto [near, far] = connected(listener);
  std::optional<PeerCredentials> expected;
  if (GetParam() == "unix")
    expected = {::getpid(), static_cast<std::uint32_t>(::geteuid()), static_cast<std::uint32_t>(::getegid())};
  EXPECT_EQ(near.peer_credentials(), expected);
  EXPECT_EQ(far.peer_credentials(), expected);
  (void)near.abort();
  EXPECT_EQ(near.peer_credentials(), expected);
}

INSTANTIATE_TEST_SUITE_P(All, Scheme, ::testing::Values("tcp", "unix", "inproc"),
                         [](const auto& test) { return test.param; });
INSTANTIATE_TEST_SUITE_P(Layered, Scheme, ::testing::ValuesIn(support::layered_schemes()),
                         [](const auto& test) { return test.param; });

// --- the log hook ----------------------------------------------------------------------------------------------------

TEST(LogHook, is_told_of_addresses_tried_and_of_connections_made_ended_and_closed) {
  std::vector<std::string> told;
  asio::io_context context;
  {
    Listener listener{context, "tcp://127.0.0.1:0"};
    set_log_hook([&](LogLevel level, std::string_view text, std::string_view endpoint) {
      EXPECT_EQ(level, LogLevel::debug);
      EXPECT_TRUE(endpoint.starts_with("tcp://127.0.0.1:")) << endpoint;
      told.emplace_back(text);
    });
    std::optional<Outcome<Connection>> in;
    listener.accept(store(in));
    EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      Connection client = co_await connect(listener.local_endpoint());
      co_await client.send("one");
      EXPECT_TRUE((co_await client.close(std::chrono::seconds{20})).all_arrived());
    }));
    ASSERT_TRUE(run_until(context, [&] { return in.has_value(); }));
    EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      EXPECT_TRUE((co_await in->value.next()).has_value());
      EXPECT_FALSE((co_await in->value.next()).has_value());
    }));
  }
  std::optional<Outcome<Connection>> refused;
  connect(context.get_executor(), "tcp://127.0.0.1:1", {}, store(refused));
  EXPECT_TRUE(run_until(context, [&] { return refused.has_value(); }));
  set_log_hook({});

  const auto count = [&](std::string_view beginning) {
    return std::count_if(told.begin(), told.end(), [&](const auto& each) { return each.starts_with(beginning); });
  };
  EXPECT_EQ(count("connected, from tcp://127.0.0.1:"), 2);
  EXPECT_EQ(count("closed: 1 messages sent, 0 received, 0 of those to send dropped"), 1);
  EXPECT_EQ(count("the peer closed the connection"), 1);
  EXPECT_EQ(count("no connection to 127.0.0.1:1: connection refused"), 1);
}

// --- serve -----------------------------------------------------------------------------------------------------------

class Serve : public ::testing::Test {
 protected:
  void TearDown() override { set_log_hook({}); }

  void start(ServeHandler handler, std::chrono::milliseconds drain = std::chrono::seconds{10}) {
    asio::co_spawn(context, serve(listener, std::move(handler), drain),
                   asio::bind_cancellation_slot(cancel.slot(), [this](std::exception_ptr thrown) {
                     ended = true;
                     failure = thrown;
                   }));
  }

  void start_until_signal(ServeHandler handler, std::chrono::milliseconds drain) {
    asio::co_spawn(context, serve_until_signal(listener, std::move(handler), drain), [this](std::exception_ptr thrown) {
      ended = true;
      failure = thrown;
    });
  }

  asio::awaitable<Connection> client() { return connect(listener.local_endpoint()); }

  asio::awaitable<void> exchange_one() {
    Connection c = co_await client();
    co_await c.send("ping");
    EXPECT_EQ((co_await c.receive()).text(), "ping");
  }

  asio::io_context context;
  Listener listener{context, "tcp://127.0.0.1:0"};
  asio::cancellation_signal cancel;
  bool ended = false;
  std::exception_ptr failure;
};

TEST_F(Serve, gives_each_connection_its_handler) {
  start(echo);
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 10; ++i) co_await exchange_one();
  }));
  listener.close();
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
  EXPECT_FALSE(failure);
}

TEST_F(Serve, an_exception_of_a_handler_is_logged_and_confined) {
  std::vector<std::string> told;
  set_log_hook([&](LogLevel level, std::string_view text, std::string_view endpoint) {
    if (level == LogLevel::warning) told.push_back(std::string{text} + " | " + std::string{endpoint.substr(0, 16)});
  });
  int count = 0;
  start([&count](Connection peer) -> asio::awaitable<void> {
    if (++count == 1) throw std::runtime_error{"first thing"};
    co_await echo(std::move(peer));
  });
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    Connection c = co_await client();
    EXPECT_EQ(co_await c.next(), std::nullopt);
    co_await exchange_one();
  }));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], "a handler threw: first thing | tcp://127.0.0.1:");
  EXPECT_FALSE(ended);
}

TEST_F(Serve, the_end_of_another_stream_that_leaves_a_handler_is_a_warning_and_that_of_its_peer_is_none) {
  std::vector<std::string> warnings;
  set_log_hook([&](LogLevel level, std::string_view text, std::string_view) {
    if (level == LogLevel::warning) warnings.emplace_back(text);
  });
  int count = 0;
  start([&count](Connection peer) -> asio::awaitable<void> {
    co_await peer.receive();
    if (++count == 1) throw boost::system::system_error{asio::error::eof, "its data base"};
    co_await peer.receive();
  });
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      Connection c = co_await client();
      co_await c.send("hello");
      co_await c.close(std::chrono::seconds{5});
    }
  }));
  listener.close();
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(warnings[0].starts_with("a handler ended with: its data base")) << warnings[0];
}

TEST_F(Serve, an_exception_before_the_handler_is_a_coroutine_is_confined_too) {
  int count = 0;
  start([&count](Connection peer) {
    if (++count == 1) throw std::runtime_error{"no coroutine yet"};
    return echo(std::move(peer));
  });
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    Connection c = co_await client();
    EXPECT_EQ(co_await c.next(), std::nullopt);
    co_await exchange_one();
  }));
  listener.close();
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
  EXPECT_FALSE(failure);
}

TEST_F(Serve, delivers_what_a_handler_leaves_in_the_queue) {
  start([](Connection peer) -> asio::awaitable<void> {
    for (int i = 0; i < 1000; ++i) co_await peer.send(std::string(1000, 'x'));
  });
  int got = 0;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    Connection c = co_await client();
    while (co_await c.next()) ++got;
  }));
  EXPECT_EQ(got, 1000);
}

TEST_F(Serve, waits_for_handlers_to_end_when_the_listener_is_closed) {
  start(echo);
  std::optional<Connection> c;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    c = co_await client();
    co_await c->send("ping");
    co_await c->receive();
    listener.close();
    co_await c->send("still there?");
    EXPECT_EQ((co_await c->receive()).text(), "still there?");
  }));
  EXPECT_FALSE(ended);
  c.reset();
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
}

TEST_F(Serve, cancels_handlers_that_outlast_the_drain) {
  bool aborted = false;
  start(
      [&](Connection peer) -> asio::awaitable<void> {
        try {
          co_await peer.receive();
        } catch (const Error& error) {
          aborted = error.code() == asio::error::operation_aborted;
        }
      },
      std::chrono::milliseconds{1});
  std::optional<Connection> c;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    c = co_await client();
    co_await c->send("x");
    EXPECT_TRUE(true);
  }));
  std::optional<Connection> mute;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> { mute = co_await client(); }));
  ASSERT_TRUE(run_until(context, [&] { return listener.connection_count() >= 1; }));
  settle(context);
  listener.close();
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
  EXPECT_TRUE(aborted);
}

TEST_F(Serve, returns_though_a_handler_will_not_end_and_leaves_it_its_captures) {
  auto resource = std::make_shared<int>(7);
  asio::steady_timer never{context, std::chrono::hours{1}};
  bool used = false;
  start(
      [resource, &never, &used](Connection) -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        error_code ec;
        co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        used = *resource == 7;
      },
      std::chrono::milliseconds{1});
  std::optional<Connection> c;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> { c = co_await client(); }));
  settle(context);
  listener.close();
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
  never.cancel();
  ASSERT_TRUE(run_until(context, [&] { return used; }));
}

TEST_F(Serve, stops_when_it_is_cancelled) {
  start(echo, std::chrono::milliseconds{1});
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> { co_await exchange_one(); }));
  cancel.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
}

TEST_F(Serve, until_a_signal_is_not_held_up_by_an_idle_client) {
  start_until_signal(echo, std::chrono::hours{1});
  std::optional<Connection> c;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    c = co_await client();
    co_await c->send("ping");
    co_await c->receive();
  }));
  ::raise(SIGTERM);
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
  EXPECT_FALSE(failure);
  EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> { EXPECT_EQ(co_await c->next(), std::nullopt); }));
}

TEST_F(Serve, until_a_signal_answers_what_it_has_received) {
  asio::steady_timer work{context, asio::steady_timer::time_point::max()};
  bool began = false;
  start_until_signal(
      [&](Connection peer) -> asio::awaitable<void> {
        while (auto request = co_await peer.next()) {
          began = true;
          error_code ignored;
          co_await work.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
          co_await peer.send(std::move(*request));
        }
      },
      std::chrono::hours{1});
  std::optional<Connection> c;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    c = co_await client();
    for (const char* each : {"one", "two", "three"}) co_await c->send(each);
  }));
  ASSERT_TRUE(run_until(context, [&] { return began; }));
  ::raise(SIGTERM);
  settle(context);
  EXPECT_FALSE(ended) << "a handler still works";
  EXPECT_FALSE(c->post("too late"));
  settle(context);
  work.expires_at(asio::steady_timer::time_point::min());
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    for (const char* each : {"one", "two", "three"}) EXPECT_EQ((co_await c->receive()).text(), each);
  }));
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
  EXPECT_FALSE(failure);
}

TEST_F(Serve, until_a_signal_may_run_on_many_threads) {
  for (int i = 0; i < 100; ++i) {
    ended = false;
    Listener here{context, "tcp://127.0.0.1:0"};
    asio::co_spawn(context, serve_until_signal(here, echo, std::chrono::hours{1}),
                   [this](std::exception_ptr) { ended = true; });
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          Connection c = co_await connect(here.local_endpoint());
          co_await c.send("ping");
          co_await c.receive();
          ::raise(SIGINT);
          EXPECT_EQ(co_await c.next(), std::nullopt);
        },
        [](std::exception_ptr thrown) { EXPECT_FALSE(thrown); });
    ASSERT_TRUE(support::run_to_end(context, 3));
    ASSERT_TRUE(ended);
  }
}

TEST_F(Serve, a_second_signal_ends_the_drain_at_once) {
  asio::steady_timer never{context, asio::steady_timer::time_point::max()};
  start_until_signal(
      [&never](Connection peer) -> asio::awaitable<void> {
        co_await peer.send("begun");
        co_await never.async_wait(asio::use_awaitable);
      },
      std::chrono::hours{1});
  std::optional<Connection> c;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    c = co_await client();
    co_await c->receive();
  }));
  ::raise(SIGINT);
  settle(context);
  EXPECT_FALSE(ended);
  ::raise(SIGINT);
  ASSERT_TRUE(run_until(context, [&] { return ended; }));
}

TEST_F(Serve, goes_with_its_context) {
  start(echo);
  std::optional<Connection> c;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    c = co_await client();
    co_await c->send("ping");
    co_await c->receive();
  }));
}

// --- the rest --------------------------------------------------------------------------------------------------------

TEST(Sockets, sending_to_a_closed_peer_is_an_error_and_no_signal) {
  for (const bool tcp : {true, false}) {
    asio::io_context context;
    std::optional<Connection> ours, theirs;
    if (tcp) {
      Listener listener{context, "tcp://127.0.0.1:0"};
      std::optional<Outcome<Connection>> out, in;
      listener.accept(store(in));
      connect(context.get_executor(), listener.local_endpoint(), {}, store(out));
      ASSERT_TRUE(run_until(context, [&] { return out && in; }));
      ours = std::move(out->value);
      theirs = std::move(in->value);
    } else {
      asio::local::stream_protocol::socket a{context}, b{context};
      asio::local::connect_pair(a, b);
      ours.emplace(transport::make_stream(std::move(a)));
      theirs.emplace(transport::make_stream(std::move(b)));
    }
    theirs->abort();
    error_code code;
    ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      try {
        for (;;) {
          co_await ours->send(std::string(10'000, 'x'));
          co_await ours->flush();
        }
      } catch (const Error& error) {
        code = error.code();
      }
    }));
    EXPECT_TRUE(code == asio::error::broken_pipe || code == asio::error::connection_reset) << code.message();
    const auto report = [&] {
      std::optional<Outcome<CloseReport>> closed;
      ours->close(std::chrono::hours{1}, store(closed));
      EXPECT_TRUE(run_until(context, [&] { return closed.has_value(); }));
      return closed->value;
    }();
    EXPECT_GT(report.unsent_count, 0U);
  }
}

TEST(Sockets, close_reports_what_a_tcp_peer_did_not_read) {
  asio::io_context context;
  Listener listener{context, "tcp://127.0.0.1:0"};
  asio::ip::tcp::socket deaf{context};
  std::optional<Outcome<Connection>> in;
  listener.accept(store(in));
  deaf.connect({asio::ip::address_v4::loopback(), listener.local_endpoint().port()});
  ASSERT_TRUE(run_until(context, [&] { return in.has_value(); }));
  Connection& connection = in->value;
  constexpr std::size_t count = 40;
  constexpr std::size_t frame = 1'000'004;
  for (std::size_t i = 0; i < count; ++i) EXPECT_FALSE(connection.post(std::string(1'000'000, 'x')));
  settle(context);
  std::optional<Outcome<CloseReport>> closed;
  connection.close(std::chrono::milliseconds{100}, store(closed));
  ASSERT_TRUE(run_until(context, [&] { return closed.has_value(); }));
  const std::uint64_t written = connection.stats().bytes_sent;
  EXPECT_EQ(closed->value.unsent_size, count * frame - written);
  EXPECT_EQ(closed->value.unsent_count, count - written / frame);
  EXPECT_FALSE(closed->value.all_arrived());
}

TEST(Run, with_a_poll_budget_returns_when_there_is_no_work_left) {
  asio::io_context context;
  int ran = 0;
  for (int i = 0; i < 10; ++i) asio::post(context, [&] { ++ran; });
  asio::steady_timer timer{context, std::chrono::milliseconds{2}};
  timer.async_wait([&](error_code) { ++ran; });
  EXPECT_EQ(run(context, {.poll = std::chrono::microseconds{50}}), 11U);
  EXPECT_EQ(ran, 11);
  context.restart();
  EXPECT_EQ(run(context, {.poll = std::chrono::microseconds{50}}), 0U);
}

TEST(Run, stops_when_the_context_is_stopped_and_goes_on_after_an_exception) {
  asio::io_context context;
  auto work = asio::make_work_guard(context);
  asio::post(context, [] { throw std::runtime_error{"out"}; });
  asio::post(context, [&] { context.stop(); });
  EXPECT_THROW(run(context, {.poll = std::chrono::microseconds{50}}), std::runtime_error);
  run(context, {.poll = std::chrono::microseconds{50}});
  EXPECT_TRUE(context.stopped());
}

TEST(LogHook, may_be_replaced_while_others_call_it) {
  asio::io_context context;
  Listener listener{context, "tcp://127.0.0.1:0"};
  std::atomic<bool> stop = false;
  std::thread changing{[&] {
    while (!stop) {
      set_log_hook([](LogLevel, std::string_view text, std::string_view) { EXPECT_FALSE(text.empty()); });
      set_log_hook({});
    }
  }};
  asio::co_spawn(context,
                 serve(listener,
                       [](Connection) -> asio::awaitable<void> {
                         throw std::runtime_error{"x"};
                         co_return;
                       }),
                 [](std::exception_ptr) {});
  EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 100; ++i) {
      Connection c = co_await connect(listener.local_endpoint());
      (void)co_await c.next();
    }
  }));
  stop = true;
  changing.join();
  set_log_hook({});
}

}  // namespace
}  // namespace parley
