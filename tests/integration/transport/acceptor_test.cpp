#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include "support/descriptor_limit.hpp"
#include "support/run_context.hpp"
#include "support/socket_option.hpp"
#include "support/stream_contract.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>

#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <fstream>
#include <list>

namespace parley {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using boost::system::error_code;
using support::run_to_end;
using support::run_until;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using transport::Acceptor;
using transport::Stream;
using LocalSocket = asio::local::stream_protocol::socket;
using LocalAcceptor = asio::local::stream_protocol::acceptor;

struct Accepted {
  error_code code;
  Stream stream;
};

auto into(std::optional<Accepted>& result) {
  return [&result](error_code code, Stream stream) { result.emplace(Accepted{code, std::move(stream)}); };
}

/// The number that the socket accepted next will have.
int next_descriptor() {
  const int next = ::dup(0);
  ::close(next);
  return next;
}

std::string why_not(const Endpoint& endpoint, const TransportOptions& options = {}) {
  asio::io_context context;
  try {
    const Acceptor acceptor{context.get_executor(), endpoint, options};
  } catch (const Error& e) {
    return e.what();
  }
  return "it listens";
}

tcp::socket dial(asio::io_context& context, const char* host, const Endpoint& endpoint) {
  tcp::socket socket{context};
  socket.connect({asio::ip::make_address(host), endpoint.port()});
  return socket;
}

bool has_ipv6() {
  asio::io_context context;
  error_code ec;
  tcp::acceptor probe{context};
  probe.open(tcp::v6(), ec);
  if (!ec) probe.bind({asio::ip::address_v6::loopback(), 0}, ec);
  return !ec;
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0);
  return found.st_mode & 07777U;
}

class AcceptorTest : public ::testing::Test {
 protected:
  Acceptor listen(const Endpoint& endpoint, const TransportOptions& options = {}) {
    return Acceptor{context.get_executor(), endpoint, options};
  }

  Stream accept(Acceptor& acceptor) {
    std::optional<Accepted> accepted;
    acceptor.async_accept(into(accepted));
    EXPECT_FALSE(accepted) << "completed inside the initiating call";
    EXPECT_TRUE(run_until(context, [&] { return accepted.has_value(); }));
    EXPECT_FALSE(accepted->code) << accepted->code.message();
    return std::move(accepted->stream);
  }

  asio::io_context context;
  support::TemporaryFolder folder;
};

TEST_F(AcceptorTest, accepts_at_a_port_the_system_chose) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  ASSERT_NE(acceptor.local_endpoint().port(), 0);
  tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  const Stream stream = accept(acceptor);
  EXPECT_EQ(stream.local_endpoint(), acceptor.local_endpoint());
  EXPECT_EQ(stream.remote_endpoint(), Endpoint::tcp("127.0.0.1", client.local_endpoint().port()));
}

TEST_F(AcceptorTest, waits_for_a_connection_that_comes_later) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  std::optional<Accepted> accepted;
  acceptor.async_accept(into(accepted));
  context.poll();
  EXPECT_FALSE(accepted);
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  ASSERT_TRUE(run_until(context, [&] { return accepted.has_value(); }));
  EXPECT_FALSE(accepted->code);
}

TEST_F(AcceptorTest, the_wildcard_binds_both_families) {
  Acceptor acceptor = listen("tcp://*:0");
  EXPECT_EQ(acceptor.local_endpoint().host(), "*");
  const tcp::socket v4 = dial(context, "127.0.0.1", acceptor.local_endpoint());
  const Stream stream = accept(acceptor);
  EXPECT_EQ(stream.remote_endpoint().host(), "127.0.0.1");
  EXPECT_EQ(stream.local_endpoint(), Endpoint::tcp("127.0.0.1", acceptor.local_endpoint().port()));
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const tcp::socket v6 = dial(context, "::1", acceptor.local_endpoint());
  EXPECT_EQ(accept(acceptor).remote_endpoint().host(), "::1");
}

TEST_F(AcceptorTest, the_wildcard_of_one_family_leaves_the_other_free) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const Acceptor v6 = listen("tcp://[::]:0");
  const Acceptor v4 = listen(Endpoint::tcp("0.0.0.0", v6.local_endpoint().port()));
  EXPECT_EQ(v4.local_endpoint().port(), v6.local_endpoint().port());
}

