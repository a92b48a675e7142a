// Peers that never speak, stop in the middle, or lie: each meets its exact end, memory stays bounded, and a connection
// beside them works on.
#include "support/connection_results.hpp"
#include "support/count_allocations.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using support::Outcome;
using support::run_until;
using support::store;

/// What the mute ones may cost together, both ends of their sockets in this process: half as much again as the 23 MiB,
/// 2.4 KB each, that were measured.
constexpr double growth_max_mib = 34;

constexpr std::size_t peer_count = 9'900;

/// Both ends of every connection are in this process.
void allow_descriptors(std::size_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < count) throw std::runtime_error{"this test needs " + std::to_string(count) + " descriptors"};
}

double resident_mib() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

/// Bare sockets, so that the peers cost this process next to nothing.
class BarePeers {
 public:
  BarePeers() = default;
  BarePeers(const BarePeers&) = delete;
  BarePeers& operator=(const BarePeers&) = delete;
  ~BarePeers() {
    const linger reset{1, 0};  // so that no port lingers
    for (const int each : sockets_) {
      ::setsockopt(each, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      ::close(each);
    }
  }

  void connect(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket < 0 || ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error{"cannot connect"};
    }
    sockets_.push_back(socket);
  }
  void send_last(std::string_view bytes) const {
    EXPECT_EQ(::send(sockets_.back(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

 private:
  std::vector<int> sockets_;
};

enum Kind : std::size_t { mute, stopping_in_a_header, stopping_in_a_body, announcing_4_gib, kind_count };

Kind kind_of(std::size_t index) { return index % 100 == 0 ? static_cast<Kind>(1 + index / 100 % 3) : mute; }

std::string_view bytes_of(Kind kind) {
  switch (kind) {
    case stopping_in_a_header: return {"\0\0", 2};
    case stopping_in_a_body: return {"\0\0\1\0begun", 9};
    case announcing_4_gib: return "\xff\xff\xff\xff";
    default: return {};
  }
}

class HostilePeers : public ::testing::Test {
 protected:
  void SetUp() override {
    allow_descriptors(2 * peer_count + 100);
    std::optional<Outcome<Connection>> in, out;
    listener.accept(store(in));
    connect(context.get_executor(), listener.local_endpoint(), {}, store(out));
    ASSERT_TRUE(run_until(context, [&] { return in && out; }));
    asio::co_spawn(
        context,
        [](Connection peer) -> asio::awaitable<void> {
          while (auto message = co_await peer.next()) co_await peer.send(std::move(*message));
        }(std::move(in->value)),
        [](std::exception_ptr) {});
    bystander = std::move(out->value);
  }

  void the_bystander_works() {
    EXPECT_TRUE(support::run_coroutine(context, [&]() -> asio::awaitable<void> {
      for (int i = 0; i < 100; ++i) {
        co_await bystander.send(std::to_string(i));
        EXPECT_EQ((co_await bystander.receive()).text(), std::to_string(i));
      }
    }));
  }

  /// All of them, accepted in the order of their connecting.
  void let_them_come() {
    bool failed = false;
    asio::co_spawn(
        context,
        [this]() -> asio::awaitable<void> {
          while (accepted.size() < peer_count) accepted.push_back(co_await listener.accept());
        },
        [&](std::exception_ptr thrown) { failed = thrown != nullptr; });
    for (std::size_t i = 0; i < peer_count; ++i) {
      peers.connect(listener.local_endpoint().port());
      if (const auto bytes = bytes_of(kind_of(i)); !bytes.empty()) peers.send_last(bytes);
      if (i % 500 != 0) continue;
      ASSERT_TRUE(run_until(context, [&] { return accepted.size() > i || failed; }));
    }
    ASSERT_TRUE(run_until(context, [&] { return accepted.size() == peer_count || failed; }));
    ASSERT_FALSE(failed);
  }

  asio::io_context context;
  Listener listener{context, "tcp://127.0.0.1:0"};
  Connection bystander;
  BarePeers peers;
  std::vector<Connection> accepted;
};

TEST_F(HostilePeers, all_meet_their_exact_end_in_bounded_memory_while_a_bystander_works_on) {
  accepted.reserve(peer_count);
  the_bystander_works();
  const double before = resident_mib();
  ASSERT_NO_FATAL_FAILURE(let_them_come());
  the_bystander_works();

  std::map<std::pair<Kind, std::string>, std::size_t> ends;
  std::size_t ended = 0;
  const Deadline deadline{std::chrono::milliseconds{300}};
  for (std::size_t i = 0; i < peer_count; ++i) {
    accepted[i].receive(deadline, [&, i](boost::system::error_code ec, const Message&) {
      ++ended;
      ++ends[{kind_of(i), ec.message()}];
    });
  }
  const double growth = resident_mib() - before;
  the_bystander_works();
  ASSERT_TRUE(run_until(context, [&] { return ended == peer_count; }));

  const std::string timed_out = make_error_code(error::timed_out).message();
  const std::string too_large = make_error_code(error::message_too_large).message();
  const std::map<std::pair<Kind, std::string>, std::size_t> expected{
      {{mute, timed_out}, 9'801},
      {{stopping_in_a_header, timed_out}, 33},
      {{stopping_in_a_body, timed_out}, 33},
      {{announcing_4_gib, too_large}, 33},
  };
  EXPECT_EQ(ends, expected);
  std::printf("%zu mute peers: %.1f MiB, %.0f bytes each\n", peer_count, growth,
              growth * 1024 * 1024 / static_cast<double>(peer_count));
  RecordProperty("growth_mib", std::to_string(growth));
  if (support::allocations_are_counted) {
    EXPECT_LT(growth, growth_max_mib);
  }
  the_bystander_works();
}

TEST_F(HostilePeers, a_peer_that_never_reads_holds_a_send_up_to_its_deadline_and_no_more_memory_than_the_mark) {
  peers.connect(listener.local_endpoint().port());
  std::optional<Outcome<Connection>> in;
  listener.accept(store(in));
  ASSERT_TRUE(run_until(context, [&] { return in.has_value(); }));
  Connection& deaf = in->value;
  boost::system::error_code code;
  std::string sentence;
  ASSERT_TRUE(support::run_coroutine(context, [&]() -> asio::awaitable<void> {
    try {
      for (;;) co_await deaf.send(std::string(60'000, 'x'), std::chrono::milliseconds{50});
    } catch (const Error& error) {
      code = error.code();
      sentence = error.what();
    }
  }));
  EXPECT_EQ(code, error::timed_out);
  EXPECT_THAT(sentence, ::testing::MatchesRegex("send timed out after [0-9]+ ms: the queue holds [0-9]+ bytes "
                                                "\\(tcp://127\\.0\\.0\\.1:[0-9]+\\)"));
  EXPECT_LT(deaf.stats().send_queue_size, limits::send_high_water_size + 60'004);
  the_bystander_works();
  deaf.abort();
}

}  // namespace
}  // namespace parley
