// The smart socket for programs without an event loop: what each operation does, and who may do it from where.
#include <parley/blocking/socket.hpp>

#include "integration/blocking/pair.hpp"

#include <parley/codec/json.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::blocking {
namespace {

using boost::asio::execution_context;
using boost::asio::error::operation_aborted;
using boost::system::error_code;
using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

SocketOptions publishing() {
  SocketOptions options;
  options.send_mode = SendMode::publish;
  return options;
}

SocketOptions at_least_once() {
  SocketOptions options;
  options.delivery = Delivery::at_least_once;
  return options;
}

/// Keeps one message at most while there is no peer.
SocketOptions nearly_full() {
  SocketOptions options;
  options.send_high_water_count = 1;
  return options;
}

Texts receive_texts(Socket& socket, std::size_t count) {
  Texts texts;
  while (texts.size() < count) texts.push_back(socket.receive(patience).text());
  return texts;
}

Texts numbered(const std::string& prefix, int from, int to) {
  Texts texts;
  for (int i = from; i < to; ++i) texts.push_back(prefix + std::to_string(i));
  return texts;
}

Socket connected_to(const Endpoint& where, SocketOptions options = {}) {
  Socket socket{std::move(options)};
  socket.connect(where);
  return socket;
}

// --- what it is for --------------------------------------------------------------------------------------------------

TEST(BlockingSocket, an_answer_goes_to_who_asked) {
  Socket server;
  const Endpoint at = server.bind("tcp://127.0.0.1:0");
  Socket client = connected_to(at);
  client.send("question");
  const Received question = server.receive(patience);
  EXPECT_EQ(question.text(), "question");
  EXPECT_EQ(question.sender, client.identity());
  server.send_to(question.sender, "answer to " + question.text());
  EXPECT_EQ(client.receive(patience).text(), "answer to question");
}

TEST(BlockingSocket, publishes_to_all) {
  Socket hub{publishing()};
  const Endpoint at = hub.bind("tcp://127.0.0.1:0");
  Socket one = connected_to(at);
  Socket two = connected_to(at);
  hub.wait_for_peers(2, patience);
  hub.send("news");
  EXPECT_EQ(one.receive(patience).text(), "news");
  EXPECT_EQ(two.receive(patience).text(), "news");
}

TEST(BlockingSocket, hands_work_round) {
  Socket source;
  const Endpoint at = source.bind("tcp://127.0.0.1:0");
  Socket one = connected_to(at);
  Socket two = connected_to(at);
  source.wait_for_peers(2, patience);
  for (const std::string& text : numbered("", 0, 10)) source.send(text);
  EXPECT_EQ(receive_texts(one, 5).size(), 5U);
  EXPECT_EQ(receive_texts(two, 5).size(), 5U);
  EXPECT_EQ(source.stats().messages_sent, 10U);
}

TEST(BlockingSocket, keeps_what_is_sent_before_there_is_a_peer) {
  Socket early;
  const Endpoint at = early.bind("tcp://127.0.0.1:0");
  const Texts sent = numbered("m", 0, 100);
  for (const std::string& text : sent) early.send(text);
  Socket late = connected_to(at);
  EXPECT_EQ(receive_texts(late, 100), sent);
}

TEST(BlockingSocket, gives_batches) {
  Socket source;
  Socket sink = connected_to(source.bind("tcp://127.0.0.1:0"));
  for (const std::string& text : numbered("m", 0, 100)) source.send(text);
  Texts got;
  while (got.size() < 100) {
    const std::vector<Received> batch = sink.receive_batch(30, patience);
    ASSERT_FALSE(batch.empty());
    ASSERT_LE(batch.size(), 30U);
    for (const Received& each : batch) got.push_back(each.text());
  }
  EXPECT_EQ(got, numbered("m", 0, 100));
  EXPECT_THROW((void)sink.receive_batch(0), std::invalid_argument);
}

TEST(BlockingSocket, looks_without_waiting) {
  Socket server;
  EXPECT_FALSE(server.try_receive());
  EXPECT_FALSE(server.try_next_event());
  Socket client = connected_to(server.bind("tcp://127.0.0.1:0"));
  EXPECT_EQ(client.try_send_to(server.identity(), "too early"), error::unknown_peer);
  EXPECT_FALSE(client.try_send("by mode"));
  server.wait_for_peers(1, patience);
  EXPECT_EQ(server.peers().at(0).identity, client.identity());
  EXPECT_EQ(server.receive(patience).text(), "by mode");
  EXPECT_FALSE(server.try_send_to(client.identity(), "by name"));
  EXPECT_EQ(client.receive(patience).text(), "by name");
  EXPECT_EQ(server.try_next_event()->kind, SocketEvent::Kind::peer_up);
}

TEST(BlockingSocket, is_a_handle_that_can_be_moved) {
  Socket server;
  const Endpoint at = server.bind("tcp://127.0.0.1:0");
  Socket client = connected_to(at);
  Socket moved = std::move(client);
  moved.send("after the move");
  EXPECT_EQ(server.receive(patience).text(), "after the move");
  moved = connected_to(at);
  moved.send("from another one");
  EXPECT_EQ(server.receive(patience).text(), "from another one");
}

TEST(BlockingSocket, refuses_options_that_contradict_each_other) {
  SocketOptions options = publishing();
  options.delivery = Delivery::at_least_once;
  EXPECT_THROW(Socket{options}, std::invalid_argument);
}

// --- its own thread --------------------------------------------------------------------------------------------------

TEST(BlockingSocket, comes_together_while_nobody_calls) {
  Socket client;
  client.send("kept");
  const Endpoint at = Socket{}.bind("tcp://127.0.0.1:0");  // and nobody there any more
  client.connect(at);
  EXPECT_EQ(client.next_event(patience).kind, SocketEvent::Kind::retrying);
  Socket second;
  second.bind(at);
  EXPECT_EQ(second.receive(patience).text(), "kept");  // without a call on the client
}

TEST(BlockingSocket, acknowledges_while_nobody_calls) {
  Socket sink;
  Socket source = connected_to(sink.bind("tcp://127.0.0.1:0"), at_least_once());
  source.send_confirmed("important", SendOptions{}.deadline(patience));
  EXPECT_EQ(source.stats().unacknowledged_count, 0U);
  EXPECT_EQ(sink.receive(patience).text(), "important");
}

/// 0: the thread that waits for a signal got it. Whoever else took it would end this process by it.
[[noreturn]] void signal_oneself_and_exit() {
  const Socket socket;  // made while the signal is not blocked
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &one, nullptr);
  kill(getpid(), SIGUSR1);
  const timespec bound{.tv_sec = patience.count(), .tv_nsec = 0};
  _exit(sigtimedwait(&one, nullptr, &bound) == SIGUSR1 ? 0 : 1);
}