TEST_F(AcceptorTest, a_host_name_is_bound_by_its_address) {
  Acceptor acceptor = listen("tcp://localhost:0");
  EXPECT_EQ(acceptor.local_endpoint().host(), "127.0.0.1");
}

TEST_F(AcceptorTest, says_why_it_cannot_listen) {
  const Acceptor living = listen("tcp://127.0.0.1:0");
  const std::string at = living.local_endpoint().to_string();
  EXPECT_EQ(why_not(living.local_endpoint()), "cannot listen on " + at + ": address already in use");
  EXPECT_EQ(why_not("amqp://127.0.0.1:1"),
            "cannot listen on amqp://127.0.0.1:1: the scheme amqp is not available in this build");
  EXPECT_THAT(why_not("tcp://192.0.2.1:0"), HasSubstr("cannot assign requested address"));
}

TEST_F(AcceptorTest, several_may_share_a_port_if_asked) {
  TransportOptions options;
  options.reuse_port = true;
  const Acceptor first = listen("tcp://127.0.0.1:0", options);
  const Acceptor second = listen(first.local_endpoint(), options);
  EXPECT_EQ(first.local_endpoint(), second.local_endpoint());
}

TEST_F(AcceptorTest, connections_of_the_loopback_are_not_paced) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  const int accepted = next_descriptor();
  const Stream stream = accept(acceptor);
  EXPECT_EQ(support::congestion_control_of(accepted), "reno");
}

TEST_F(AcceptorTest, accepted_connections_have_the_options) {
  TransportOptions options;
  options.keep_alive = std::chrono::seconds{77};
  options.congestion_control = "reno";
  options.send_buffer_size = 100'000;
  Acceptor acceptor = listen("tcp://127.0.0.1:0", options);
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  const int accepted = next_descriptor();
  const Stream stream = accept(acceptor);
  EXPECT_EQ(support::option_of(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(support::option_of(accepted, IPPROTO_TCP, TCP_KEEPIDLE), 77);
  EXPECT_EQ(support::option_of(accepted, SOL_SOCKET, SO_SNDBUF), 200'000);
}

TEST_F(AcceptorTest, pending_accepts_are_served_in_order) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  std::vector<int> order;
  std::vector<Stream> streams;
  for (int i = 0; i < 3; ++i) {
    acceptor.async_accept([&, i](error_code ec, Stream stream) {
      EXPECT_FALSE(ec);
      order.push_back(i);
      streams.push_back(std::move(stream));
    });
  }
  std::list<tcp::socket> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(dial(context, "127.0.0.1", acceptor.local_endpoint()));
  EXPECT_TRUE(run_to_end(context)) << "nothing may stay pending";
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST_F(AcceptorTest, takes_a_future) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  auto future = acceptor.async_accept(asio::use_future);
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  ASSERT_TRUE(run_to_end(context));
  EXPECT_TRUE(future.get());
}

TEST_F(AcceptorTest, a_cancelled_accept_takes_no_connection) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  asio::cancellation_signal signal;
  std::optional<Accepted> cancelled;
  acceptor.async_accept(asio::bind_cancellation_slot(signal.slot(), into(cancelled)));
  signal.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_to_end(context)) << "a cancelled accept leaves no work";
  ASSERT_TRUE(cancelled.has_value());
  EXPECT_EQ(cancelled->code, asio::error::operation_aborted);
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  EXPECT_TRUE(accept(acceptor));
  signal.emit(asio::cancellation_type::terminal);  // stale, and harmless
}

TEST_F(AcceptorTest, one_of_several_is_cancelled_alone) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  asio::cancellation_signal signal;
  std::optional<Accepted> cancelled;
  std::optional<Accepted> kept;
  acceptor.async_accept(asio::bind_cancellation_slot(signal.slot(), into(cancelled)));
  acceptor.async_accept(into(kept));
  signal.emit(asio::cancellation_type::partial);
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  ASSERT_TRUE(run_until(context, [&] { return cancelled && kept; }));
  EXPECT_EQ(cancelled->code, asio::error::operation_aborted);
  EXPECT_FALSE(kept->code);
}

