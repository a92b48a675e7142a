// Processes with a Socket that are killed at random while messages fly: what each guarantee promises, by the numbers
// that both sides have written down.
#include <parley/socket/socket.hpp>

#include "property/try_count.hpp"
#include "support/run_context.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr unsigned kills = 100;  // of each of the two sides, over each transport

/// What a process has done with one message, written down before anybody is told.
struct Entry {
  std::uint32_t life;
  std::uint32_t number;
  bool operator==(const Entry&) const = default;
};

/// Outlives whoever writes it: what was written before a kill is there after it.
class Log {
 public:
  explicit Log(const std::string& path)
      : path_{path}, file_{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)} {}
  ~Log() { ::close(file_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void add(Entry entry) const {
    if (::write(file_, &entry, sizeof entry) != sizeof entry) ::_exit(3);
  }
  [[nodiscard]] int descriptor() const noexcept { return file_; }
  [[nodiscard]] std::vector<Entry> read() const {
    std::ifstream in{path_, std::ios::binary};
    std::vector<Entry> entries;
    for (Entry entry{}; in.read(reinterpret_cast<char*>(&entry), sizeof entry);) entries.push_back(entry);
    return entries;
  }

 private:
  const std::string path_;
  const int file_;
};

Message numbered(Entry entry) {
  std::string body(64, '.');
  std::memcpy(body.data(), &entry, sizeof entry);
  return Message{std::move(body)};
}

Entry entry_of(const Message& message) {
  Entry entry{};
  std::memcpy(&entry, message.data(), std::min(message.size(), sizeof entry));
  return entry;
}

/// A child process that holds nothing open that was open here, but the log.
class Child {
 public:
  Child(const Log& log, const std::function<void()>& body) : pid_{::fork()} {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is stopped leaves nobody behind
    const auto keep = static_cast<unsigned>(log.descriptor());
    if (keep > 3) ::close_range(3, keep - 1, 0);
    ::close_range(keep + 1, ~0U, 0);
    body();
    ::_exit(0);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// It has no say in this.
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

void run_socket(const std::function<asio::awaitable<void>(Socket&)>& body, const SocketOptions& options) {
  asio::io_context context;
  Socket socket{context.get_executor(), options};
  asio::co_spawn(context, body(socket), asio::detached);
  context.run();
}

SocketOptions fast(Delivery delivery) {
  SocketOptions options;
  options.delivery = delivery;
  options.resend_after = 500ms;
  options.sent_max = 1'000'000;
  options.unacknowledged_count_max = 1000;
  options.backoff = [](unsigned, std::uint64_t random) { return std::chrono::milliseconds{1 + random % 3}; };
  return options;
}

class KilledSockets : public ::testing::TestWithParam<std::string> {
 protected:
  support::TemporaryFolder folder;
  Log log{folder.file("log")};
  std::mt19937 random{7};

  /// Where this process listens.
  [[nodiscard]] Endpoint any_address() const {
    return GetParam() == "unix" ? Endpoint::unix_path(folder.file("socket")) : Endpoint{"tcp://127.0.0.1:0"};
  }
  [[nodiscard]] asio::awaitable<void> some_time() {
    asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::microseconds{random() % 8000}};
    co_await timer.async_wait(asio::use_awaitable);
  }
  /// Runs `body` with a socket of this process to its end.
  void run(const SocketOptions& options, const std::function<asio::awaitable<void>(Socket&)>& body) {
    asio::io_context context;
    Socket socket{context.get_executor(), options};
    std::optional<std::exception_ptr> end;
    asio::co_spawn(context, body(socket), [&](std::exception_ptr e) { end = e; });
    goes_on();
    while (!end && context.run_one_until(give_up_) > 0) {
    }
    ASSERT_TRUE(end) << "it hangs";
    if (*end) std::rethrow_exception(*end);
  }
  /// However many lives there are, none of them may hang.
  void goes_on() { give_up_ = Clock::now() + 120s; }

 private:
  TimePoint give_up_;
};

void expect_nothing_twice(const std::vector<Entry>& entries) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const Entry& each : entries) {
    EXPECT_TRUE(seen.emplace(each.life, each.number).second) << "number " << each.number << " twice in one life";
  }
}