TEST(BlockingSocket, takes_no_signals_from_the_program) {
  const pid_t child = fork();  // it has none of the threads that other tests leave, such as those of system_context
  if (child == 0) signal_oneself_and_exit();
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// --- time-outs -------------------------------------------------------------------------------------------------------

TEST(BlockingSocket, a_receive_that_timed_out_has_taken_nothing) {
  Socket server;
  Socket client = connected_to(server.bind("tcp://127.0.0.1:0"));
  EXPECT_EQ(sentence_of([&] { (void)server.receive(moment); }), "receive timed out after 20 ms");
  EXPECT_EQ(code_of([&] { (void)server.receive_batch(5, moment); }), error::timed_out);
  EXPECT_EQ(code_of([&] { (void)server.receive(at_once); }), error::timed_out);
  client.send("late");
  EXPECT_EQ(server.receive(patience).text(), "late");
}

TEST(BlockingSocket, a_send_that_timed_out_is_not_kept) {
  Socket source{nearly_full()};
  source.send("kept");
  EXPECT_EQ(source.try_send("no room"), error::full);
  EXPECT_EQ(sentence_of([&] { source.send("given up", SendOptions{}.deadline(moment)); }),
            "send timed out after 20 ms: there is no peer");
  EXPECT_EQ(source.stats().kept_count, 1U);
  Socket sink = connected_to(source.bind("tcp://127.0.0.1:0"));
  EXPECT_EQ(sink.receive(patience).text(), "kept");
  source.send("next", SendOptions{}.deadline(patience));
  EXPECT_EQ(sink.receive(patience).text(), "next");
}

TEST(BlockingSocket, a_confirmation_that_timed_out_says_so) {
  SocketOptions careful;
  careful.acknowledge = Acknowledge::by_application;
  Socket sink{careful};
  Socket source = connected_to(sink.bind("tcp://127.0.0.1:0"), at_least_once());
  EXPECT_EQ(sentence_of([&] { source.send_confirmed("work", SendOptions{}.deadline(moment)); }),
            "send_confirmed timed out after 20 ms: the message was not acknowledged");
  sink.receive(patience).acknowledge();  // delivered all the same
  EXPECT_TRUE(source.close(patience).all_arrived());
}

TEST(BlockingSocket, waiting_for_peers_and_for_events_ends_too) {
  Socket alone;
  EXPECT_EQ(sentence_of([&] { alone.wait_for_peers(2, moment); }), "wait_for_peers timed out after 20 ms: there are 0");
  EXPECT_EQ(sentence_of([&] { (void)alone.next_event(moment); }), "next_event timed out after 20 ms");
}

// --- errors ----------------------------------------------------------------------------------------------------------

TEST(BlockingSocket, gives_error_codes_instead_where_asked) {
  Socket alone{nearly_full()};
  error_code ec;
  (void)alone.receive(moment, ec);
  EXPECT_EQ(ec, error::timed_out);
  EXPECT_EQ(alone.last_error(), "receive timed out after 20 ms");
  EXPECT_TRUE(alone.receive_batch(2, moment, ec).empty());
  EXPECT_EQ(ec, error::timed_out);
  EXPECT_FALSE(alone.receive_as<int>(Json{}, moment, ec));
  EXPECT_EQ(ec, error::timed_out);
  (void)alone.next_event(moment, ec);
  EXPECT_EQ(ec, error::timed_out);
  EXPECT_EQ(alone.last_error(), "next_event timed out after 20 ms");
  alone.wait_for_peers(1, moment, ec);
  EXPECT_EQ(ec, error::timed_out);
  alone.send("kept", {}, ec);
  EXPECT_FALSE(ec);
  alone.send(7, Json{}, SendOptions{}.deadline(moment), ec);
  EXPECT_EQ(ec, error::timed_out);
  const Identity nobody = Identity::parse("000102030405060708090a0b0c0d0e0f");
  alone.send_to(nobody, "x", {}, ec);
  EXPECT_EQ(ec, error::unknown_peer);
  EXPECT_EQ(alone.last_error(), "there is no peer 000102030405060708090a0b0c0d0e0f");
  alone.wait_for_peers(0, moment, ec);
  EXPECT_FALSE(ec);
  alone.close(at_once);
}

TEST(BlockingSocket, tells_why_it_cannot_bind) {
  Socket first;
  const Endpoint at = first.bind("tcp://127.0.0.1:0");
  Socket second;
  error_code ec;
  second.bind(at, {}, ec);
  EXPECT_EQ(ec, boost::asio::error::address_in_use);
  const std::string sentence = sentence_of([&] { second.bind(at); });
  EXPECT_EQ(sentence, second.last_error());
  EXPECT_NE(sentence.find(at.to_string()), std::string::npos) << sentence;
  EXPECT_EQ(second.bind("tcp://127.0.0.1:0", {}, ec).host(), "127.0.0.1");
  EXPECT_FALSE(ec);
  EXPECT_THROW(second.bind("amqp://127.0.0.1/"), std::invalid_argument);
  EXPECT_THROW(second.connect("amqp://127.0.0.1/", {}, ec), std::invalid_argument);
}

TEST(BlockingSocket, confirms_only_what_is_sent_at_least_once) {
  Socket socket;
  error_code ec;
  EXPECT_THROW(socket.send_confirmed("x"), std::invalid_argument);
  EXPECT_THROW(socket.send_confirmed("x", {}, ec), std::invalid_argument);
}

TEST(BlockingSocket, is_closed_after_close) {
  Socket server;
  const Endpoint at = server.bind("tcp://127.0.0.1:0");
  Socket client = connected_to(at);
  client.send("arrived before");
  EXPECT_TRUE(client.close(patience).all_arrived());
  EXPECT_EQ(server.receive(patience).text(), "arrived before");
  server.close(patience);
  EXPECT_EQ(sentence_of([&] { (void)server.receive(patience); }), "the socket was closed");
  EXPECT_EQ(sentence_of([&] { server.send("x"); }), "the socket was closed");
  EXPECT_EQ(sentence_of([&] { server.wait_for_peers(1); }), "the socket was closed");
  EXPECT_EQ(sentence_of([&] { server.connect(at); }), "the socket was closed");
  EXPECT_EQ(code_of([&] { server.bind(at); }), error::closed);
  error_code ec;
  server.connect(at, {}, ec);
  EXPECT_EQ(ec, error::closed);
  while (server.try_next_event()) continue;
  (void)server.next_event(patience, ec);
  EXPECT_EQ(ec, error::closed);
}

// --- values ----------------------------------------------------------------------------------------------------------

TEST(BlockingSocket, carries_values) {
  Socket server;
  Socket client = connected_to(server.bind("tcp://127.0.0.1:0"));
  const std::vector<int> numbers{3, 1, 2};
  client.send(numbers, Json{});
  const auto asked = server.receive_as<std::vector<int>>(Json{}, patience);
  EXPECT_EQ(asked.value, numbers);
  EXPECT_EQ(asked.sender, client.identity());
  server.send_to(asked.sender, 6, Json{});
  error_code ec;
  const auto sum = client.receive_as<int>(Json{}, patience, ec);
  ASSERT_TRUE(sum) << ec.message();
  EXPECT_EQ(sum->value, 6);
}

TEST(BlockingSocket, names_the_sender_of_a_value_that_is_none) {
  Socket server;
  Socket client = connected_to(server.bind("tcp://127.0.0.1:0"));
  client.send("no number");
  client.send("nor this");
  client.send(5, Json{});
  const std::string sentence = sentence_of([&] { (void)server.receive_as<int>(Json{}, patience); });
  EXPECT_NE(sentence.find("(from the peer " + client.identity().to_string() + ")"), std::string::npos) << sentence;
  error_code ec;
  EXPECT_FALSE(server.receive_as<int>(Json{}, patience, ec));
  EXPECT_EQ(ec, error::payload_rejected);
  EXPECT_EQ(server.last_error(), sentence);
  EXPECT_EQ(server.receive_as<int>(Json{}, patience).value, 5);
}

TEST(BlockingSocket, lets_the_application_acknowledge_a_value) {
  SocketOptions careful;
  careful.acknowledge = Acknowledge::by_application;
  Socket sink{careful};
  Socket source = connected_to(sink.bind("tcp://127.0.0.1:0"), at_least_once());
  auto confirmed =
      std::async(std::launch::async, [&] { source.send_confirmed(42, Json{}, SendOptions{}.deadline(patience)); });
  const auto work = sink.receive_as<int>(Json{}, patience);
  EXPECT_EQ(work.value, 42);
  EXPECT_EQ(source.stats().unacknowledged_count, 1U);
  work.acknowledge();
  confirmed.get();
  EXPECT_EQ(source.stats().unacknowledged_count, 0U);
}

TEST(BlockingSocket, a_value_that_is_declined_comes_again) {
  SocketOptions careful;
  careful.acknowledge = Acknowledge::by_application;
  SocketOptions soon_again = at_least_once();
  soon_again.resend_after = 20ms;
  soon_again.sent_max = 1000;
  Socket sink{careful};
  Socket source = connected_to(sink.bind("tcp://127.0.0.1:0"), soon_again);
  source.send(42, Json{});
  sink.receive_as<int>(Json{}, patience).decline();
  const auto again = sink.receive_as<int>(Json{}, patience);
  EXPECT_EQ(again.value, 42);
  again.acknowledge();
  EXPECT_TRUE(source.close(patience).all_arrived());
}

TEST(BlockingSocket, cuts_a_peer_off) {
  Socket server;
  Socket client = connected_to(server.bind("tcp://127.0.0.1:0"));
  server.wait_for_peers(1, patience);
  EXPECT_TRUE(server.cut_off(client.identity()));
  EXPECT_FALSE(server.cut_off(client.identity()));
  while (client.next_event(patience).kind != SocketEvent::Kind::peer_lost) {
  }
  client.send("back again");
  EXPECT_EQ(server.receive(patience).text(), "back again");
}

// --- ending ----------------------------------------------------------------------------------------------------------

TEST(BlockingSocket, destroying_it_still_writes_what_was_sent) {
  Socket sink;
  const Endpoint at = sink.bind("tcp://127.0.0.1:0");
  const Texts sent = numbered("m", 0, 1000);
  {
    Socket source = connected_to(at);
    for (const std::string& text : sent) source.send(text);
  }
  EXPECT_EQ(receive_texts(sink, sent.size()), sent);
}

TEST(BlockingSocket, a_message_may_outlive_the_socket_it_came_to) {
  SocketOptions careful;
  careful.acknowledge = Acknowledge::by_application;
  std::optional<Socket> sink{careful};
  Socket source = connected_to(sink->bind("tcp://127.0.0.1:0"), at_least_once());
  source.send("work");
  const Received work = sink->receive(patience);
  sink.reset();
  work.acknowledge();
  EXPECT_EQ(work.text(), "work");
  EXPECT_EQ(source.close(at_once).unacknowledged_count, 1U);
}

TEST(BlockingSocket, close_tells_what_has_not_gone) {
  Socket alone;
  for (int i = 0; i < 3; ++i) alone.send("for nobody");
  const SocketCloseReport report = alone.close(moment);
  EXPECT_EQ(report.unsent_count, 3U);
  EXPECT_FALSE(report.all_arrived());
  EXPECT_EQ(alone.close(patience), report);
}

TEST(BlockingSocket, close_tells_what_was_not_acknowledged) {
  SocketOptions careful;
  careful.acknowledge = Acknowledge::by_application;
  Socket sink{careful};
  Socket source = connected_to(sink.bind("tcp://127.0.0.1:0"), at_least_once());
  source.send("work");
  EXPECT_EQ(sink.receive(patience).text(), "work");
  const SocketCloseReport report = source.close(moment);  // the other system may not have confirmed the bytes either
  EXPECT_EQ(report.unsent_count, 0U);
  EXPECT_EQ(report.unacknowledged_count, 1U);
}

// --- threads ---------------------------------------------------------------------------------------------------------

TEST(BlockingSocket, two_threads_send_and_one_receives) {
  Socket left;
  Socket right = connected_to(left.bind("tcp://127.0.0.1:0"));
  constexpr int count = 5000;
  std::array<std::jthread, 2> senders;
  for (const char name : {'a', 'b'}) {
    senders[name == 'a' ? 0 : 1] = std::jthread{[&right, name] {
      for (const std::string& text : numbered({name}, 0, count)) right.send(text, SendOptions{}.deadline(patience));
    }};
  }
  std::array<int, 2> next{};
  for (int i = 0; i < 2 * count; ++i) {
    const std::string text = left.receive(patience).text();
    ASSERT_EQ(text.substr(1), std::to_string(next.at(static_cast<std::size_t>(text[0] - 'a'))++));
  }
  EXPECT_FALSE(left.try_receive());
}

TEST(BlockingSocket, several_receivers_share_the_messages) {
  Socket source;
  Socket sink = connected_to(source.bind("tcp://127.0.0.1:0"));
  constexpr int count = 2000;
  std::vector<std::future<int>> receivers;
  for (int i = 0; i < 4; ++i) {
    receivers.push_back(std::async(std::launch::async, [&sink] {
      for (int got = 0;; ++got) {
        if (sink.receive(patience).text() == "end") return got;
      }
    }));
  }
  for (const std::string& text : numbered("m", 0, count)) source.send(text);
  for (int i = 0; i < 4; ++i) source.send("end");
  int all = 0;
  for (auto& each : receivers) all += each.get();
  EXPECT_EQ(all, count);
}

TEST(BlockingSocket, endpoints_come_and_go_from_any_thread) {
  Socket hub{publishing()};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&hub] {
      for (int turn = 0; turn < 20; ++turn) {
        const Endpoint at = hub.bind("tcp://127.0.0.1:0");
        Socket peer = connected_to(at);
        peer.send("hello");
        peer.wait_for_peers(1, patience);
        EXPECT_TRUE(peer.disconnect(at));
        EXPECT_TRUE(hub.unbind(at));
      }
    });
  }
  for (int i = 0; i < 80; ++i) EXPECT_EQ(hub.receive(patience).text(), "hello");
}