TEST_F(AcceptorTest, closing_and_destroying_abort_what_is_pending) {
  std::optional<Accepted> closed;
  std::optional<Accepted> destroyed;
  std::optional<Accepted> late;
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  acceptor.async_accept(into(closed));
  acceptor.close();
  acceptor.async_accept(into(late));
  EXPECT_FALSE(closed || late);
  listen("tcp://127.0.0.1:0").async_accept(into(destroyed));
  ASSERT_TRUE(run_to_end(context));
  for (const auto* each : {&closed, &destroyed, &late}) EXPECT_EQ((*each)->code, asio::error::operation_aborted);
}

TEST_F(AcceptorTest, a_stream_can_live_on_another_executor) {
  asio::io_context other;
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  std::optional<Accepted> accepted;
  acceptor.async_accept(other.get_executor(), into(accepted));
  ASSERT_TRUE(run_to_end(context));
  EXPECT_EQ(accepted->stream.get_executor(), asio::any_io_executor{other.get_executor()});
}

TEST_F(AcceptorTest, a_shortage_of_descriptors_is_waited_out) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  std::vector<std::pair<error_code, Duration>> troubles;
  acceptor.on_trouble([&](error_code ec, Duration wait) { troubles.emplace_back(ec, wait); });
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  std::optional<Accepted> accepted;
  {
    const support::DescriptorLimit limit;
    acceptor.async_accept(into(accepted));
    ASSERT_TRUE(run_until(context, [&] { return troubles.size() == 3; }));
    EXPECT_FALSE(accepted);
  }
  ASSERT_TRUE(run_until(context, [&] { return accepted.has_value(); }));
  EXPECT_FALSE(accepted->code);
  EXPECT_EQ(troubles[0].first, boost::system::errc::too_many_files_open);
  EXPECT_EQ(troubles[0].second, std::chrono::milliseconds{10});
  EXPECT_EQ(troubles[1].second, std::chrono::milliseconds{20});
  EXPECT_EQ(troubles[2].second, std::chrono::milliseconds{40});
}

TEST_F(AcceptorTest, a_shortage_while_nobody_connects_is_no_trouble) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  int troubles = 0;
  acceptor.on_trouble([&](error_code, Duration) { ++troubles; });
  const support::DescriptorLimit limit;
  std::optional<Accepted> accepted;
  acceptor.async_accept(into(accepted));
  for (int i = 0; i < 10; ++i) context.poll();
  EXPECT_EQ(troubles, 0);
}

TEST_F(AcceptorTest, an_accept_that_waits_out_a_shortage_can_be_cancelled) {
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  const tcp::socket client = dial(context, "127.0.0.1", acceptor.local_endpoint());
  const support::DescriptorLimit limit;
  asio::cancellation_signal signal;
  std::optional<Accepted> accepted;
  acceptor.async_accept(asio::bind_cancellation_slot(signal.slot(), into(accepted)));
  context.poll();
  signal.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_to_end(context));
  EXPECT_EQ(accepted->code, asio::error::operation_aborted);
}

TEST_F(AcceptorTest, serves_accepts_from_many_threads) {
  constexpr int count = 200;
  Acceptor acceptor = listen("tcp://127.0.0.1:0");
  std::atomic<int> accepted = 0;
  std::atomic<int> asked = 0;
  std::function<void()> ask = [&] {
    if (asked++ >= count) return;
    acceptor.async_accept([&](error_code ec, const Stream& stream) {
      if (!ec && stream) ++accepted;
      ask();
    });
  };
  for (int i = 0; i < 4; ++i) ask();
  asio::io_context clients_context;
  std::list<tcp::socket> clients;
  std::thread dialling{[&] {
    for (int i = 0; i < count; ++i) clients.push_back(dial(clients_context, "127.0.0.1", acceptor.local_endpoint()));
  }};
  EXPECT_TRUE(run_to_end(context, 2));
  dialling.join();
  EXPECT_EQ(accepted, count);
}

// --- Unix sockets ---

