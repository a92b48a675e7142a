// A socket whose reader claims to have read fast: what the system is told, and that nothing is left lying.
#include "transport/wake_pacing.hpp"

#include <parley/time.hpp>

#include "support/run_context.hpp"
#include "support/socket_option.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <chrono>
#include <optional>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

class WakePacingOfASocket : public ::testing::Test {
 protected:
  asio::io_context context;
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  tcp::socket writer{context};
  tcp::socket reader{context};
  WakePacing pacing;

  void SetUp() override {
    writer.connect(acceptor.local_endpoint());
    reader = acceptor.accept();
  }
  int low_mark() { return support::option_of(reader.native_handle(), SOL_SOCKET, SO_RCVLOWAT); }
  void wait(bool has_written = false) {
    pacing.before_waiting(context.get_executor(), reader.native_handle(), has_written);
  }
  /// Says that a good deal was read, again and again, until that has gone on for long enough.
  void read_fast(bool has_written = false) {
    for (const auto end = Clock::now() + 30ms; Clock::now() < end;) {
      pacing.has_read(64 << 20);
      wait(has_written);
    }
  }
};

TEST_F(WakePacingOfASocket, wakes_a_fast_reader_for_many_bytes_and_soon_for_any_again) {
  read_fast();
  EXPECT_GT(low_mark(), 1);
  EXPECT_TRUE(support::run_until(context, [&] { return low_mark() == 1; }));
}

TEST_F(WakePacingOfASocket, bytes_below_the_mark_wake_their_reader_all_the_same) {
  read_fast();
  ASSERT_GT(low_mark(), 1);
  std::optional<boost::system::error_code> woken;
  reader.async_wait(tcp::socket::wait_read, [&](boost::system::error_code ec) { woken = ec; });
  asio::write(writer, asio::buffer("tail"));
  EXPECT_TRUE(support::run_until(context, [&] { return woken.has_value(); }));
}

TEST_F(WakePacingOfASocket, the_end_wakes_its_reader_at_once) {
  read_fast();
  std::optional<boost::system::error_code> woken;
  reader.async_wait(tcp::socket::wait_read, [&](boost::system::error_code ec) { woken = ec; });
  writer.close();
  EXPECT_TRUE(support::run_until(context, [&] { return woken.has_value(); }));
}

TEST_F(WakePacingOfASocket, who_writes_is_woken_for_any_byte) {
  read_fast(true);
  EXPECT_EQ(low_mark(), 1);
  read_fast();
  wait(true);
  EXPECT_EQ(low_mark(), 1);
}

TEST_F(WakePacingOfASocket, a_mark_of_the_users_stays) {
  const int mark = 77;
  ASSERT_EQ(::setsockopt(reader.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark), 0);
  read_fast();
  EXPECT_EQ(low_mark(), 77);
}

TEST_F(WakePacingOfASocket, nothing_of_it_stays_when_the_socket_has_been_closed) {
  read_fast();
  pacing.end();
  reader.close();
  EXPECT_TRUE(support::run_to_end(context));
}

TEST_F(WakePacingOfASocket, may_go_with_its_context) {
  read_fast();
  pacing.end();
}

}  // namespace
}  // namespace parley::transport
