// In-process endpoints as streams.
#include <parley/connection/listener.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include "support/stream_contract.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using transport::Acceptor;
using transport::Stream;

struct Result {
  error_code ec;
  Stream stream;
};

auto into(std::optional<Result>& result) {
  return [&result](error_code ec, Stream stream) { result.emplace(ec, std::move(stream)); };
}

/// What dialling there gives, with nobody else running the context.
Result dial(asio::io_context& context, const Endpoint& endpoint, const std::shared_ptr<std::string>& why = nullptr) {
  std::optional<Result> result;
  transport::StreamConnectOptions options;
  options.failure_to(why);
  transport::async_connect(context.get_executor(), endpoint, options, into(result));
  EXPECT_TRUE(support::run_until(context, [&] { return result.has_value(); }));
  return std::move(*result);
}

struct InprocPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) {
    Acceptor acceptor{context.get_executor(), "inproc://tests-of-the-contract"};
    std::optional<Result> accepted;
    acceptor.async_accept(into(accepted));
    Stream dialled = dial(context, acceptor.local_endpoint()).stream;
    EXPECT_TRUE(support::run_until(context, [&] { return accepted.has_value(); }));
    return {std::move(dialled), std::move(accepted->stream)};
  }
};

}  // namespace

namespace support {
INSTANTIATE_TYPED_TEST_SUITE_P(Inproc, StreamContract, InprocPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Inproc, SoleStreamContract, InprocPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Inproc, HalfCloseContract, InprocPair);
}  // namespace support

namespace {

class InprocStreams : public ::testing::Test {
 protected:
  asio::io_context context;
  const Endpoint here{"inproc://tests-of-streams"};
};

TEST_F(InprocStreams, wait_to_be_accepted_in_the_order_of_dialling) {
  Acceptor acceptor{context.get_executor(), here};
  Stream first = dial(context, here).stream;
  Stream second = dial(context, here).stream;
  error_code ec;
  EXPECT_EQ(support::try_write(first, "1", ec), 1U) << "before anybody has accepted it";
  EXPECT_EQ(support::try_write(second, "2", ec), 1U);
  std::optional<Result> accepted[2];
  for (auto& each : accepted) acceptor.async_accept(into(each));
  ASSERT_TRUE(support::run_until(context, [&] { return accepted[1].has_value(); }));
  EXPECT_EQ(support::try_read(accepted[0]->stream, 9, ec), "1");
  EXPECT_EQ(support::try_read(accepted[1]->stream, 9, ec), "2");
}

TEST_F(InprocStreams, live_where_they_are_told_to) {
  asio::io_context elsewhere;
  Acceptor acceptor{context.get_executor(), here};
  Stream dialled = dial(context, here).stream;
  std::optional<Result> accepted;
  acceptor.async_accept(elsewhere.get_executor(), into(accepted));
  ASSERT_TRUE(support::run_until(context, [&] { return accepted.has_value(); }));
  EXPECT_TRUE(accepted->stream.get_executor() == elsewhere.get_executor());
  std::optional<error_code> readable;
  accepted->stream.wait_readable(support::into(readable));
  error_code ec;
  support::try_write(dialled, "x", ec);
  context.restart();
  context.poll();
  EXPECT_FALSE(readable.has_value());
  EXPECT_TRUE(support::run_until(elsewhere, [&] { return readable.has_value(); }));
}

TEST_F(InprocStreams, find_nobody_where_nobody_listens) {
  const auto why = std::make_shared<std::string>();
  EXPECT_EQ(dial(context, here, why).ec, error::no_listener);
  EXPECT_EQ(*why, "cannot connect to inproc://tests-of-streams: " + make_error_code(error::no_listener).message());
}

TEST_F(InprocStreams, share_their_names_with_listeners_and_do_not_meet_them) {
  Listener listener{context, here};
  EXPECT_EQ(dial(context, here).ec, error::no_listener) << "a listener's messages are no bytes";
  try {
    const Acceptor second{context.get_executor(), here};
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), asio::error::address_in_use);
    EXPECT_STREQ(e.what(), "cannot listen on inproc://tests-of-streams: the name is in use in this process");
  }
  listener.close();
  EXPECT_NO_THROW((Acceptor{context.get_executor(), here}));
}

TEST_F(InprocStreams, are_refused_when_the_backlog_is_full) {
  TransportOptions options;
  options.backlog = 1;
  Acceptor acceptor{context.get_executor(), here, options};
  const Result first = dial(context, here);
  EXPECT_FALSE(first.ec);
  EXPECT_EQ(dial(context, here).ec, error::too_many_connections);
}

TEST_F(InprocStreams, end_with_the_acceptor_that_has_not_accepted_them) {
  std::optional<Acceptor> acceptor{std::in_place, context.get_executor(), here};
  Stream waiting = dial(context, here).stream;
  acceptor.reset();
  error_code ec;
  EXPECT_EQ(support::try_read(waiting, 1, ec), "");
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(dial(context, here).ec, error::no_listener);
}

TEST_F(InprocStreams, closing_completes_accepts_that_wait) {
  Acceptor acceptor{context.get_executor(), here};
  std::optional<Result> accepted;
  acceptor.async_accept(into(accepted));
  acceptor.close();
  ASSERT_TRUE(support::run_until(context, [&] { return accepted.has_value(); }));
  EXPECT_EQ(accepted->ec, asio::error::operation_aborted);
}

}  // namespace
}  // namespace parley