struct Waiting {
  const char* name;
  void (*wait)(Socket& socket);
};

class BlockingSocketWaits : public ::testing::TestWithParam<Waiting> {};

TEST_P(BlockingSocketWaits, is_ended_by_close) {
  Socket socket{nearly_full()};
  socket.send("takes the only room");
  std::atomic<bool> begins = false;
  auto ended = std::async(std::launch::async, [&] {
    begins = true;
    return code_of([&] { GetParam().wait(socket); });
  });
  while (!begins) std::this_thread::yield();
  socket.close(moment);
  const error_code code = ended.get();
  // One that began after the close sees a closed socket.
  EXPECT_TRUE(code == operation_aborted || code == error::closed) << code.message();
  if (code == operation_aborted) {
    EXPECT_NE(socket.last_error().find("was ended: the socket was closed"), std::string::npos) << socket.last_error();
  }
}

INSTANTIATE_TEST_SUITE_P(, BlockingSocketWaits,
                         ::testing::Values(Waiting{"receive", [](Socket& s) { (void)s.receive(); }},
                                           Waiting{"receive_batch", [](Socket& s) { (void)s.receive_batch(2); }},
                                           Waiting{"send", [](Socket& s) { s.send("no room"); }},
                                           Waiting{"wait_for_peers", [](Socket& s) { s.wait_for_peers(1); }},
                                           Waiting{"next_event",
                                                   [](Socket& s) {
                                                     for (;;) (void)s.next_event();
                                                   }}),
                         [](const auto& p) { return std::string{p.param.name}; });

