// Sockets over real transports, and raw peers that speak well, badly or not at all.
#include <parley/socket/socket.hpp>

#include "support/aiomsg_frames.hpp"
#include "support/run_context.hpp"
#include "support/scheme_options.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using support::aiomsg_acknowledgement;
using support::aiomsg_data;
using support::aiomsg_hello;
using support::aiomsg_request;
using namespace std::chrono_literals;
using namespace std::string_literals;

using Texts = std::vector<std::string>;

/// Runs one coroutine to its end.
template <class Body>
void run(Body body) {
  asio::io_context context;
  bool is_done = false;
  std::exception_ptr failure;
  asio::co_spawn(context, body(context.get_executor()), [&](std::exception_ptr e) {
    failure = e;
    is_done = true;
  });
  ASSERT_TRUE(support::run_until(context, [&] { return is_done; }));
  if (failure) std::rethrow_exception(failure);
  EXPECT_TRUE(support::run_to_end(context)) << "something goes on after the sockets have gone";
}

asio::awaitable<Texts> receive_texts(Socket& socket, std::size_t count) {
  Texts texts;
  while (texts.size() < count) {
    Received r = co_await socket.receive(5s);
    texts.push_back(r.text());
  }
  co_return texts;
}

/// (GCC 12 cannot make a vector of a list in a coroutine.)
Texts only(const std::string& text) { return Texts(1, text); }

Texts numbered(int from, int to) {
  Texts texts;
  for (int i = from; i < to; ++i) texts.push_back("m" + std::to_string(i));
  return texts;
}

std::vector<std::string> schemes() {
  std::vector<std::string> all{"tcp", "unix", "inproc"};
  for (const std::string& layered : support::layered_schemes()) all.push_back(layered);
  return all;
}

Endpoint bind_address(const std::string& scheme, const support::TemporaryFolder& folder) {
  if (scheme == "inproc") return "inproc://tests-of-sockets";
  return scheme == "unix" ? Endpoint::unix_path(folder.file("socket")) : Endpoint{scheme + "://127.0.0.1:0"};
}

class SocketSchemes : public ::testing::TestWithParam<std::string> {
 protected:
  support::TemporaryFolder folder;
  const EndpointOptions server = EndpointOptions{}.transport(support::server_transport());
  const EndpointOptions client = EndpointOptions{}.transport(support::client_transport());
  [[nodiscard]] Endpoint address() const { return bind_address(GetParam(), folder); }
};

TEST_P(SocketSchemes, carry_messages_both_ways) {
  run([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket a{executor};
    Endpoint at = co_await a.bind(address(), server);
    Socket b{executor};
    b.connect(at, client);
    const Texts sent = numbered(0, 500);
    for (const std::string& text : sent) co_await b.send(text);
    EXPECT_EQ(co_await receive_texts(a, 500), sent);
    const std::string large(300'000, 'L');
    co_await a.send(large);
    const Texts large_texts = co_await receive_texts(b, 1);
    EXPECT_EQ(large_texts, only(large));
    SocketCloseReport left = co_await b.close(5s);
    EXPECT_TRUE(left.all_arrived());
    co_await a.close(5s);
  });
}

TEST_P(SocketSchemes, come_together_again_after_a_restart_of_the_listener) {
  run([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket b{executor};
    std::optional<Socket> a{std::in_place, executor};
    const Endpoint at = co_await a->bind(address(), server);
    b.connect(at, client);
    co_await b.send("before");
    EXPECT_EQ(co_await receive_texts(*a, 1), only("before"));
    co_await a->close(1s);
    a.emplace(executor);
    co_await b.send("between");
    co_await a->bind(at, server);
    const Texts got = co_await receive_texts(*a, 1);
    EXPECT_EQ(got, only("between"));
    co_await b.close(1s);
    co_await a->close(1s);
  });
}

INSTANTIATE_TEST_SUITE_P(All, SocketSchemes, ::testing::ValuesIn(schemes()), [](const auto& p) { return p.param; });

TEST(Socket, is_as_short_to_use_as_it_should_be) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    SocketOptions options;
    options.send_mode = SendMode::publish;
    Socket hub{executor, options};
    const Endpoint at = co_await hub.bind("tcp://127.0.0.1:0");
    Socket one{executor};
    Socket two{executor};
    one.connect(at);
    two.connect(at);
    co_await hub.wait_for_peers(2, 5s);
    co_await hub.send("to everyone");
    EXPECT_EQ(co_await receive_texts(one, 1), only("to everyone"));
    EXPECT_EQ(co_await receive_texts(two, 1), only("to everyone"));
    co_await one.send("question");
    Received r = co_await hub.receive();
    co_await hub.send_to(r.sender, "only you");
    EXPECT_EQ(co_await receive_texts(one, 1), only("only you"));
    EXPECT_EQ(hub.peers().size(), 2U);
  });
}