TEST_F(AcceptorTest, accepts_at_a_path_and_removes_it_when_closed) {
  const std::string path = folder.file("here");
  Acceptor acceptor = listen(Endpoint::unix_path(path));
  LocalSocket client{context};
  client.connect({path});
  const Stream stream = accept(acceptor);
  EXPECT_EQ(stream.local_endpoint(), Endpoint::unix_path(path));
  EXPECT_EQ(stream.remote_endpoint(), Endpoint::unix_path(path));
  acceptor.close();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(AcceptorTest, accepts_at_an_abstract_name) {
  const std::string name = "parley-test-" + std::to_string(::getpid());
  Acceptor acceptor = listen(Endpoint::unix_abstract(name));
  LocalSocket client{context};
  client.connect({std::string{'\0'} + name});
  EXPECT_TRUE(accept(acceptor));
  EXPECT_THAT(why_not(Endpoint::unix_abstract(name)), HasSubstr("address already in use"));
}

TEST_F(AcceptorTest, replaces_the_file_of_a_listener_that_is_gone) {
  const std::string path = folder.file("stale");
  { const LocalAcceptor gone{context, {path}}; }
  ASSERT_TRUE(fs::exists(path));
  Acceptor acceptor = listen(Endpoint::unix_path(path));
  LocalSocket client{context};
  client.connect({path});
  EXPECT_TRUE(accept(acceptor));
}

TEST_F(AcceptorTest, leaves_a_living_listener_alone) {
  const std::string path = folder.file("living");
  Acceptor living = listen(Endpoint::unix_path(path));
  EXPECT_EQ(why_not(Endpoint::unix_path(path)), "cannot listen on unix://" + path + ": in use by a living listener");
  LocalSocket client{context};
  client.connect({path});
  EXPECT_TRUE(accept(living));  // the probe's connection, or the client's
}

TEST_F(AcceptorTest, leaves_what_is_not_a_socket_alone) {
  const std::string path = folder.file("file");
  std::ofstream{path} << "precious";
  EXPECT_EQ(why_not(Endpoint::unix_path(path)),
            "cannot listen on unix://" + path + ": the path exists and is not a socket");
  EXPECT_EQ(fs::file_size(path), 8U);
  const std::string link = folder.file("link");
  fs::create_symlink(path, link);
  EXPECT_THAT(why_not(Endpoint::unix_path(link)), HasSubstr("not a socket"));
}

TEST_F(AcceptorTest, removes_only_the_file_it_made) {
  const std::string path = folder.file("taken-over");
  Acceptor first = listen(Endpoint::unix_path(path));
  fs::remove(path);
  Acceptor second = listen(Endpoint::unix_path(path));
  first.close();
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(AcceptorTest, a_forked_child_leaves_the_file) {
  const std::string path = folder.file("inherited");
  Acceptor acceptor = listen(Endpoint::unix_path(path));
  const pid_t child = ::fork();
  if (child == 0) {
    acceptor.close();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(AcceptorTest, the_file_has_the_mode_asked_for_whatever_the_umask) {
  for (const unsigned mode : {0600U, 0660U, 0666U}) {
    const std::string path = folder.file(std::to_string(mode));
    TransportOptions options;
    options.unix_mode = mode;
    const Acceptor acceptor = listen(Endpoint::unix_path(path), options);
    EXPECT_EQ(mode_of(path), mode);
  }
}

TEST_F(AcceptorTest, a_folder_that_is_not_there_is_said) {
  EXPECT_THAT(why_not(Endpoint::unix_path(folder.file("nowhere/x"))), HasSubstr("no such file or directory"));
}

TEST_F(AcceptorTest, accepted_unix_connections_have_large_buffers) {
  const std::string path = folder.file("large");
  Acceptor acceptor = listen(Endpoint::unix_path(path));
  LocalSocket client{context};
  client.connect({path});
  Stream stream = accept(acceptor);
  error_code ec;
  const std::string megabyte(1 << 20, 'x');
  // The system's limit may be below what is asked for, but is above its default of 208 KiB on what we test.
  EXPECT_GT(support::try_write(stream, megabyte, ec), 300'000U);
}

}  // namespace
}  // namespace parley
