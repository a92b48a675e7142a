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

}  // namespace

namespace support {
INSTANTIATE_TYPED_TEST_SUITE_P(Ws, StreamContract, WsPair);
#if PARLEY_HAS_TLS
INSTANTIATE_TYPED_TEST_SUITE_P(Tls, StreamContract, TlsPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Wss, StreamContract, WssPair);
#endif
}  // namespace support

}  // namespace parley