TEST(Socket, at_least_once_is_confirmed) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket a{executor};
    const Endpoint at = co_await a.bind("tcp://127.0.0.1:0");
    SocketOptions options;
    options.delivery = Delivery::at_least_once;
    Socket b{executor, options};
    b.connect(at);
    co_await b.send_confirmed("important");
    EXPECT_EQ(b.stats().unacknowledged_count, 0U);
    EXPECT_EQ(co_await receive_texts(a, 1), only("important"));
  });
}

TEST(Socket, the_application_may_acknowledge) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    SocketOptions careful;
    careful.acknowledge = Acknowledge::by_application;
    Socket a{executor, careful};
    const Endpoint at = co_await a.bind("tcp://127.0.0.1:0");
    SocketOptions options;
    options.delivery = Delivery::at_least_once;
    Socket b{executor, options};
    b.connect(at);
    co_await b.send("work");
    const Received r = co_await a.receive(5s);
    EXPECT_EQ(b.stats().unacknowledged_count, 1U);
    r.acknowledge();
    const SocketCloseReport left = co_await b.close(5s);
    EXPECT_EQ(left.unacknowledged_count, 0U);
  });
}

TEST(Socket, a_message_may_outlive_the_loop) {
  std::optional<Received> work;
  {
    asio::io_context context;
    SocketOptions careful;
    careful.acknowledge = Acknowledge::by_application;
    Socket a{context.get_executor(), careful};
    SocketOptions options;
    options.delivery = Delivery::at_least_once;
    Socket b{context.get_executor(), options};
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          const Endpoint at = co_await a.bind("tcp://127.0.0.1:0");
          b.connect(at);
          co_await b.send("work");
          work = co_await a.receive(5s);
        },
        asio::detached);
    ASSERT_TRUE(support::run_until(context, [&] { return work.has_value(); }));
  }
  work->acknowledge();  // to nobody
  EXPECT_EQ(work->text(), "work");
}

TEST(Socket, what_the_application_declines_comes_again) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    SocketOptions careful;
    careful.acknowledge = Acknowledge::by_application;
    Socket a{executor, careful};
    const Endpoint at = co_await a.bind("tcp://127.0.0.1:0");
    SocketOptions options;
    options.delivery = Delivery::at_least_once;
    options.resend_after = 50ms;
    Socket b{executor, options};
    b.connect(at);
    co_await b.send("work");
    const Received first = co_await a.receive(5s);
    first.decline();
    const Received second = co_await a.receive(5s);
    EXPECT_EQ(second.text(), "work");
    second.acknowledge();
    const SocketCloseReport left = co_await b.close(5s);
    EXPECT_EQ(left.unacknowledged_count, 0U);
    co_await a.close(5s);
  });
}

TEST(Socket, receiving_ends_by_its_deadline_and_takes_nothing) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket a{executor};
    try {
      co_await a.receive(10ms);
      ADD_FAILURE();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), error::timed_out);
    }
  });
}

TEST(Socket, destroying_it_completes_what_is_pending) {
  asio::io_context context;
  std::optional<Socket> socket{std::in_place, context.get_executor()};
  std::optional<error_code> received;
  std::optional<error_code> waited;
  socket->receive([&](error_code ec, const Received&) { received = ec; });
  socket->wait_for_peers(1, Deadline{}, [&](error_code ec) { waited = ec; });
  socket.reset();
  ASSERT_TRUE(support::run_to_end(context));
  EXPECT_EQ(received, asio::error::operation_aborted);
  EXPECT_EQ(waited, asio::error::operation_aborted);
}

TEST(Socket, tells_why_it_dials_again) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket socket{executor};
    socket.connect("tcp://127.0.0.1:1");
    const SocketEvent event = co_await socket.next_event(5s);
    EXPECT_EQ(event.kind, SocketEvent::Kind::retrying);
    EXPECT_EQ(event.cause, asio::error::connection_refused);
    EXPECT_EQ(event.sentence, "cannot connect to tcp://127.0.0.1:1: connection refused");
  });
}

