// Every framing over every manner of stream, and every fault at every step.
#include "support/connection_pairs.hpp"
#include "support/connection_results.hpp"

#include "examples/2_recipes/start_end_checksum.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::all_manners;
using support::connect_pair;
using support::Manner;
using support::PairOptions;
using support::run_coroutine;

struct Case {
  std::string name;
  Framing framing;
  std::vector<std::string> bodies;
};

std::ostream& operator<<(std::ostream& out, const Case& each) { return out << each.name; }

std::vector<std::string> common_bodies() {
  return {"a", std::string(64, 'b'), std::string(65, 'c'), std::string(300, 'd'), std::string(5000, 'e')};
}

std::vector<std::string> with_empty(std::vector<std::string> bodies) {
  bodies.insert(bodies.begin() + 1, "");
  bodies.push_back("");
  return bodies;
}

std::vector<Case> all_cases() {
  return {
      {"length", LengthPrefixed{}, with_empty(common_bodies())},
      {"length_2_little", LengthPrefixed{2, ByteOrder::little, 0}, with_empty(common_bodies())},
      {"length_with_header", LengthPrefixed{8, ByteOrder::big, 8}, with_empty(common_bodies())},
      {"varint", VarintPrefixed{}, with_empty(common_bodies())},
      {"line", Separator{"\n"}, with_empty(common_bodies())},
      {"crlf", Separator{"\r\n"}, with_empty(common_bodies())},
      {"fixed", FixedLength{100}, {std::string(100, 'x'), std::string(100, 'y')}},
      {"until_eof", UntilEof{}, {std::string(3000, 'x')}},
      {"until_eof_small", UntilEof{}, {"x"}},
      {"custom", std::make_shared<StartEndChecksum>(), common_bodies()},
  };
}

asio::awaitable<void> send_all(Connection& from, std::vector<std::string> bodies) {
  for (const std::string& body : bodies) co_await from.send(body);
  co_await from.flush();
}

asio::awaitable<std::vector<std::string>> receive_some(Connection& at, std::size_t count) {
  std::vector<std::string> bodies;
  while (bodies.size() < count) {
    auto message = co_await at.next();
    if (!message) break;
    bodies.push_back(message->text());
  }
  co_return bodies;
}

class FramingOverStreams : public ::testing::TestWithParam<std::tuple<Case, Manner>> {
 protected:
  PairOptions options() const {
    const auto& [each, manner] = GetParam();
    PairOptions made;
    made.framing(each.framing);
    made.left_plan = made.right_plan = manner.plan;
    made.capacity = manner.capacity;
    return made;
  }
  const std::vector<std::string>& bodies() const { return std::get<0>(GetParam()).bodies; }
  asio::io_context context;
};

TEST_P(FramingOverStreams, carries_messages_both_ways_to_a_clean_end) {
  auto [left, right] = connect_pair(context, options());
  std::vector<std::string> at_left, at_right;
  std::optional<Message> after_left, after_right;
  int ended = 0;
  const auto converse = [&](Connection& self, std::vector<std::string>& got,
                            std::optional<Message>& after) -> asio::awaitable<void> {
    co_await send_all(self, bodies());
    got = co_await receive_some(self, bodies().size());
    if (++ended < 2) co_return;  // the second closes, the first sees its end
    const CloseReport report = co_await self.close(std::chrono::seconds{10});
    EXPECT_TRUE(report.all_arrived());
    (void)after;
  };
  std::exception_ptr thrown;
  int done = 0;
  const auto on_end = [&](std::exception_ptr e) {
    if (e) thrown = e;
    ++done;
  };
  asio::co_spawn(context, converse(left, at_left, after_left), on_end);
  asio::co_spawn(context, converse(right, at_right, after_right), on_end);
  ASSERT_TRUE(support::run_until(context, [&] { return done == 2; }));
  if (thrown) std::rethrow_exception(thrown);
  EXPECT_EQ(at_left, bodies());
  EXPECT_EQ(at_right, bodies());
}

TEST_P(FramingOverStreams, a_peer_that_closes_is_a_clean_end) {
  auto [left, right] = connect_pair(context, options());
  std::vector<std::string> got;
  bool ended = false;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    asio::co_spawn(
        context,
        [](Connection from, std::vector<std::string> all) -> asio::awaitable<void> { co_await send_all(from, all); }(
                                                              std::move(left), bodies()),
        [](std::exception_ptr e) { EXPECT_FALSE(e); });
    got = co_await receive_some(right, bodies().size() + 1);
    ended = right.end_of_receiving() == error::closed;
  }));
  EXPECT_EQ(got, bodies());
  EXPECT_TRUE(ended) << right.end_of_receiving();
}

INSTANTIATE_TEST_SUITE_P(All, FramingOverStreams,
                         ::testing::Combine(::testing::ValuesIn(all_cases()), ::testing::ValuesIn(all_manners())),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" + std::get<1>(test.param).name;
                         });

TEST(RawOverStreams, every_byte_arrives) {
  for (const Manner& manner : all_manners()) {
    asio::io_context context;
    PairOptions options;
    options.framing(Raw{});
    options.left_plan = options.right_plan = manner.plan;
    options.capacity = manner.capacity;
    auto [left, right] = connect_pair(context, options);
    std::string got;
    ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      EXPECT_FALSE(left.post("one "));
      EXPECT_FALSE(left.post(std::string(500, 'x')));
      EXPECT_EQ(left.post(""), error::unframeable);
      left = Connection{};
      while (auto part = co_await right.next()) got += part->text();
    })) << manner;
    EXPECT_EQ(got, "one " + std::string(500, 'x')) << manner;
  }
}

// --- faults ----------------------------------------------------------------------------------------------------------

