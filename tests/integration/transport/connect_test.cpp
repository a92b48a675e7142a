#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include "support/descriptor_limit.hpp"
#include "support/run_context.hpp"
#include "support/stream_contract.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>

#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <list>
#include <thread>

namespace parley {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using boost::system::error_code;
using support::run_to_end;
using support::run_until;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using transport::Acceptor;
using transport::Stream;
using transport::StreamConnectOptions;

struct Connected {
  error_code code;
  Stream stream;
};

auto into(std::optional<Connected>& result) {
  return [&result](error_code code, Stream stream) { result.emplace(Connected{code, std::move(stream)}); };
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

/// A TCP listener whose queue is full, so that the next to connect hangs.
class FullListener {
 public:
  explicit FullListener(asio::io_context& context) : acceptor_{context} {
    acceptor_.open(tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    // One is let in by a queue of 0; the others fill what the kernel keeps of connections half made.
    for (int i = 0; i < 3; ++i) {
      fillers_.emplace_back(context).async_connect(acceptor_.local_endpoint(), [](error_code) {});
    }
  }

  [[nodiscard]] Endpoint endpoint() const { return Endpoint::tcp("127.0.0.1", acceptor_.local_endpoint().port()); }

 private:
  tcp::acceptor acceptor_;
  std::list<tcp::socket> fillers_;
};

class ConnectTest : public ::testing::Test {
 protected:
  ConnectTest() { options.failure_to(why); }

  Connected connect(const Endpoint& endpoint) {
    std::optional<Connected> connected;
    async_connect(context.get_executor(), endpoint, options, into(connected));
    EXPECT_FALSE(connected) << "completed inside the initiating call";
    EXPECT_TRUE(run_until(context, [&] { return connected.has_value(); }));
    return std::move(*connected);
  }

  /// A port of 127.0.0.1 at which nobody listens: one that is bound and not listening.
  Endpoint dead_endpoint(const char* host = "127.0.0.1") {
    bound_.open(tcp::v4());
    bound_.bind({asio::ip::address_v4::loopback(), 0});
    return Endpoint::tcp(host, bound_.local_endpoint().port());
  }

  asio::io_context context;
  StreamConnectOptions options;
  std::shared_ptr<std::string> why = std::make_shared<std::string>();
  support::TemporaryFolder folder;

 private:
  tcp::socket bound_{context};
};

TEST_F(ConnectTest, reaches_a_listener_at_a_literal_address) {
  const Acceptor acceptor{context.get_executor(), "tcp://127.0.0.1:0"};
  const auto [ec, stream] = connect(acceptor.local_endpoint());
  ASSERT_FALSE(ec) << *why;
  EXPECT_EQ(stream.remote_endpoint(), acceptor.local_endpoint());
  EXPECT_EQ(stream.local_endpoint().host(), "127.0.0.1");
}

TEST_F(ConnectTest, reaches_a_listener_by_name_whichever_family_it_has) {
  const Acceptor acceptor{context.get_executor(), "tcp://127.0.0.1:0"};
  const auto [ec, stream] = connect(Endpoint::tcp("localhost", acceptor.local_endpoint().port()));
  ASSERT_FALSE(ec) << *why;
  EXPECT_EQ(stream.remote_endpoint(), acceptor.local_endpoint());
}

TEST_F(ConnectTest, reaches_ipv6) {
  std::optional<Acceptor> acceptor;
  try {
    acceptor.emplace(context.get_executor(), "tcp://[::1]:0");
  } catch (const Error&) {
    GTEST_SKIP() << "no IPv6 here";
  }
  const auto [ec, stream] = connect(acceptor->local_endpoint());
  ASSERT_FALSE(ec) << *why;
  EXPECT_EQ(stream.remote_endpoint().host(), "::1");
}

TEST_F(ConnectTest, bytes_go_both_ways) {
  Acceptor acceptor{context.get_executor(), Endpoint::unix_path(folder.file("s"))};
  auto [ec, client] = connect(acceptor.local_endpoint());
  ASSERT_FALSE(ec) << *why;
  auto accepted = acceptor.async_accept(asio::use_future);
  ASSERT_TRUE(run_to_end(context));
  Stream server = accepted.get();
  support::try_write(client, "ping", ec);
  EXPECT_EQ(support::try_read(server, 8, ec), "ping");
  support::try_write(server, "pong", ec);
  EXPECT_EQ(support::try_read(client, 8, ec), "pong");
  EXPECT_EQ(client.remote_endpoint(), acceptor.local_endpoint());
}

TEST_F(ConnectTest, reaches_an_abstract_name) {
  const Acceptor acceptor{context.get_executor(),
                          Endpoint::unix_abstract("parley-connect-" + std::to_string(::getpid()))};
  EXPECT_FALSE(connect(acceptor.local_endpoint()).code) << *why;
}

TEST_F(ConnectTest, a_refusal_is_told_with_its_address) {
  const Endpoint dead = dead_endpoint();
  EXPECT_EQ(connect(dead).code, asio::error::connection_refused);
  EXPECT_EQ(*why, "cannot connect to " + dead.to_string() + ": connection refused");
}

TEST_F(ConnectTest, a_refusal_by_name_lists_the_addresses) {
  const Endpoint dead = dead_endpoint("localhost");
  EXPECT_EQ(connect(dead).code, asio::error::connection_refused);
  EXPECT_THAT(*why, StartsWith("cannot connect to " + dead.to_string() + ": "));
  EXPECT_THAT(*why, HasSubstr("connection refused"));
  EXPECT_THAT(*why, HasSubstr("127.0.0.1:" + std::to_string(dead.port())));
}

TEST_F(ConnectTest, a_path_without_a_listener_is_told) {
  const std::string path = folder.file("nobody");
  EXPECT_EQ(connect(Endpoint::unix_path(path)).code, boost::system::errc::no_such_file_or_directory);
  EXPECT_EQ(*why, "cannot connect to unix://" + path + ": no such file or directory");
}

TEST_F(ConnectTest, a_scheme_that_is_not_built_in_is_unavailable) {
  EXPECT_EQ(connect("amqp://127.0.0.1:1").code, error::unavailable);
  EXPECT_EQ(*why, "cannot connect to amqp://127.0.0.1:1: the scheme amqp is not available in this build");
}

TEST_F(ConnectTest, what_can_never_be_connected_is_refused_at_once) {
  const auto attempt = [&](const char* endpoint) {
    async_connect(context.get_executor(), endpoint, options, [](error_code, const Stream&) { FAIL(); });
  };
  EXPECT_THROW(attempt("tcp://*:80"), std::invalid_argument);
  EXPECT_THROW(attempt("tcp://0.0.0.0:80"), std::invalid_argument);
  EXPECT_THROW(attempt("tcp://127.0.0.1:0"), std::invalid_argument);
  EXPECT_TRUE(run_to_end(context));
}

TEST_F(ConnectTest, an_option_that_cannot_be_set_is_told) {
  const Acceptor acceptor{context.get_executor(), "tcp://127.0.0.1:0"};
  TransportOptions transport;
  transport.congestion_control = "no-such-way";
  options.transport(transport);
  EXPECT_EQ(connect(acceptor.local_endpoint()).code, boost::system::errc::no_such_file_or_directory);
  EXPECT_THAT(*why, HasSubstr("cannot set congestion_control: no such file or directory"));
}

TEST_F(ConnectTest, a_deadline_that_has_passed_fails_without_trying) {
  options.deadline(Clock::now() - 1s);
  EXPECT_EQ(connect("tcp://127.0.0.1:9").code, error::timed_out);
}

TEST_F(ConnectTest, a_deadline_ends_a_connect_that_hangs) {
  const FullListener full{context};
  options.deadline(100ms);
  EXPECT_EQ(connect(full.endpoint()).code, error::timed_out);
  EXPECT_THAT(*why, HasSubstr("the deadline passed after 1"));
}

TEST_F(ConnectTest, cancelling_a_connect_that_hangs_leaves_nothing_open) {
  const FullListener full{context};
  context.poll();
  const std::size_t before = open_descriptors();
  asio::cancellation_signal signal;
  std::optional<Connected> connected;
  async_connect(context.get_executor(), full.endpoint(), options,
                asio::bind_cancellation_slot(signal.slot(), into(connected)));
  context.restart();
  context.poll();
  ASSERT_FALSE(connected);
  EXPECT_EQ(open_descriptors(), before + 1);
  signal.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context, [&] { return connected.has_value(); }));
  EXPECT_EQ(connected->code, asio::error::operation_aborted);
  EXPECT_EQ(open_descriptors(), before);
  signal.emit(asio::cancellation_type::terminal);  // stale, and harmless
}

TEST_F(ConnectTest, cancelling_before_it_began_and_while_the_name_is_looked_up) {
  for (const bool begun : {false, true}) {
    asio::cancellation_signal signal;
    std::optional<Connected> connected;
    async_connect(context.get_executor(), "tcp://localhost:9", options,
                  asio::bind_cancellation_slot(signal.slot(), into(connected)));
    context.restart();
    if (begun) context.run_one();  // the look-up has been started; what it found is not asked for yet
    signal.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(run_to_end(context));
    EXPECT_EQ(connected->code, asio::error::operation_aborted);
  }
}

TEST_F(ConnectTest, a_deadline_covers_the_look_up) {
  options.deadline(Duration{1});
  std::optional<Connected> connected;
  async_connect(context.get_executor(), "tcp://localhost:9", options, into(connected));
  ASSERT_TRUE(run_to_end(context));
  EXPECT_EQ(connected->code, error::timed_out);
}

TEST_F(ConnectTest, destroying_the_context_releases_a_pending_connect) {
  const auto token = std::make_shared<int>();
  {
    asio::io_context short_lived;
    const FullListener full{short_lived};
    async_connect(short_lived.get_executor(), full.endpoint(), options, [token](error_code, const Stream&) { FAIL(); });
    short_lived.poll();
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(ConnectTest, a_unix_listener_whose_queue_is_full_is_waited_for) {
  const std::string path = folder.file("busy");
  asio::local::stream_protocol::acceptor acceptor{context};
  acceptor.open();
  acceptor.bind({path});
  acceptor.listen(0);
  asio::local::stream_protocol::socket filler{context};
  filler.connect({path});

  std::optional<Connected> connected;
  async_connect(context.get_executor(), Endpoint::unix_path(path), options, into(connected));
  context.poll();
  EXPECT_FALSE(connected);
  (void)acceptor.accept();
  ASSERT_TRUE(run_until(context, [&] { return connected.has_value(); }));
  EXPECT_FALSE(connected->code) << *why;
}

TEST_F(ConnectTest, a_unix_listener_whose_queue_stays_full_ends_at_the_deadline) {
  const std::string path = folder.file("full");
  asio::local::stream_protocol::acceptor acceptor{context};
  acceptor.open();
  acceptor.bind({path});
  acceptor.listen(0);
  asio::local::stream_protocol::socket filler{context};
  filler.connect({path});
  options.deadline(50ms);
  EXPECT_EQ(connect(Endpoint::unix_path(path)).code, error::timed_out);
}

TEST_F(ConnectTest, a_shortage_of_descriptors_is_an_error) {
  const Acceptor acceptor{context.get_executor(), "tcp://127.0.0.1:0"};
  const support::DescriptorLimit limit;
  EXPECT_EQ(connect(acceptor.local_endpoint()).code, boost::system::errc::too_many_files_open);
  EXPECT_NE(why->find("as many files and sockets open as it may (see ulimit -n)"), std::string::npos) << *why;
}

TEST_F(ConnectTest, takes_a_future_and_completes_by_the_handlers_executor) {
  const Acceptor acceptor{context.get_executor(), "tcp://127.0.0.1:0"};
  auto future = async_connect(context.get_executor(), acceptor.local_endpoint(), options, asio::use_future);
  ASSERT_TRUE(run_to_end(context));
  EXPECT_TRUE(future.get());

  asio::io_context other;
  std::optional<Connected> connected;
  async_connect(context.get_executor(), acceptor.local_endpoint(), options,
                asio::bind_executor(other.get_executor(), into(connected)));
  ASSERT_TRUE(run_to_end(context));
  EXPECT_FALSE(connected);
  ASSERT_TRUE(run_to_end(other));
  EXPECT_FALSE(connected->code);
}

TEST_F(ConnectTest, many_at_once_on_two_threads_with_some_cancelled) {
  constexpr int count = 200;
  const Acceptor acceptor{context.get_executor(), "tcp://127.0.0.1:0"};
  std::atomic<int> done = 0;
  std::atomic<int> odd_failures = 0;
  std::list<asio::cancellation_signal> signals;
  options.failure_to(nullptr);  // one sentence is not for many operations
  for (int i = 0; i < count; ++i) {
    auto& signal = signals.emplace_back();
    const char* host = i % 2 == 0 ? "127.0.0.1" : "localhost";
    async_connect(context.get_executor(), Endpoint::tcp(host, acceptor.local_endpoint().port()), options,
                  asio::bind_cancellation_slot(signal.slot(), [&](error_code ec, const Stream& stream) {
                    if (ec ? ec != asio::error::operation_aborted : !stream) ++odd_failures;
                    ++done;
                  }));
  }
  std::thread cancelling{[&] {
    int i = 0;
    for (auto& each : signals) {
      if (i++ % 3 == 0) each.emit(asio::cancellation_type::terminal);
    }
  }};
  EXPECT_TRUE(run_to_end(context, 2));
  cancelling.join();
  EXPECT_EQ(done, count);
  EXPECT_EQ(odd_failures, 0);
}

}  // namespace
}  // namespace parley