TEST(Socket, a_peer_that_is_cut_off_is_lost_to_both_sides_and_may_come_back) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket a{executor};
    const Endpoint at = co_await a.bind("tcp://127.0.0.1:0");
    Socket b{executor};
    b.connect(at);
    co_await a.wait_for_peers(1, 5s);
    co_await b.wait_for_peers(1, 5s);
    EXPECT_TRUE(a.cut_off(b.identity()));
    EXPECT_FALSE(a.cut_off(b.identity()));
    for (Socket* each : {&a, &b}) {
      std::vector<SocketEvent::Kind> told;
      while (told.empty() || told.back() != SocketEvent::Kind::peer_lost) {
        const SocketEvent event = co_await each->next_event(5s);
        told.push_back(event.kind);
      }
    }
    co_await b.send("back again");
    const Texts got = co_await receive_texts(a, 1);
    EXPECT_EQ(got, only("back again"));
    co_await b.close(1s);
    co_await a.close(1s);
  });
}

// --- raw peers -------------------------------------------------------------------------------------------------------

/// The greeting of one whose identity ends so.
std::string hello_of(char last) {
  return aiomsg_hello("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe"s + last);
}

const std::string hello_b = hello_of('\xff');

/// A stream of bytes to a socket, from somebody who knows no library.
class AsyncRawPeer {
 public:
  AsyncRawPeer(const asio::any_io_executor& executor, const Endpoint& at) : socket_{executor} {
    socket_.connect({asio::ip::make_address(std::string{at.host()}), at.port()});
  }
  asio::awaitable<void> write(std::string bytes) {
    co_await asio::async_write(socket_, asio::buffer(bytes), asio::use_awaitable);
  }
  asio::awaitable<void> try_write(std::string bytes) {
    co_await asio::async_write(socket_, asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
  }
  asio::awaitable<std::string> read(std::size_t size) {
    std::string bytes(size, '\0');
    co_await asio::async_read(socket_, asio::buffer(bytes), asio::use_awaitable);
    co_return bytes;
  }
  /// Whether the other side has ended it, with no more than a greeting before.
  asio::awaitable<bool> is_ended() {
    std::string bytes(hello_b.size() + 1, '\0');
    const auto [ec, size] =
        co_await asio::async_read(socket_, asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
    co_return ec == asio::error::eof || ec == asio::error::connection_reset;
  }

 private:
  tcp::socket socket_;
};

TEST(Socket, understands_a_greeting_and_messages_in_one_write) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket socket{executor};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
    AsyncRawPeer peer{executor, at};
    std::string bytes = hello_b;
    for (const std::string& text : numbered(0, 10)) bytes += aiomsg_data(text);
    co_await peer.write(bytes);
    const Texts got = co_await receive_texts(socket, 10);
    EXPECT_EQ(got, numbered(0, 10));
    const std::string answer = co_await peer.read(22);
    EXPECT_EQ(answer.substr(0, 6), "\0\0\0\x12\1\1"s);
    EXPECT_EQ(socket.peers().at(0).identity.to_string(), "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    co_await socket.send("x");
    EXPECT_EQ(co_await peer.read(6), aiomsg_data("x"));
  });
}

TEST(Socket, understands_a_peer_that_sends_byte_by_byte) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket socket{executor};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
    AsyncRawPeer peer{executor, at};
    for (const char c : hello_b + aiomsg_data("m1") + aiomsg_data("m2")) co_await peer.write(std::string(1, c));
    const Texts got = co_await receive_texts(socket, 2);
    EXPECT_EQ(got, numbered(1, 3));
  });
}

/// What is told of a peer that sends these bytes, and is turned away.
asio::awaitable<SocketEvent> refusal_of(std::string bytes) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Socket socket{executor};
  const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
  AsyncRawPeer peer{executor, at};
  co_await peer.write(bytes);
  SocketEvent event = co_await socket.next_event(5s);
  while (event.kind == SocketEvent::Kind::peer_up) event = co_await socket.next_event(5s);
  EXPECT_TRUE(co_await peer.is_ended());
  co_return event;
}

struct Stranger {
  const char* name;
  std::string bytes;
  error code;
  std::string sentence;
};

class SocketStrangers : public ::testing::TestWithParam<Stranger> {};