class FaultAtEveryStep : public ::testing::TestWithParam<bool> {
 protected:
  /// Five messages of three reads each are on their way when read `step` fails; returns those that arrived.
  std::size_t receive_until_failure(std::size_t step, error_code& ec, std::string& sentence) {
    asio::io_context context;
    PairOptions options;
    options.right_plan.can_wait = GetParam();
    options.right_plan.read_size_max = 4;
    options.right_plan.fail_read = {step, asio::error::connection_reset};
    auto [left, right] = connect_pair(context, options);
    std::size_t count = 0;
    EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      for (int i = 0; i < 5; ++i) co_await left.send("12345678");
      try {
        for (;; ++count) co_await right.receive();
      } catch (const Error& error) {
        ec = error.code();
        sentence = error.what();
      }
      EXPECT_EQ(right.end_of_receiving(), ec);
      EXPECT_TRUE(right.partial().empty());
      const CloseReport report = co_await right.close(std::chrono::seconds{5});
      EXPECT_EQ(report.unsent_count, 0U);
    }));
    return count;
  }

  /// Ten messages are queued when write `step` fails; returns how many were written whole.
  std::size_t send_until_failure(std::size_t step, error_code& ec, std::string& sentence, CloseReport& report) {
    asio::io_context context;
    PairOptions options;
    options.left_plan.can_wait = GetParam();
    options.left_plan.write_size_max = 5;
    options.left_plan.fail_write = {step, asio::error::broken_pipe};
    auto [left, right] = connect_pair(context, options);
    std::size_t count = 0;
    EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      for (int i = 0; i < 10; ++i) EXPECT_FALSE(left.post("12345678"));
      try {
        co_await left.flush();
      } catch (const Error& error) {
        ec = error.code();
        sentence = error.what();
      }
      EXPECT_EQ(left.post("more"), ec);
      EXPECT_EQ(left.last_error(), sentence);
      report = co_await left.close(std::chrono::seconds{5});
      while (co_await next_or_nothing(right)) ++count;
    }));
    return count;
  }

  static asio::awaitable<bool> next_or_nothing(Connection& at) {
    try {
      co_return (co_await at.next()).has_value();
    } catch (const Error&) {
      co_return false;
    }
  }
};

TEST_P(FaultAtEveryStep, what_was_read_before_a_failing_read_is_delivered_and_then_the_error) {
  for (std::size_t step = 1; step <= 15; ++step) {
    error_code ec;
    std::string sentence;
    EXPECT_EQ(receive_until_failure(step, ec, sentence), (step - 1) / 3) << "at read " << step;
    EXPECT_EQ(ec, asio::error::connection_reset);
    EXPECT_EQ(sentence, "receiving failed: Connection reset by peer (inproc://memory)");
  }
}

TEST_P(FaultAtEveryStep, what_only_the_end_makes_whole_is_no_message_where_reading_fails) {
  for (std::size_t step = 1; step <= 4; ++step) {
    asio::io_context context;
    PairOptions options;
    options.framing(UntilEof{});
    options.right_plan.can_wait = GetParam();
    options.right_plan.read_size_max = 4;
    options.right_plan.fail_read = {step, asio::error::connection_reset};
    auto [left, right] = connect_pair(context, options);
    EXPECT_FALSE(left.post("twelve bytes"));
    ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      try {
        ADD_FAILURE() << (co_await right.receive()).text() << " at read " << step;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), asio::error::connection_reset) << "at read " << step;
        EXPECT_STREQ(error.what(), "receiving failed: Connection reset by peer (inproc://memory)");
      }
    }));
  }
}

TEST_P(FaultAtEveryStep, a_failing_write_ends_sending_and_the_report_counts_what_was_not_written) {
  for (std::size_t step = 1; step <= 24; ++step) {
    error_code ec;
    std::string sentence;
    CloseReport report;
    const std::size_t written = (step - 1) * 5;
    EXPECT_EQ(send_until_failure(step, ec, sentence, report), written / 12) << "at write " << step;
    EXPECT_EQ(ec, asio::error::broken_pipe);
    EXPECT_EQ(sentence, "sending failed: Broken pipe (inproc://memory)");
    EXPECT_EQ(report.unsent_size, 120 - written);
    EXPECT_EQ(report.unsent_count, 10 - written / 12);
  }
}

TEST_P(FaultAtEveryStep, a_stream_that_ends_inside_a_message_is_truncated_with_the_bytes) {
  for (std::size_t cut = 1; cut < 12; ++cut) {
    asio::io_context context;
    auto [raw, stream] = transport::memory_pair(context.get_executor(), context.get_executor());
    testing::FaultPlan plan;
    plan.can_wait = GetParam();
    Connection at{parley::testing::faulty_stream(std::move(stream), plan)};
    const std::string wire{"\0\0\0\3abc\0\0\0\10hijklmno", 19};
    const asio::const_buffer bytes{wire.data(), 7 + cut};
    error_code ec;
    raw.backend().try_write({&bytes, 1}, ec);
    raw.close();
    ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      EXPECT_EQ((co_await at.receive()).text(), "abc");
      try {
        co_await at.receive();
        ADD_FAILURE();
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), error::truncated);
        EXPECT_EQ(error.what(),
                  "the stream ended inside a message, " + std::to_string(cut) + " bytes into it (inproc://memory)");
      }
    }));
    EXPECT_EQ(at.partial().text(), wire.substr(7, cut));
    EXPECT_EQ(at.end_of_receiving(), error::truncated);
  }
}

INSTANTIATE_TEST_SUITE_P(Waiting, FaultAtEveryStep, ::testing::Values(true, false),
                         [](const auto& test) { return test.param ? "waiting" : "completing"; });

}  // namespace
}  // namespace parley