// --- the receiver is killed ------------------------------------------------------------------------------------------

/// Sends messages with numbers from 0 on until it is over.
struct Sending {
  Socket& socket;
  std::uint32_t& sent;
  bool is_over = false;

  asio::awaitable<void> run() {
    for (; !is_over; ++sent) co_await socket.send(numbered({0, sent}));
  }
};

/// Writes down what it gets, then acknowledges it; until it is killed.
void receive_into(const Log& log, const Endpoint& sender, std::uint32_t life) {
  SocketOptions options = fast(Delivery::at_most_once);
  options.acknowledge = Acknowledge::by_application;
  run_socket(
      [&](Socket& socket) -> asio::awaitable<void> {
        socket.connect(sender);
        for (;;) {
          const Received r = co_await socket.receive();
          log.add({life, entry_of(r.message).number});
          r.acknowledge();
        }
      },
      options);
}

TEST_P(KilledSockets, who_acknowledges_after_handling_misses_nothing_while_the_sender_lives) {
  std::uint32_t sent = 0;
  unsigned kills_in_flight = 0;
  const unsigned count = test::try_count(kills);
  run(fast(Delivery::at_least_once), [&](Socket& socket) -> asio::awaitable<void> {
    const Endpoint at = co_await socket.bind(any_address());
    Sending sending{socket, sent};
    asio::co_spawn(co_await asio::this_coro::executor, sending.run(), asio::detached);
    for (unsigned life = 1; life <= count; ++life, goes_on()) {
      Child receiver{log, [&] { receive_into(log, at, life); }};
      co_await socket.wait_for_peers(1, 20s);
      co_await some_time();
      kills_in_flight += socket.stats().unacknowledged_count > 0 ? 1 : 0;
      receiver.kill();
      while (socket.stats().peer_count > 0) co_await some_time();
    }
    sending.is_over = true;
    Child last{log, [&] { receive_into(log, at, count + 1); }};
    const SocketCloseReport left = co_await socket.close(60s);
    EXPECT_TRUE(left.all_arrived()) << left.unsent_count << " unsent, " << left.unacknowledged_count
                                    << " not acknowledged";
    EXPECT_EQ(socket.stats().messages_given_up, 0U);
    EXPECT_EQ(socket.stats().messages_dropped, 0U);
  });
  const std::vector<Entry> entries = log.read();
  std::set<std::uint32_t> handled;
  for (const Entry& each : entries) handled.insert(each.number);
  EXPECT_EQ(handled.size(), sent) << "some were lost";
  expect_nothing_twice(entries);
  EXPECT_GT(kills_in_flight, count / 2) << "most kills met nothing in flight: the test shows little";
}

