#include <parley/transport/adapter.hpp>

#include "support/socket_option.hpp"
#include "support/stream_contract.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using support::option_of;
using transport::make_stream;
using transport::Stream;
using LocalSocket = asio::local::stream_protocol::socket;

std::pair<tcp::socket, tcp::socket> tcp_sockets(asio::io_context& context, const char* host = "127.0.0.1") {
  tcp::acceptor acceptor{context, {asio::ip::make_address(host), 0}};
  tcp::socket client{context};
  client.connect(acceptor.local_endpoint());
  return {std::move(client), acceptor.accept()};
}

struct TcpPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) {
    auto [client, server] = tcp_sockets(context);
    return {make_stream(std::move(client)), make_stream(std::move(server), TransportOptions{})};
  }
};

struct UnixPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) {
    LocalSocket left{context};
    LocalSocket right{context};
    asio::local::connect_pair(left, right);
    return {make_stream(std::move(left)), make_stream(std::move(right))};
  }
};

}  // namespace

namespace support {
INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, StreamContract, TcpPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, SoleStreamContract, TcpPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Unix, StreamContract, UnixPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Unix, SoleStreamContract, UnixPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, HalfCloseContract, TcpPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Unix, HalfCloseContract, UnixPair);
}  // namespace support

namespace {

TEST(SocketStream, endpoints_are_those_of_the_socket) {
  asio::io_context context;
  auto [client, server] = tcp_sockets(context);
  const auto client_port = client.local_endpoint().port();
  const auto server_port = server.local_endpoint().port();
  const Stream stream = make_stream(std::move(client));
  EXPECT_EQ(stream.local_endpoint(), Endpoint::tcp("127.0.0.1", client_port));
  EXPECT_EQ(stream.remote_endpoint(), Endpoint::tcp("127.0.0.1", server_port));
}

TEST(SocketStream, a_reset_is_no_orderly_end_to_the_peer) {
  asio::io_context context;
  auto [left, right] = TcpPair::make(context);
  left.reset();
  left.reset();
  std::optional<error_code> ready;
  right.wait_readable(support::into(ready));
  ASSERT_TRUE(support::run_until(context, [&] { return ready.has_value(); }));
  error_code ec;
  EXPECT_EQ(support::try_read(right, 8, ec), "");
  EXPECT_EQ(ec, asio::error::connection_reset);
}

TEST(SocketStream, a_pair_of_unnamed_sockets_has_endpoints_too) {
  asio::io_context context;
  auto [left, right] = UnixPair::make(context);
  EXPECT_EQ(left.local_endpoint().to_string(), "inproc://socketpair");
  EXPECT_EQ(right.remote_endpoint().to_string(), "inproc://socketpair");
}

TEST(SocketStream, a_long_list_of_buffers_is_written_up_to_its_cap) {
  asio::io_context context;
  auto [left, right] = UnixPair::make(context);
  const std::vector<asio::const_buffer> out(100, asio::buffer("ab", 2));
  error_code ec;
  EXPECT_EQ(left.backend().try_write(out, ec), 128U);
  std::optional<support::Transfer> written;
  left.backend().async_write_some(out, support::into(written));
  ASSERT_TRUE(support::run_until(context, [&] { return written.has_value(); }));
  EXPECT_EQ(written->size, 128U);
  EXPECT_EQ(support::try_read(right, 1000, ec).size(), 256U);
}

TEST(SocketStream, one_write_takes_more_than_64_kib) {
  asio::io_context context;
  LocalSocket left{context};
  LocalSocket right{context};
  asio::local::connect_pair(left, right);
  TransportOptions options;
  options.send_buffer_size = 200'000;
  Stream stream = make_stream(std::move(left), options);
  const std::string large(150'000, 'x');
  std::optional<support::Transfer> written;
  stream.async_write_some(asio::buffer(large), support::into(written));
  ASSERT_TRUE(support::run_until(context, [&] { return written.has_value(); }));
  EXPECT_GT(written->size, 65'536U);
}

TEST(SocketStream, unread_bytes_of_a_stopped_peer_are_unacknowledged) {
  asio::io_context context;
  auto [client, server] = tcp_sockets(context);
  client.set_option(asio::socket_base::send_buffer_size{1 << 20});
  Stream stream = make_stream(std::move(client));
  const std::string block(1 << 16, 'x');
  error_code ec;
  while (!ec) support::try_write(stream, block, ec);
  EXPECT_GT(stream.backend().unacknowledged_size().value_or(0), 0U);
  stream.close();
  EXPECT_EQ(stream.backend().unacknowledged_size(), std::nullopt);
}

TEST(SocketStream, options_are_set_on_the_socket) {
  asio::io_context context;
  auto [client, server] = tcp_sockets(context);
  const int descriptor = client.native_handle();
  TransportOptions options;
  options.keep_alive = std::chrono::seconds{123};
  options.send_buffer_size = 100'000;
  options.congestion_control = "reno";
  const Stream stream = make_stream(std::move(client), options);
  EXPECT_EQ(option_of(descriptor, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(descriptor, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option_of(descriptor, IPPROTO_TCP, TCP_KEEPIDLE), 123);
  EXPECT_EQ(option_of(descriptor, SOL_SOCKET, SO_SNDBUF), 200'000) << "the kernel doubles what is asked for";
  EXPECT_EQ(support::congestion_control_of(descriptor), "reno");
}

TEST(SocketStream, an_option_that_cannot_be_set_is_an_error_that_names_it) {
  asio::io_context context;
  auto [client, server] = tcp_sockets(context);
  TransportOptions options;
  options.congestion_control = "no-such-way";
  try {
    (void)make_stream(std::move(client), options);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "cannot set congestion_control: no such file or directory");
  }
}

TEST(SocketStream, a_socket_keeps_its_settings_without_options) {
  asio::io_context context;
  auto [client, server] = tcp_sockets(context);
  const int descriptor = client.native_handle();
  const Stream stream = make_stream(std::move(client));
  EXPECT_EQ(option_of(descriptor, IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST(SocketStream, what_is_not_connected_is_refused) {
  asio::io_context context;
  tcp::socket unconnected{context, tcp::v4()};
  EXPECT_THROW((void)make_stream(std::move(unconnected)), Error);
  tcp::socket closed{context};
  EXPECT_THROW((void)make_stream(std::move(closed)), Error);
}

}  // namespace
}  // namespace parley
