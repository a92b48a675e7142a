// The blocking facade over real sockets: what each operation does, in one thread.
#include "integration/blocking/pair.hpp"

#include <parley/transport/adapter.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace parley::blocking {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

INSTANTIATE_TEST_SUITE_P(, Blocking, every_transport(), name_of);

TEST_P(Blocking, an_exchange_needs_no_loop_and_no_thread) {
  auto [client, server] = connected();
  client.send("question");
  EXPECT_EQ(server.receive(patience).text(), "question");
  server.send("answer");
  EXPECT_EQ(client.receive(patience).text(), "answer");
}

TEST_P(Blocking, next_gives_nothing_at_a_clean_end) {
  auto [client, server] = connected();
  client.send("last");
  EXPECT_TRUE(client.close(patience).all_arrived());
  EXPECT_EQ(server.next(patience)->text(), "last");
  EXPECT_FALSE(server.next(patience).has_value());
  EXPECT_EQ(server.end_of_receiving(), error::closed);
}

TEST_P(Blocking, a_receive_that_timed_out_has_taken_nothing) {
  auto [client, server] = connected();
  EXPECT_EQ(code_of([&server] { (void)server.receive(moment); }), error::timed_out);
  client.send("late");
  EXPECT_EQ(server.receive(patience).text(), "late");
}

TEST_P(Blocking, a_deadline_that_has_passed_takes_what_has_arrived) {
  auto [client, server] = connected();
  EXPECT_EQ(code_of([&server] { (void)server.receive(at_once); }), error::timed_out);
  client.send("here");
  EXPECT_EQ(server.receive(at_once).text(), "here");
  client.send("again");
  EXPECT_EQ(server.try_receive()->text(), "again");
  EXPECT_EQ(server.try_receive(), std::nullopt);
}

TEST_P(Blocking, a_deadline_that_has_passed_sends_what_the_system_takes) {
  auto [client, server] = connected();
  client.send("small", at_once);
  EXPECT_EQ(server.receive(patience).text(), "small");
}

TEST_P(Blocking, a_message_is_gone_when_send_returns) {
  auto [client, server] = connected();
  client.send("here");
  EXPECT_FALSE(client.try_send("and here"));
  // Nobody runs the client's side any more.
  EXPECT_EQ(server.receive(patience).text(), "here");
  EXPECT_EQ(server.receive(patience).text(), "and here");
}

TEST_P(Blocking, the_kernel_tells_who_the_peer_is_on_unix_sockets_alone) {
  auto [client, server] = connected();
  std::optional<PeerCredentials> expected;
  if (GetParam() == "unix")
    expected = {::getpid(), static_cast<std::uint32_t>(::geteuid()), static_cast<std::uint32_t>(::getegid())};
  EXPECT_EQ(client.peer_credentials(), expected);
  EXPECT_EQ(server.peer_credentials(), expected);
  EXPECT_EQ(client.tls_info(), nullptr);
  client.abort();
  EXPECT_EQ(client.peer_credentials(), expected);
}

TEST_P(Blocking, destroying_the_handle_still_writes_what_was_posted) {
  auto [client, server] = connected();
  client.post("posted");
  client = Connection{};
  EXPECT_EQ(server.next(patience)->text(), "posted");
  EXPECT_FALSE(server.next(patience).has_value());
}

TEST_P(Blocking, a_peer_that_does_not_receive_holds_a_send_back_until_its_deadline) {
  auto [client, server] = connected();
  const std::string large(1 << 20, 'x');
  error_code code;
  for (int i = 0; i < 100 && !code; ++i) code = code_of([&client, &large] { client.send(large, moment); });
  EXPECT_EQ(code, error::timed_out);
  EXPECT_LE(client.stats().send_queue_size, 4u << 20);
  for (int i = 0; i < 100 && code != error::full; ++i) code = client.try_send(large);
  EXPECT_EQ(code, error::full);
  client.abort();
  EXPECT_EQ(code_of([&client] { client.send("more"); }), error::closed);
}

TEST_P(Blocking, a_peer_that_closes_when_it_has_everything_is_no_failure_of_a_flush) {
  auto [client, server] = connected();
  client.send("all");
  EXPECT_EQ(server.receive(patience).text(), "all");
  server.close(patience);
  EXPECT_EQ(client.next(patience), std::nullopt);
  client.flush(patience);
}

TEST_P(Blocking, forms_with_an_error_code_throw_nothing) {
  auto [client, server] = connected();
  error_code ec = error::full;
  client.send("one", patience, ec);
  EXPECT_FALSE(ec);
  EXPECT_EQ(server.receive(patience, ec).text(), "one");
  EXPECT_FALSE(ec);
  EXPECT_TRUE(server.receive(moment, ec).empty());
  EXPECT_EQ(ec, error::timed_out);
  EXPECT_NE(server.last_error().find("timed out after"), std::string::npos) << server.last_error();

  client.post("two", ec);
  EXPECT_FALSE(ec);
  client.flush({}, ec);
  EXPECT_FALSE(ec);
  EXPECT_EQ(server.receive_batch(8, patience, ec).size(), 1u);
  EXPECT_FALSE(ec);
  EXPECT_TRUE(server.receive_batch(8, moment, ec).empty());
  EXPECT_EQ(ec, error::timed_out);
  EXPECT_EQ(server.next(moment, ec), std::nullopt);
  EXPECT_EQ(ec, error::timed_out);

  client.close(patience);
  EXPECT_EQ(server.next({}, ec), std::nullopt);
  EXPECT_FALSE(ec) << "a clean end is no error of next";
  EXPECT_TRUE(server.receive({}, ec).empty());
  EXPECT_EQ(ec, error::closed);
  client.send("too late", {}, ec);
  EXPECT_EQ(ec, error::closed);
  client.post("too late", ec);
  EXPECT_EQ(ec, error::closed);
  EXPECT_EQ(client.try_send("too late"), error::closed);
}