TEST_P(SocketStrangers, are_turned_away_with_a_reason) {
  run([](asio::any_io_executor) -> asio::awaitable<void> {
    const SocketEvent event = co_await refusal_of(GetParam().bytes);
    EXPECT_EQ(event.cause, GetParam().code);
    EXPECT_EQ(event.sentence.substr(0, event.sentence.find(" (tcp://")), GetParam().sentence);
  });
}

INSTANTIATE_TEST_SUITE_P(
    All, SocketStrangers,
    ::testing::Values(Stranger{"another_protocol", "SSH-2.0-OpenSSH", error::malformed,
                               "the peer speaks neither the aiomsg protocol nor WebSocket"},
                      Stranger{"data_first", aiomsg_data("too early"), error::malformed,
                               "the peer began with something other than a greeting of the aiomsg protocol"},
                      Stranger{"another_version", "\0\0\0\x12\1\2"s + std::string(16, 'i'), error::handshake_failed,
                               "the peer speaks another version of the aiomsg protocol than 1"},
                      Stranger{"short_identity", "\0\0\0\3\1\1\xff"s, error::malformed,
                               "the peer sent a greeting of the wrong length"},
                      Stranger{"liar", hello_b + "\xff\xff\xff\xff\3"s, error::message_too_large,
                               "message of 4294967294 bytes exceeds the limit of 67108864"},
                      Stranger{"short_request", hello_b + "\0\0\0\5\4abcd"s, error::malformed,
                               "the peer sent a request too short for its id"}),
    [](const auto& p) { return p.param.name; });

std::size_t count_of(const std::vector<SocketEvent>& events, SocketEvent::Kind kind) {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(), [kind](const SocketEvent& each) { return each.kind == kind; }));
}

TEST(Socket, holds_back_those_who_come_and_go_and_leave_their_messages) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    constexpr std::size_t producers = 50;
    SocketOptions small;
    small.receive_high_water_size = 1000;
    Socket socket{executor, small};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
    std::vector<SocketEvent> events;
    for (std::size_t i = 0; i < producers; ++i) {
      {
        AsyncRawPeer producer{executor, at};
        co_await producer.write(hello_of(static_cast<char>(i)) + aiomsg_data(std::string(100, 'x')));
      }
      while (count_of(events, SocketEvent::Kind::peer_up) <= i) events.push_back(co_await socket.next_event(5s));
    }
    EXPECT_GT(socket.peers().size(), producers / 2);  // their ends have not been looked for
    const Texts got = co_await receive_texts(socket, producers);
    EXPECT_EQ(std::count(got.begin(), got.end(), std::string(100, 'x')), static_cast<std::ptrdiff_t>(producers));
  });
}

TEST(Socket, lets_those_in_who_speak_however_many_are_silent) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    TransportOptions transport;
    transport.handshakes_max = 4;
    EndpointOptions few;
    few.transport(transport);
    Socket socket{executor};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0", few);
    std::list<AsyncRawPeer> silent;
    for (int i = 0; i < 20; ++i) silent.emplace_back(executor, at);
    AsyncRawPeer peer{executor, at};
    co_await peer.write(hello_b + aiomsg_data("m0"));
    const Texts got = co_await receive_texts(socket, 1);
    EXPECT_EQ(got, numbered(0, 1));
    const SocketEvent refused = co_await socket.next_event(5s);
    EXPECT_EQ(refused.cause, error::too_many_connections);
    EXPECT_EQ(refused.sentence.substr(0, refused.sentence.find(" (tcp://")),
              "the peer said nothing while 4 others came");
  });
}

TEST(Socket, what_waits_for_a_peer_expires) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket socket{executor};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
    co_await socket.send("old news", SendOptions{}.time_to_live(20ms));
    const SocketEvent dropped = co_await socket.next_event(5s);
    EXPECT_EQ(dropped.kind, SocketEvent::Kind::dropped);
    EXPECT_EQ(dropped.cause, error::timed_out);
    EXPECT_EQ(socket.stats().kept_count, 0U);
  });
}

TEST(Socket, what_expires_while_it_closes_is_reported) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket socket{executor};
    co_await socket.send("soon", SendOptions{}.time_to_live(50ms));
    SocketCloseReport left = co_await socket.close(5s);
    EXPECT_EQ(left.unsent_count, 1U);
  });
}