TEST_P(KilledSockets, at_most_once_each_connection_gets_a_beginning_of_what_was_written_to_it) {
  std::uint32_t sent = 0;
  std::uint64_t dropped = 0;
  std::vector<std::uint64_t> written;  // to each connection
  const unsigned count = test::try_count(kills);
  SocketOptions sender_options = fast(Delivery::at_most_once);
  sender_options.send_high_water_count = 1000;
  run(sender_options, [&](Socket& socket) -> asio::awaitable<void> {
    const Endpoint at = co_await socket.bind(any_address());
    Sending sending{socket, sent};
    asio::co_spawn(co_await asio::this_coro::executor, sending.run(), asio::detached);
    for (unsigned life = 1; life <= count; ++life, goes_on()) {
      Child receiver{log, [&] { receive_into(log, at, life); }};
      co_await socket.wait_for_peers(1, 20s);
      co_await some_time();
      if (life == count) sending.is_over = true;
      receiver.kill();
      for (;;) {
        const SocketEvent event = co_await socket.next_event(20s);
        if (event.kind == SocketEvent::Kind::dropped) dropped += event.count;
        if (event.kind == SocketEvent::Kind::peer_lost) {
          written.push_back(event.written_count);
          break;
        }
      }
    }
    while (const auto event = socket.try_next_event()) {
      if (event->kind == SocketEvent::Kind::dropped) dropped += event->count;
    }
    const SocketCloseReport left = co_await socket.close(0s);
    std::uint64_t written_in_all = 0;
    for (const std::uint64_t each : written) written_in_all += each;
    EXPECT_EQ(written_in_all + dropped + left.unsent_count, sent) << "a message is neither written, dropped nor left";
    EXPECT_EQ(socket.stats().messages_dropped, dropped);
  });

  const std::vector<Entry> entries = log.read();
  expect_nothing_twice(entries);
  std::map<std::uint32_t, std::vector<std::uint32_t>> lives;
  for (const Entry& each : entries) lives[each.life].push_back(each.number);
  std::set<std::uint32_t> handled;
  for (const auto& [life, numbers] : lives) {
    EXPECT_LE(numbers.size(), written.at(life - 1)) << "life " << life;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_TRUE(handled.insert(numbers[i]).second) << numbers[i] << " was handled in two lives";
      if (i > 0) {
        EXPECT_GT(numbers[i], numbers[i - 1]) << "out of order in life " << life;
      }
    }
  }
}

// --- the sender is killed --------------------------------------------------------------------------------------------

void send_until_killed(const Endpoint& receiver, std::uint32_t life, Delivery delivery) {
  run_socket(
      [&](Socket& socket) -> asio::awaitable<void> {
        socket.connect(receiver);
        for (std::uint32_t number = 0;; ++number) co_await socket.send(numbered({life, number}));
      },
      fast(delivery));
}

TEST_P(KilledSockets, a_receiver_outlives_its_senders_and_gets_nothing_twice) {
  const unsigned count = test::try_count(kills);
  run(fast(Delivery::at_most_once), [&](Socket& socket) -> asio::awaitable<void> {
    const Endpoint at = co_await socket.bind(any_address());
    std::map<std::uint32_t, std::uint32_t> next;      // of each life that sends at most once
    std::map<std::uint32_t, std::vector<bool>> seen;  // of each life, by number
    std::size_t seen_count = 0;
    auto receive_all = [&]() -> asio::awaitable<void> {
      for (;;) {
        auto [ec, r] = co_await socket.receive(Deadline::never(), asio::as_tuple(asio::use_awaitable));
        if (ec) co_return;
        const Entry entry = entry_of(r.message);
        ++seen_count;
        std::vector<bool>& numbers = seen[entry.life];
        if (numbers.size() <= entry.number) numbers.resize(entry.number + 1);
        EXPECT_FALSE(numbers[entry.number]) << entry.number << " twice";
        numbers[entry.number] = true;
        if (entry.life % 2 == 0) {
          EXPECT_EQ(next[entry.life]++, entry.number) << "a gap, or out of order";
        }
      }
    };
    asio::co_spawn(co_await asio::this_coro::executor, receive_all(), asio::detached);
    for (unsigned life = 1; life <= count; ++life, goes_on()) {
      const Delivery delivery = life % 2 == 0 ? Delivery::at_most_once : Delivery::at_least_once;
      Child sender{log, [&] { send_until_killed(at, life, delivery); }};
      co_await socket.wait_for_peers(1, 20s);
      co_await some_time();
      sender.kill();
      while (socket.stats().peer_count > 0) co_await some_time();
    }
    EXPECT_GT(seen_count, count);
    co_await socket.close(1s);
  });
}

INSTANTIATE_TEST_SUITE_P(Transports, KilledSockets, ::testing::Values("tcp", "unix"),
                         [](const auto& p) { return p.param; });

}  // namespace
}  // namespace parley
