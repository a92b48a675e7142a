// Streams with a handshake do what every stream does.
#include "support/scheme_options.hpp"
#include "support/stream_contract.hpp"

#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using transport::Stream;

auto keep(std::optional<Stream>& made) {
  return [&made](error_code ec, Stream stream) {
    EXPECT_FALSE(ec) << ec.message();
    made = std::move(stream);
  };
}

/// A handshake may have brought more than itself, so that the first wait ends at once and its read comes back empty.
void settle(Stream& stream) {
  error_code ec;
  EXPECT_EQ(support::try_read(stream, 1, ec), "");
  EXPECT_EQ(ec, asio::error::would_block);
}

std::pair<Stream, Stream> meet(asio::io_context& context, const Endpoint& where) {
  transport::Acceptor acceptor{context.get_executor(), where, support::server_transport()};
  std::optional<Stream> left;
  std::optional<Stream> right;
  acceptor.async_accept(keep(right));
  transport::StreamConnectOptions how;
  how.transport(support::client_transport());
  transport::async_connect(context.get_executor(), acceptor.local_endpoint(), how, keep(left));
  EXPECT_TRUE(support::run_until(context, [&] { return left && right; }));
  acceptor.close();
  (void)support::run_to_end(context);
  context.restart();
  settle(*left);
  settle(*right);
  return {std::move(*left), std::move(*right)};
}

struct WsPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) { return meet(context, "ws://127.0.0.1:0/"); }
};
#if PARLEY_HAS_TLS
struct TlsPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) { return meet(context, "tls://127.0.0.1:0"); }
};
struct WssPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) { return meet(context, "wss://127.0.0.1:0/"); }
};
#endif

#if PARLEY_HAS_TLS
/// Reads until `is_enough`, or to the end of the stream, which `end` then says.
std::string read_until(asio::io_context& context, Stream& stream, error_code& end, auto is_enough) {
  std::string all;
  while (!is_enough(all) && !end) {
    bool is_ready = false;
    stream.wait_readable([&](error_code) { is_ready = true; });
    EXPECT_TRUE(support::run_until(context, [&] { return is_ready; }));
    error_code ec;
    all += support::try_read(stream, 4096, ec);
    if (ec != asio::error::would_block) end = ec;
  }
  return all;
}

/// A client that speaks WebSocket by hand, and so sees what TLS says.
TEST(WssStream, that_closes_takes_leave_in_websocket_and_then_in_tls) {
  asio::io_context context;
  transport::Acceptor acceptor{context.get_executor(), "wss://127.0.0.1:0/", support::server_transport()};
  std::optional<Stream> server;
  std::optional<Stream> client;
  acceptor.async_accept(keep(server));
  transport::StreamConnectOptions how;
  how.transport(support::client_transport());
  const Endpoint without_websocket{"tls://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())};
  transport::async_connect(context.get_executor(), without_websocket, how, keep(client));
  ASSERT_TRUE(support::run_until(context, [&] { return client.has_value(); }));
  const std::string upgrade =
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  const asio::const_buffer buffer{upgrade.data(), upgrade.size()};
  error_code ec;
  EXPECT_EQ(client->backend().try_write({&buffer, 1}, ec), upgrade.size());
  const auto has_head = [](const std::string& text) { return text.ends_with("\r\n\r\n"); };
  EXPECT_TRUE(read_until(context, *client, ec, has_head).starts_with("HTTP/1.1 101 "));
  ASSERT_TRUE(support::run_until(context, [&] { return server.has_value(); }));

  server->shutdown_send(ec);
  server->close();
  const auto never = [](const std::string&) { return false; };
  EXPECT_EQ(read_until(context, *client, ec, never), "\x88\x02\x03\xe8");
  EXPECT_EQ(ec, asio::error::eof);  // and not truncated
}
#endif

}  // namespace

namespace support {
INSTANTIATE_TYPED_TEST_SUITE_P(Ws, StreamContract, WsPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Ws, SoleStreamContract, WsPair);
#if PARLEY_HAS_TLS
INSTANTIATE_TYPED_TEST_SUITE_P(Tls, StreamContract, TlsPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Tls, SoleStreamContract, TlsPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Wss, StreamContract, WssPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Wss, SoleStreamContract, WssPair);
#endif
}  // namespace support

}  // namespace parley
