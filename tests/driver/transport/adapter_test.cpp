#include <parley/transport/adapter.hpp>
#include <parley/transport/memory.hpp>

#include "support/stream_contract.hpp"

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::run_until;
using transport::make_stream;
using transport::Stream;

/// A stream of a user's: only what AsyncReadStream and AsyncWriteStream ask for.
class Minimal {
 public:
  using executor_type = asio::any_io_executor;

  explicit Minimal(Stream inner) : inner_{std::move(inner)} {}
  executor_type get_executor() const { return inner_.get_executor(); }
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return inner_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return inner_.async_write_some(buffers, std::forward<Token>(token));
  }

 protected:
  Stream inner_;
};

class HalfClosable : public Minimal {
 public:
  using Minimal::Minimal;
  void shutdown(asio::socket_base::shutdown_type, error_code& ec) { inner_.shutdown_send(ec); }
  void close(error_code& ec) {
    inner_.close();
    ec = {};
  }
};

class Adapter : public ::testing::Test {
 protected:
  Adapter() { std::tie(inner, peer) = transport::memory_pair(context.get_executor(), context.get_executor()); }

  asio::io_context context;
  Stream inner;
  Stream peer;
  error_code ec;
};

TEST_F(Adapter, a_users_stream_is_read_and_written) {
  Stream stream = make_stream(Minimal{std::move(inner)});
  EXPECT_FALSE(stream.backend().can_wait());
  EXPECT_FALSE(stream.backend().can_half_close());
  std::optional<support::Transfer> written;
  stream.async_write_some(asio::buffer("ping", 4), support::into(written));
  ASSERT_TRUE(run_until(context, [&] { return written.has_value(); }));
  EXPECT_EQ(support::try_read(peer, 8, ec), "ping");

  support::try_write(peer, "pong", ec);
  std::string room(8, ' ');
  std::optional<support::Transfer> read;
  stream.async_read_some(asio::buffer(room), support::into(read));
  ASSERT_TRUE(run_until(context, [&] { return read.has_value(); }));
  EXPECT_EQ(room.substr(0, read->size), "pong");
}

TEST_F(Adapter, tries_are_not_supported_and_waits_complete_at_once_but_later) {
  Stream stream = make_stream(Minimal{std::move(inner)});
  support::try_read(stream, 8, ec);
  EXPECT_EQ(ec, asio::error::operation_not_supported);
  std::optional<error_code> ready;
  stream.wait_readable(support::into(ready));
  EXPECT_FALSE(ready);
  ASSERT_TRUE(run_until(context, [&] { return ready.has_value(); }));
  EXPECT_FALSE(*ready);
}

TEST_F(Adapter, closing_a_stream_that_cannot_close_destroys_it) {
  Stream stream = make_stream(Minimal{std::move(inner)});
  char byte = 0;
  std::optional<support::Transfer> pending;
  stream.async_read_some(asio::buffer(&byte, 1), support::into(pending));
  stream.close();
  std::optional<support::Transfer> after;
  stream.async_read_some(asio::buffer(&byte, 1), support::into(after));
  ASSERT_TRUE(run_until(context, [&] { return pending && after; }));
  EXPECT_EQ(pending->code, asio::error::operation_aborted);
  EXPECT_EQ(after->code, asio::error::operation_aborted);
  support::try_read(peer, 8, ec);
  EXPECT_EQ(ec, asio::error::eof);
}

TEST_F(Adapter, a_stream_with_shutdown_can_half_close) {
  Stream stream = make_stream(HalfClosable{std::move(inner)});
  ASSERT_TRUE(stream.backend().can_half_close());
  stream.shutdown_send(ec);
  EXPECT_FALSE(ec);
  support::try_read(peer, 8, ec);
  EXPECT_EQ(ec, asio::error::eof);
  stream.close();
}

TEST_F(Adapter, endpoints_are_what_the_user_says) {
  Stream named = make_stream(Minimal{std::move(inner)}, "inproc://here", "inproc://there");
  EXPECT_EQ(named.local_endpoint().to_string(), "inproc://here");
  EXPECT_EQ(named.remote_endpoint().to_string(), "inproc://there");
  Stream unnamed = make_stream(Minimal{std::move(peer)});
  EXPECT_EQ(unnamed.remote_endpoint().to_string(), "inproc://stream");
}

}  // namespace
}  // namespace parley