TEST(BlockingConnection, posted_messages_leave_together_with_the_next_flush) {
  auto [client, server] = tcp_pair();
  for (int i = 0; i < 100; ++i) client.post(std::to_string(i));
  EXPECT_EQ(client.stats().writes, 0u);
  client.flush(patience);
  EXPECT_EQ(client.stats().writes, 1u);
  std::size_t count = 0;
  while (count < 100) {
    for (const Message& each : server.receive_batch(64, patience)) EXPECT_EQ(each.text(), std::to_string(count++));
  }
}

TEST(BlockingConnection, nothing_is_read_between_calls) {
  auto [client, server] = tcp_pair();
  client.send("unread");
  EXPECT_EQ(server.stats().bytes_received, 0u);
  EXPECT_EQ(server.receive(patience).text(), "unread");
}

TEST(BlockingConnection, sentences_name_the_peer_and_the_numbers) {
  ConnectionOptions options;
  options.message_size_max = 10;
  auto [client, server] = tcp_pair(options);
  const std::string peer = client.remote_endpoint().to_string();
  EXPECT_EQ(sentence_of([&client] { (void)client.receive(at_once); }), "receive timed out after 0 ms (" + peer + ")");
  const std::string sentence = sentence_of([&client] { client.send("eleven byte"); });
  EXPECT_NE(sentence.find("11 bytes"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("limit of 10"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find(peer), std::string::npos) << sentence;
  EXPECT_EQ(client.last_error(), sentence);
}

TEST(BlockingConnection, works_with_a_framing_and_with_another_from_some_message_on) {
  ConnectionOptions options;
  options.framing = Separator{"\n"};
  auto [client, server] = tcp_pair(options);
  client.send("a line");
  client.reframe(FixedLength{3});
  client.send("abc");
  EXPECT_EQ(server.receive(patience).text(), "a line");
  server.reframe(FixedLength{3});
  EXPECT_EQ(server.receive(patience).text(), "abc");
}

TEST(BlockingConnection, a_message_cut_short_is_told_from_a_clean_end) {
  Listener listener{"tcp://127.0.0.1:0"};
  auto [client, server] = connect_pair(listener, ConnectOptions{}.framing(Raw{}));
  client.send(std::string{"\0\0\0\5he", 6});  // announces five bytes
  client.close(patience);
  EXPECT_EQ(code_of([&server] { (void)server.next(patience); }), error::truncated);
  EXPECT_EQ(server.partial().size(), 6u);
}

TEST(BlockingConnection, ends_its_direction_behind_what_was_posted_and_still_receives) {
  auto [client, server] = tcp_pair();
  client.post("last");
  client.end_sending();
  EXPECT_EQ(server.next(patience)->text(), "last");
  EXPECT_EQ(server.next(patience), std::nullopt);
  server.send("answer");
  EXPECT_EQ(client.receive(patience).text(), "answer");
  EXPECT_EQ(code_of([&client] { client.send("more"); }), error::send_ended);
}

TEST(BlockingConnection, runs_over_a_socket_that_the_program_has) {
  asio::io_context elsewhere;
  asio::local::stream_protocol::socket theirs{elsewhere};
  Connection ours{[&theirs](const asio::any_io_executor& executor) {
    asio::local::stream_protocol::socket socket{executor};
    asio::local::connect_pair(socket, theirs);
    return transport::make_stream(std::move(socket));
  }};
  Connection other{[&theirs](const asio::any_io_executor& executor) {
    const int descriptor = theirs.release();
    return transport::make_stream(
        asio::local::stream_protocol::socket{executor, asio::local::stream_protocol{}, descriptor});
  }};
  ours.send("hello");
  EXPECT_EQ(other.receive(patience).text(), "hello");
}

TEST(BlockingConnection, says_why_it_cannot_connect) {
  const std::string sentence = sentence_of([] { Connection{"tcp://127.0.0.1:1"}; });
  EXPECT_NE(sentence.find("tcp://127.0.0.1:1"), std::string::npos) << sentence;
  error_code ec;
  const Connection none{"tcp://127.0.0.1:1", {}, ec};
  EXPECT_EQ(ec, asio::error::connection_refused);
  EXPECT_FALSE(none);
}

TEST(BlockingConnection, refuses_an_empty_batch) {
  auto [client, server] = tcp_pair();
  EXPECT_THROW((void)client.receive_batch(0), std::invalid_argument);
}

}  // namespace
}  // namespace parley::blocking
