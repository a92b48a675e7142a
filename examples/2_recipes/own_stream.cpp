// A stream of one's own below a Connection: anything with async_read_some and async_write_some will do.
//
// This one scrambles the bytes on their way through a socket. It cannot say when it is readable without reading, so an
// idle connection over it holds a buffer of 16 KiB, which one over a plain socket does not.

#include "../check.hpp"

#include <parley/parley.hpp>
#include <parley/transport/adapter.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstddef>
#include <iostream>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using boost::system::error_code;

/// XOR with a byte: no protection, but different on the wire. Returns the size.
std::size_t scramble(asio::mutable_buffer bytes, std::byte key) {
  for (std::byte& each : std::span{static_cast<std::byte*>(bytes.data()), bytes.size()}) each ^= key;
  return bytes.size();
}

class ScramblingStream {
 public:
  ScramblingStream(Socket socket, std::byte key) : socket_{std::move(socket)}, key_{key} {}

  Socket::executor_type get_executor() { return socket_.get_executor(); }

  // One read and one write may be pending. Their buffers stay valid until the handler is called; `this` may not: a
  // stream that is closed has its operations complete afterwards, so the handlers take along what they need.
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler handler) {
    auto descramble = [buffers, key = key_, handler = std::move(handler)](error_code ec, std::size_t size) mutable {
      std::size_t left = size;
      for (auto each = asio::buffer_sequence_begin(buffers); left > 0; ++each) {
        left -= scramble(asio::buffer(asio::mutable_buffer{*each}, left), key);
      }
      std::move(handler)(ec, size);
    };
    socket_.async_read_some(buffers, std::move(descramble));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler handler) {
    std::vector<std::byte> scrambled(asio::buffer_size(buffers));
    asio::buffer_copy(asio::buffer(scrambled), buffers);
    scramble(asio::buffer(scrambled), key_);
    const auto out = asio::buffer(scrambled);
    auto finish = [kept = std::move(scrambled), handler = std::move(handler)](error_code ec, std::size_t size) mutable {
      std::move(handler)(ec, size);
    };
    socket_.async_write_some(out, std::move(finish));
  }

  // Both are optional. Without shutdown() the connection cannot half-close, and UntilEof is refused.
  void shutdown(asio::socket_base::shutdown_type what, error_code& ec) { socket_.shutdown(what, ec); }
  void close(error_code& ec) { socket_.close(ec); }

 private:
  Socket socket_;
  std::byte key_;
};

asio::awaitable<void> echo(parley::Connection peer) {
  while (std::optional<parley::Message> message = co_await peer.next()) co_await peer.send(*message);
}

asio::awaitable<void> ask(parley::Connection peer) {
  co_await peer.send("attack at dawn");
  check((co_await peer.receive()) == "attack at dawn", "scrambled and descrambled twice");
  check((co_await peer.close()).all_arrived(), "closed in order");
  std::cout << "echoed through a stream of our own\n";
}

int main() {
  asio::io_context context;
  Socket left{context};
  Socket right{context};
  asio::local::connect_pair(left, right);

  constexpr std::byte key{0x5a};
  using parley::transport::make_stream;
  parley::Connection ours{make_stream(ScramblingStream{std::move(left), key})};
  parley::Connection theirs{make_stream(ScramblingStream{std::move(right), key})};
  asio::co_spawn(context, echo(std::move(theirs)), rethrow);
  asio::co_spawn(context, ask(std::move(ours)), rethrow);
  context.run();
}