TEST(Socket, an_acknowledgement_counts_from_whom_the_message_was_sent_to) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    SocketOptions options;
    options.delivery = Delivery::at_least_once;
    Socket socket{executor, options};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
    AsyncRawPeer peer{executor, at};
    co_await peer.write(hello_b);
    co_await peer.read(22);
    co_await socket.send("for b");
    const std::string request = co_await peer.read(4 + 1 + 16 + 5);
    const std::string acknowledgement = aiomsg_acknowledgement(request.substr(5, 16));
    AsyncRawPeer forger{executor, at};
    co_await forger.write(hello_of('c') + acknowledgement + aiomsg_data("acknowledged"));
    co_await socket.receive(5s);
    EXPECT_EQ(socket.stats().unacknowledged_count, 1U);
    co_await peer.write(acknowledgement + aiomsg_data("acknowledged"));
    co_await socket.receive(5s);
    EXPECT_EQ(socket.stats().unacknowledged_count, 0U);
  });
}

TEST(Socket, who_asks_and_never_reads_the_answers_is_cut_off) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    SocketOptions options;
    options.message_size_max = 100;
    options.send_high_water_size = 1000;
    Socket socket{executor, options};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
    asio::co_spawn(
        executor,
        [&socket]() -> asio::awaitable<void> {
          for (;;) {
            const auto [ec, received] = co_await socket.receive(asio::as_tuple(asio::use_awaitable));
            if (ec) co_return;
          }
        },
        asio::detached);
    AsyncRawPeer flood{executor, at};
    co_await flood.write(hello_b);
    std::string requests;
    for (int i = 0; i < 10'000; ++i) requests += aiomsg_request(std::string(16, 'i'), {});
    std::optional<SocketEvent> lost;
    while (!lost) {
      co_await flood.try_write(requests);
      while (auto event = socket.try_next_event()) {
        if (event->kind == SocketEvent::Kind::peer_lost) lost = std::move(event);
      }
    }
    EXPECT_EQ(lost->cause, error::peer_too_slow);
    co_await socket.close(1s);
  });
}

struct Unwritten {
  SocketCloseReport report;
  std::uint64_t dropped_count = 0;  // as events say
};

/// What becomes of 16 MiB for a peer that greets and never reads, when this side disconnects, if it does, and closes.
asio::awaitable<Unwritten> leave_deaf_peer(Delivery delivery, bool disconnects = true) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor{executor, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  acceptor.set_option(tcp::socket::receive_buffer_size{64 * 1024});
  const Endpoint at = "tcp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  SocketOptions options;
  options.delivery = delivery;
  options.send_high_water_size = options.unacknowledged_size_max = std::size_t{32} << 20;
  Socket socket{executor, options};
  socket.connect(at);
  tcp::socket deaf = co_await acceptor.async_accept(asio::use_awaitable);
  co_await asio::async_write(deaf, asio::buffer(hello_b), asio::use_awaitable);
  co_await socket.wait_for_peers(1, 5s);
  for (int i = 0; i < 16; ++i) co_await socket.send(std::string(std::size_t{1} << 20, 'x'));
  if (disconnects) socket.disconnect(at);
  Unwritten left;
  left.report = co_await socket.close(50ms);
  while (const auto event = socket.try_next_event()) {
    if (event->kind == SocketEvent::Kind::dropped) left.dropped_count += event->count;
  }
  co_return left;
}

TEST(Socket, what_disconnect_could_not_write_is_told_and_counted) {
  run([](asio::any_io_executor) -> asio::awaitable<void> {
    const Unwritten left = co_await leave_deaf_peer(Delivery::at_most_once);
    EXPECT_GT(left.report.unsent_count, 0U);
    EXPECT_EQ(left.dropped_count, left.report.unsent_count);
  });
}

TEST(Socket, what_disconnect_could_not_write_is_not_lost_where_it_is_sent_again) {
  run([](asio::any_io_executor) -> asio::awaitable<void> {
    const Unwritten left = co_await leave_deaf_peer(Delivery::at_least_once);
    EXPECT_EQ(left.report.unsent_count, 0U);
    EXPECT_EQ(left.report.unacknowledged_count, 16U);
    EXPECT_EQ(left.dropped_count, 0U);
  });
}