// --- fork ------------------------------------------------------------------------------------------------------------

/// Answers one message and leaves; the exit code is 0 if that went well.
[[noreturn]] void answer_once_and_exit(Socket& socket) {
  int status = 1;
  try {
    const Received question = socket.receive(patience);
    socket.send_to(question.sender, "child: " + question.text());
    if (socket.close(patience).all_arrived()) status = 0;
  } catch (...) {
  }
  _exit(status);
}

TEST(BlockingSocket, may_go_on_in_a_child) {
  std::optional<Socket> server{std::in_place};
  const Endpoint at = server->bind("tcp://127.0.0.1:0");
  server->notify_fork(execution_context::fork_prepare);
  const pid_t child = fork();
  if (child == 0) {
    server->notify_fork(execution_context::fork_child);
    answer_once_and_exit(*server);
  }
  ASSERT_GT(child, 0);
  server.reset();  // leaves the child's listening socket alone
  {
    Socket client = connected_to(at);
    client.send("hello");
    EXPECT_EQ(client.receive(patience).text(), "child: hello");
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(BlockingSocket, is_left_alone_by_a_child_that_destroys_it) {
  std::optional<Socket> server{std::in_place};
  Socket client = connected_to(server->bind("tcp://127.0.0.1:0"));
  client.send("before");
  EXPECT_EQ(server->receive(patience).text(), "before");
  const pid_t child = fork();
  if (child == 0) {
    server.reset();  // where its thread is not
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  client.send("after");
  EXPECT_EQ(server->receive(patience).text(), "after");
}

TEST(BlockingSocket, may_go_on_in_the_parent) {
  Socket server;
  Socket client = connected_to(server.bind("tcp://127.0.0.1:0"));
  client.send("before");
  EXPECT_EQ(server.receive(patience).text(), "before");
  for (Socket* each : {&server, &client}) each->notify_fork(execution_context::fork_prepare);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  for (Socket* each : {&server, &client}) each->notify_fork(execution_context::fork_parent);
  client.send("after");
  EXPECT_EQ(server.receive(patience).text(), "after");
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace parley::blocking