TEST(Socket, what_close_has_written_and_nobody_has_taken_is_unconfirmed) {
  run([](asio::any_io_executor) -> asio::awaitable<void> {
    const Unwritten left = co_await leave_deaf_peer(Delivery::at_most_once, false);
    EXPECT_GT(left.report.unsent_count, 0U);
    EXPECT_GT(left.report.unconfirmed_size, 0U);
  });
}

/// Connects to a peer that has not read yet, and sends it what this system takes, and the other does not.
asio::awaitable<tcp::socket> send_to_deaf_peer(Socket& socket) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor{executor, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  acceptor.set_option(tcp::socket::receive_buffer_size{4096});
  socket.connect(Endpoint{"tcp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())});
  tcp::socket peer = co_await acceptor.async_accept(asio::use_awaitable);
  co_await asio::async_write(peer, asio::buffer(hello_b), asio::use_awaitable);
  co_await socket.wait_for_peers(1, 5s);
  co_await socket.send(std::string(100'000, 'x'));
  co_return peer;
}

TEST(Socket, what_a_peer_that_does_not_read_leaves_in_its_system_is_unconfirmed) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket socket{executor};
    const tcp::socket deaf = co_await send_to_deaf_peer(socket);
    SocketCloseReport left = co_await socket.close(100ms);
    EXPECT_EQ(left.unsent_count, 0U);
    EXPECT_GT(left.unconfirmed_size, 0U);
  });
}

asio::awaitable<void> read_later(tcp::socket& peer, std::chrono::milliseconds pause) {
  asio::steady_timer timer{peer.get_executor(), pause};
  co_await timer.async_wait(asio::use_awaitable);
  for (std::string part(10'000, '\0');;) {
    const auto [ec, size] = co_await peer.async_read_some(asio::buffer(part), asio::as_tuple(asio::use_awaitable));
    if (ec) co_return;
  }
}

TEST(Socket, close_has_time_until_its_deadline_for_a_peer_that_reads_late) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Socket socket{executor};
    tcp::socket late = co_await send_to_deaf_peer(socket);
    asio::co_spawn(executor, read_later(late, 1300ms), asio::detached);
    SocketCloseReport left = co_await socket.close(15s);
    EXPECT_TRUE(left.all_arrived()) << left.unconfirmed_size;
  });
}

TEST(Socket, turns_away_who_says_nothing) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    SocketOptions hasty;
    hasty.greeting_time_max = 30ms;
    Socket socket{executor, hasty};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
    AsyncRawPeer mute{executor, at};
    EXPECT_TRUE(co_await mute.is_ended());
    AsyncRawPeer half{executor, at};
    co_await half.write(hello_b.substr(0, 10));
    EXPECT_TRUE(co_await half.is_ended());
    EXPECT_EQ((co_await socket.next_event(5s)).cause, error::timed_out);
    EXPECT_EQ((co_await socket.next_event(5s)).cause, error::timed_out);
  });
}

TEST(Socket, takes_web_socket_peers_on_the_same_port) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    SocketOptions options;
    options.send_mode = SendMode::publish;
    Socket hub{executor, options};
    const Endpoint at = co_await hub.bind("tcp://127.0.0.1:0");
    Socket plain{executor};
    plain.connect(at);
    Socket web{executor};
    web.connect("ws://127.0.0.1:" + std::to_string(at.port()));
    co_await hub.wait_for_peers(2, 5s);
    co_await hub.send("to both");
    EXPECT_EQ(co_await receive_texts(plain, 1), only("to both"));
    EXPECT_EQ(co_await receive_texts(web, 1), only("to both"));
  });
}

TEST(Socket, talks_to_legacy_peers_where_it_is_told_to) {
  run([](asio::any_io_executor executor) -> asio::awaitable<void> {
    const EndpointOptions legacy = EndpointOptions{}.dialect(Dialect::aiomsg_legacy);
    Socket socket{executor};
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0", legacy);
    AsyncRawPeer peer{executor, at};
    const std::string greeting = co_await peer.read(20);  // at once, before the peer has said anything
    EXPECT_EQ(greeting.substr(0, 4), "\0\0\0\x10"s);
    co_await peer.write("\0\0\0\x10"s + std::string(16, 'i') + "\0\0\0\2m0"s);
    EXPECT_EQ(co_await receive_texts(socket, 1), only("m0"));
    co_await socket.send("answer");
    EXPECT_EQ(co_await peer.read(10), "\0\0\0\6answer"s);
  });
}

}  // namespace
}  // namespace parley
