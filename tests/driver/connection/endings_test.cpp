// How connections end: by either side, in order and not, and what the reports say.
#include "connection/state.hpp"
#include "support/connection_pairs.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <map>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::connect_pair;
using support::Outcome;
using support::Pair;
using support::PairOptions;
using support::run_coroutine;
using support::run_until;
using support::settle;
using support::store;

/// Runs at once what may run at once, and lets it throw: an io_context's executor would keep the exception to itself.
class InlineExecutor {
 public:
  explicit InlineExecutor(asio::io_context& context) : context_{&context} {}
  asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
  [[nodiscard]] InlineExecutor require(asio::execution::blocking_t::never_t) const noexcept {
    InlineExecutor other = *this;
    other.posts_ = true;
    return other;
  }
  template <class Function>
  void execute(Function function) const {
    if (posts_) {
      asio::post(*context_, std::move(function));
    } else {
      function();
    }
  }
  bool operator==(const InlineExecutor&) const = default;

 private:
  asio::io_context* context_;
  bool posts_ = false;
};

/// Both ways of driving a stream.
class Ending : public ::testing::TestWithParam<bool> {
 protected:
  PairOptions options() const {
    PairOptions made;
    made.left_plan.can_wait = made.right_plan.can_wait = GetParam();
    return made;
  }

  /// A peer that never reads, and 10 bytes that fit on the way.
  PairOptions deaf_options() const {
    PairOptions made = options();
    made.capacity = 10;
    made.right_plan.stall_read = 1;
    return made;
  }

  void make(const PairOptions& made) { pair = connect_pair(context, made); }

  template <class Operation>
  error_code failure_of(Operation operation, std::string* sentence = nullptr) {
    error_code code;
    EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      try {
        co_await operation();
      } catch (const Error& error) {
        code = error.code();
        if (sentence != nullptr) *sentence = error.what();
      }
    }));
    return code;
  }

  CloseReport close_left(Deadline deadline) {
    std::optional<Outcome<CloseReport>> closed;
    pair.left.close(deadline, store(closed));
    EXPECT_FALSE(closed);
    if (!run_until(context, [&] { return closed.has_value(); })) {
      ADD_FAILURE() << "close hangs";
      return {};
    }
    EXPECT_FALSE(closed->code);
    return closed->value;
  }

  /// Bytes given to the left connection by a peer that is no Connection.
  transport::Stream make_with_raw_peer(ConnectionOptions made = {}) {
    auto [ours, theirs] = transport::memory_pair(context.get_executor(), context.get_executor());
    testing::FaultPlan plan;
    plan.can_wait = GetParam();
    pair.left = Connection{parley::testing::faulty_stream(std::move(ours), plan), std::move(made)};
    return std::move(theirs);
  }

  static void write(transport::Stream& stream, std::string_view bytes) {
    error_code ec;
    const asio::const_buffer buffer{bytes.data(), bytes.size()};
    EXPECT_EQ(stream.backend().try_write({&buffer, 1}, ec), bytes.size());
  }

  asio::io_context context;
  Pair pair;
};

TEST_P(Ending, a_peer_that_closes_is_closed_for_receive_and_nothing_for_next) {
  make(options());
  EXPECT_FALSE(pair.right.post("last words"));
  pair.right = Connection{};
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await pair.left.next(), Message{"last words"});
    EXPECT_EQ(co_await pair.left.next(), std::nullopt);
    EXPECT_EQ(co_await pair.left.next(), std::nullopt);
  }));
  std::string sentence;
  EXPECT_EQ(failure_of([&] { return pair.left.receive(); }, &sentence), error::closed);
  EXPECT_EQ(sentence, "the peer closed the connection (inproc://memory)");
  EXPECT_EQ(pair.left.end_of_receiving(), error::closed);
  EXPECT_TRUE(pair.left.partial().empty());
}

TEST_P(Ending, next_with_a_callback_gives_nothing_at_the_end_and_receive_the_code) {
  make(options());
  std::optional<Outcome<std::optional<Message>>> next;
  std::optional<Outcome<Message>> receive;
  std::optional<Outcome<std::vector<Message>>> batch;
  pair.left.next(store(next));
  pair.left.receive(store(receive));
  pair.left.receive_batch(3, store(batch));
  pair.right = Connection{};
  ASSERT_TRUE(run_until(context, [&] { return next && receive && batch; }));
  EXPECT_FALSE(next->code);
  EXPECT_FALSE(next->value);
  EXPECT_EQ(receive->code, error::closed);
  EXPECT_EQ(batch->code, error::closed);
  EXPECT_TRUE(batch->value.empty());
}

TEST_P(Ending, messages_received_before_the_end_are_delivered_first) {
  make(options());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(pair.right.post(std::to_string(i)));
  pair.right = Connection{};
  settle(context);
  EXPECT_FALSE(pair.left.end_of_receiving()) << "not before they are taken";
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pair.left.try_receive(), Message{std::to_string(i)});
  EXPECT_EQ(pair.left.try_receive(), std::nullopt);
  EXPECT_EQ(pair.left.end_of_receiving(), error::closed);
}

TEST_P(Ending, too_large_a_length_cuts_the_peer_off_before_memory_is_taken) {
  ConnectionOptions limited;
  limited.message_size_max = 1000;
  transport::Stream peer = make_with_raw_peer(limited);
  write(peer, std::string_view{"\0\0\0\2ok\xff\xff\xff\xffxxxx", 14});
  std::string sentence;
  EXPECT_EQ(failure_of(
                [&]() -> asio::awaitable<void> {
                  EXPECT_EQ((co_await pair.left.receive()).text(), "ok");
                  co_await pair.left.receive();
                },
                &sentence),
            error::message_too_large);
  EXPECT_EQ(sentence, "message of 4294967295 bytes exceeds the limit of 1000 (inproc://memory)");
  EXPECT_EQ(pair.left.end_of_receiving(), error::message_too_large);
  EXPECT_EQ(pair.left.post("answer"), error::message_too_large);
  settle(context);
  std::optional<error_code> readable;
  peer.wait_readable(store(readable));
  ASSERT_TRUE(run_until(context, [&] { return readable.has_value(); }));
  error_code ec;
  char byte = 0;
  const asio::mutable_buffer room{&byte, 1};
  peer.backend().try_read({&room, 1}, ec);
  EXPECT_EQ(ec, asio::error::eof) << "it was cut off";
}

TEST_P(Ending, malformed_bytes_cut_the_peer_off_and_say_where) {
  ConnectionOptions made;
  made.framing = LengthPrefixed{4, ByteOrder::big, 4};
  transport::Stream peer = make_with_raw_peer(made);
  write(peer, std::string_view{"\0\0\0\6ab\0\0\0\1", 10});
  std::string sentence;
  EXPECT_EQ(failure_of(
                [&]() -> asio::awaitable<void> {
                  EXPECT_EQ((co_await pair.left.receive()).text(), "ab");
                  co_await pair.left.receive();
                },
                &sentence),
            error::malformed);
  EXPECT_EQ(sentence.substr(0, sentence.find(" framing ")),
            "the byte at position 6 of the stream breaks the rules of the");
}

TEST_P(Ending, a_message_over_the_limit_is_refused_and_the_connection_goes_on) {
  PairOptions made = options();
  made.left.message_size_max = 100;
  make(made);
  std::string sentence;
  EXPECT_EQ(failure_of([&] { return pair.left.send(std::string(101, 'x')); }, &sentence), error::message_too_large);
  EXPECT_EQ(sentence, "message of 101 bytes exceeds the limit of 100 (inproc://memory)");
  EXPECT_EQ(pair.left.try_send(std::string(101, 'x')), error::message_too_large);
  EXPECT_EQ(pair.left.post(std::string(101, 'x')), error::message_too_large);
  EXPECT_FALSE(pair.left.post(std::string(100, 'x')));
  std::optional<Outcome<Message>> got;
  pair.right.receive(store(got));
  ASSERT_TRUE(run_until(context, [&] { return got.has_value(); }));
  EXPECT_EQ(got->value.size(), 100U);
}

// --- half-close ------------------------------------------------------------------------------------------------------

TEST_P(Ending, until_eof_asks_and_answers_by_half_closing) {
  make(options().framing(UntilEof{}));
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    co_await pair.left.send("question");
    EXPECT_EQ((co_await pair.right.receive()).text(), "question");
    EXPECT_EQ(co_await pair.right.next(), std::nullopt);
    co_await pair.right.send("answer");
    EXPECT_EQ((co_await pair.left.receive()).text(), "answer");
  }));
  EXPECT_EQ(pair.left.post("another"), error::send_ended);
  EXPECT_NE(pair.left.last_error().find("this direction has ended"), std::string::npos);
}

TEST_P(Ending, until_eof_is_refused_where_one_direction_cannot_be_closed) {
  PairOptions made = options();
  made.left_plan.can_half_close = false;
  made.left.framing = UntilEof{};
  EXPECT_THROW(make(made), std::invalid_argument);
  made.left.framing = LengthPrefixed{};
  make(made);
  EXPECT_THROW(pair.left.reframe(UntilEof{}), std::invalid_argument);
  EXPECT_FALSE(pair.left.post("as before"));
}

TEST_P(Ending, one_direction_ends_behind_what_is_queued_and_the_other_goes_on) {
  make(options());
  EXPECT_FALSE(pair.left.post("last"));
  pair.left.end_sending();
  EXPECT_EQ(pair.left.post("too late"), error::send_ended);
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    EXPECT_EQ((co_await pair.right.receive()).text(), "last");
    EXPECT_EQ(co_await pair.right.next(), std::nullopt);
    co_await pair.right.send("answer");
    EXPECT_EQ((co_await pair.left.receive()).text(), "answer");
  }));
  EXPECT_EQ(close_left(std::chrono::hours{1}), CloseReport{});
}

TEST_P(Ending, ending_one_direction_is_refused_where_it_cannot_be_closed_alone) {
  PairOptions made = options();
  made.left_plan.can_half_close = false;
  make(made);
  EXPECT_THROW(pair.left.end_sending(), std::invalid_argument);
  EXPECT_FALSE(pair.left.post("as before"));
}

TEST_P(Ending, a_high_water_mark_of_nothing_is_refused) {
  PairOptions made = options();
  made.left.send_high_water_count = 0;
  EXPECT_THROW(make(made), std::invalid_argument);
  made = options();
  made.left.receive_high_water_size = 0;
  EXPECT_THROW(make(made), std::invalid_argument);
}

// --- receiving ended on this side ------------------------------------------------------------------------------------

TEST_P(Ending, receiving_ended_here_gives_what_is_whole_and_then_a_clean_end_while_sending_goes_on) {
  transport::Stream peer = make_with_raw_peer();
  write(peer, std::string_view{"\0\0\0\5whole\0\0\0\5half", 17});
  settle(context);
  detail::ConnectionAccess::state(pair.left)->end_receiving();
  // Where a read is under way all the time, what it brings still counts.
  if (GetParam()) write(peer, std::string_view{"s\0\0\0\4late", 9});
  settle(context);
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await pair.left.next(), Message{"whole"});
    EXPECT_EQ(co_await pair.left.next(), std::nullopt);
    co_await pair.left.send("answer");
    co_await pair.left.flush();
    EXPECT_EQ(co_await pair.left.next(), std::nullopt);
  }));
  EXPECT_EQ(pair.left.end_of_receiving(), error::closed);
  std::string text(32, ' ');
  const asio::mutable_buffer room{text.data(), text.size()};
  error_code ec;
  text.resize(peer.backend().try_read({&room, 1}, ec));
  EXPECT_EQ(text.substr(4), "answer");
}

TEST_P(Ending, receiving_ended_here_ends_receives_that_wait) {
  make(options());
  std::optional<Outcome<std::optional<Message>>> next;
  std::optional<Outcome<Message>> receive;
  pair.left.next(store(next));
  pair.left.receive(store(receive));
  settle(context);
  detail::ConnectionAccess::state(pair.left)->end_receiving();
  ASSERT_TRUE(run_until(context, [&] { return next && receive; }));
  EXPECT_FALSE(next->code);
  EXPECT_FALSE(next->value);
  EXPECT_EQ(receive->code, error::closed);
  EXPECT_EQ(pair.left.last_error(), "this side ended receiving (inproc://memory)");
  EXPECT_EQ(close_left(std::chrono::hours{1}), CloseReport{});
}

// --- close -----------------------------------------------------------------------------------------------------------

TEST_P(Ending, close_delivers_what_is_queued_and_reports_nothing_missing) {
  make(options());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(pair.left.post(std::to_string(i)));
  const CloseReport report = close_left(std::chrono::hours{1});
  EXPECT_EQ(report, CloseReport{});
  EXPECT_TRUE(report.all_arrived());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pair.right.try_receive(), Message{std::to_string(i)});
}

TEST_P(Ending, close_reports_what_a_deaf_peer_did_not_get) {
  make(deaf_options());
  EXPECT_FALSE(pair.left.post("123456"));    // 10 bytes: all on the way
  EXPECT_FALSE(pair.left.post("abcdefgh"));  // 12 bytes: not written
  EXPECT_FALSE(pair.left.post(""));
  settle(context);
  const CloseReport report = close_left(std::chrono::milliseconds{1});
  EXPECT_EQ(report.unsent_count, 2U);
  EXPECT_EQ(report.unsent_size, 16U);
  EXPECT_EQ(report.unconfirmed_size, 10U);
  EXPECT_FALSE(report.all_arrived());
}

TEST_P(Ending, a_message_half_written_counts_as_unsent) {
  make(deaf_options());
  EXPECT_FALSE(pair.left.post(std::string(100, 'x')));
  settle(context);
  const CloseReport report = close_left(std::chrono::milliseconds{1});
  EXPECT_EQ(report.unsent_count, 1U);
  EXPECT_EQ(report.unsent_size, 94U);
  EXPECT_EQ(report.unconfirmed_size, 10U);
}

TEST_P(Ending, a_second_close_waits_for_the_first_and_reports_the_same) {
  make(deaf_options());
  EXPECT_FALSE(pair.left.post(std::string(100, 'x')));
  std::optional<Outcome<CloseReport>> first, second;
  pair.left.close(std::chrono::hours{1}, store(first));
  settle(context);
  pair.left.close(std::chrono::milliseconds{1}, store(second));
  ASSERT_TRUE(run_until(context, [&] { return first && second; })) << "a later close may shorten the wait";
  EXPECT_EQ(first->value, second->value);
  EXPECT_EQ(close_left(std::chrono::hours{1}), first->value);
}

TEST_P(Ending, a_cancelled_close_gives_up_at_once) {
  make(deaf_options());
  EXPECT_FALSE(pair.left.post(std::string(100, 'x')));
  settle(context);
  asio::cancellation_signal signal;
  std::optional<Outcome<CloseReport>> closed;
  pair.left.close(std::chrono::hours{1}, asio::bind_cancellation_slot(signal.slot(), store(closed)));
  settle(context);
  EXPECT_FALSE(closed);
  signal.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context, [&] { return closed.has_value(); }));
  EXPECT_EQ(closed->value.unsent_count, 1U);
  pair.right.abort();
  EXPECT_TRUE(support::run_to_end(context)) << "nothing may be left to wait for";
}

TEST_P(Ending, close_without_a_deadline_lingers_no_longer_than_that) {
  PairOptions made = deaf_options();
  made.left.linger = std::chrono::milliseconds{5};
  make(made);
  EXPECT_FALSE(pair.left.post(std::string(100, 'x')));
  ASSERT_TRUE(run_coroutine(
      context, [&]() -> asio::awaitable<void> { EXPECT_EQ((co_await pair.left.close()).unsent_count, 1U); }));
}

TEST_P(Ending, close_goes_through_when_the_peer_sends_and_nobody_receives) {
  PairOptions made = options();
  made.capacity = 20;
  made.left.receive_high_water_size = 10;
  made.right.receive_high_water_size = 10;
  make(made);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(pair.right.post("flood"));
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(pair.left.post("queued"));
  settle(context);
  std::optional<Outcome<CloseReport>> closed;
  pair.left.close(std::chrono::hours{1}, store(closed));
  std::size_t got = 0;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    co_await pair.right.flush();  // would hang if the closing end did not read
    while (co_await pair.right.next()) ++got;
  }));
  EXPECT_EQ(got, 50U);
  ASSERT_TRUE(run_until(context, [&] { return closed.has_value(); }));
  EXPECT_TRUE(closed->value.all_arrived());
}

TEST_P(Ending, a_closed_connection_sends_and_receives_nothing_more) {
  make(options());
  EXPECT_FALSE(pair.right.post("too late"));
  settle(context);
  close_left(std::chrono::hours{1});
  EXPECT_EQ(pair.left.post("x"), error::closed);
  EXPECT_EQ(pair.left.try_send("x"), error::closed);
  EXPECT_EQ(pair.left.try_receive(), std::nullopt);
  std::string sentence;
  EXPECT_EQ(failure_of([&] { return pair.left.send("x"); }, &sentence), error::closed);
  EXPECT_EQ(sentence, "the connection was closed on this side (inproc://memory)");
  EXPECT_EQ(failure_of([&] { return pair.left.receive(); }, &sentence), error::closed);
  EXPECT_EQ(sentence, "the connection was closed on this side (inproc://memory)");
}

TEST_P(Ending, abort_drops_what_is_queued_and_says_how_much) {
  make(deaf_options());
  EXPECT_FALSE(pair.left.post("123456"));
  EXPECT_FALSE(pair.left.post("abcdefgh"));
  settle(context);
  const CloseReport report = pair.left.abort();
  EXPECT_EQ(report.unsent_count, 1U);
  EXPECT_EQ(report.unsent_size, 12U);
  EXPECT_EQ(report, pair.left.abort());
  EXPECT_TRUE(failure_of([&] { return pair.left.flush(); })) << "it was not written";
}

TEST_P(Ending, abort_ends_a_close_in_progress) {
  make(deaf_options());
  EXPECT_FALSE(pair.left.post(std::string(100, 'x')));
  std::optional<Outcome<CloseReport>> closed;
  pair.left.close(std::chrono::hours{1}, store(closed));
  settle(context);
  const CloseReport report = pair.left.abort();
  ASSERT_TRUE(run_until(context, [&] { return closed.has_value(); }));
  EXPECT_EQ(closed->value, report);
}

TEST_P(Ending, the_destructor_delivers_what_is_queued) {
  PairOptions made = options();
  made.capacity = 7;
  made.left.linger = std::chrono::hours{1};
  make(made);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(pair.left.post(std::to_string(i)));
  pair.left = Connection{};
  std::size_t got = 0;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    while (auto message = co_await pair.right.next()) EXPECT_EQ(message->text(), std::to_string(got++));
  }));
  EXPECT_EQ(got, 100U);
  pair.right = Connection{};
  EXPECT_TRUE(support::run_to_end(context));
}

TEST_P(Ending, the_destructor_gives_up_after_the_linger_time) {
  PairOptions made = deaf_options();
  made.left.linger = std::chrono::milliseconds{5};
  make(made);
  EXPECT_FALSE(pair.left.post(std::string(1000, 'x')));
  pair.left = Connection{};
  pair.right.abort();
  EXPECT_TRUE(support::run_to_end(context));
}

TEST_P(Ending, the_destructor_ends_a_flush_that_waits) {
  PairOptions made = deaf_options();
  made.left.linger = std::chrono::hours{1};
  make(made);
  EXPECT_FALSE(pair.left.post(std::string(1000, 'x')));
  std::optional<error_code> flushed;
  pair.left.flush(store(flushed));
  pair.left = Connection{};
  settle(context);
  EXPECT_EQ(flushed, error_code{asio::error::operation_aborted});
  pair.right.abort();
  EXPECT_TRUE(support::run_to_end(context));
}

TEST_P(Ending, awaitables_that_begin_after_their_handle_has_gone_are_aborted) {
  make(options());
  auto receive = pair.left.receive();
  auto next = pair.left.next();
  auto send = pair.left.send("late");
  auto batch = pair.left.receive_batch(2);
  pair.left = Connection{};
  EXPECT_EQ(failure_of([&] { return std::move(receive); }), asio::error::operation_aborted);
  EXPECT_EQ(failure_of([&]() -> asio::awaitable<void> { co_await std::move(next); }), asio::error::operation_aborted);
  EXPECT_EQ(failure_of([&] { return std::move(send); }), asio::error::operation_aborted);
  EXPECT_EQ(failure_of([&]() -> asio::awaitable<void> { co_await std::move(batch); }), asio::error::operation_aborted);
}

TEST_P(Ending, an_awaitable_never_finds_the_connection_that_came_after_its_own) {
  make(options());
  auto stale = pair.left.receive();
  pair = Pair{};
  settle(context);
  make(options());  // where the first pair was
  ASSERT_FALSE(pair.right.try_send("for the newcomer"));
  settle(context);
  EXPECT_EQ(failure_of([&] { return std::move(stale); }), asio::error::operation_aborted);
  EXPECT_EQ(pair.left.try_receive()->view(), "for the newcomer");
}

TEST_P(Ending, a_handle_may_move_before_its_awaitable_begins) {
  make(options());
  auto send = pair.left.send("from the old place");
  const Connection moved = std::move(pair.left);
  ASSERT_FALSE(failure_of([&] { return std::move(send); }));
  settle(context);
  EXPECT_EQ(pair.right.try_receive()->view(), "from the old place");
}

TEST_P(Ending, a_flush_that_waits_is_done_by_an_orderly_close) {
  make(options());
  EXPECT_FALSE(pair.left.post(std::string(1000, 'x')));
  std::optional<error_code> flushed;
  pair.left.flush(store(flushed));
  EXPECT_EQ(close_left(std::chrono::hours{1}), CloseReport{});
  EXPECT_EQ(flushed, error_code{});
}

TEST_P(Ending, a_handler_that_ends_the_connection_and_throws_leaves_no_stream_open) {
  transport::Stream peer = make_with_raw_peer();
  pair.left.receive(asio::bind_executor(InlineExecutor{context}, [&](error_code, const Message&) {
    pair.left.abort();
    throw std::runtime_error{"the handler's"};
  }));
  settle(context);
  write(peer, std::string_view{"\0\0\0\2hi", 6});
  EXPECT_THROW(settle(context), std::runtime_error);
  settle(context);
  error_code ec;
  char byte = 0;
  const asio::mutable_buffer room{&byte, 1};
  peer.backend().try_read({&room, 1}, ec);
  EXPECT_EQ(ec, asio::error::eof) << "though the handle is still there";
}

TEST_P(Ending, each_direction_has_its_own_sentence_though_both_fail_alike) {
  PairOptions made = options();
  made.left_plan.fail_read = testing::Fault{1, asio::error::connection_reset};
  made.left_plan.fail_write = testing::Fault{1, asio::error::connection_reset};
  make(made);
  EXPECT_FALSE(pair.left.post("x"));
  EXPECT_FALSE(pair.right.post("x"));
  settle(context);
  std::string sentence;
  EXPECT_EQ(failure_of([&] { return pair.left.receive(); }, &sentence), asio::error::connection_reset);
  EXPECT_EQ(sentence, "receiving failed: Connection reset by peer (inproc://memory)");
  EXPECT_EQ(failure_of([&] { return pair.left.send("x"); }, &sentence), asio::error::connection_reset);
  EXPECT_EQ(sentence, "sending failed: Connection reset by peer (inproc://memory)");
  EXPECT_EQ(failure_of([&] { return pair.left.flush(); }, &sentence), asio::error::connection_reset);
  EXPECT_EQ(sentence, "sending failed: Connection reset by peer (inproc://memory)");
}

TEST_P(Ending, operations_that_time_out_at_once_each_have_their_own_sentence) {
  PairOptions made = deaf_options();
  made.left.send_high_water_size = 1;
  make(made);
  EXPECT_FALSE(pair.left.post(std::string(1000, 'x')));
  std::map<std::string, std::string> sentences;
  const auto keep_sentence = [&](std::string name, auto operation) -> asio::awaitable<void> {
    try {
      co_await operation();
    } catch (const Error& error) {
      sentences[name] = error.what();
    }
  };
  const Deadline deadline{std::chrono::milliseconds{1}};
  asio::co_spawn(context, keep_sentence("receive", [&] { return pair.left.receive(deadline); }), asio::detached);
  asio::co_spawn(context, keep_sentence("send", [&] { return pair.left.send("more", deadline); }), asio::detached);
  asio::co_spawn(context, keep_sentence("flush", [&] { return pair.left.flush(deadline); }), asio::detached);
  ASSERT_TRUE(run_until(context, [&] { return sentences.size() == 3; }));
  for (const auto& [name, sentence] : sentences) EXPECT_EQ(sentence.find(name + " timed out after "), 0U) << sentence;
}

TEST_P(Ending, sending_to_a_peer_that_has_gone_is_an_error) {
  make(options());
  pair.right.abort();
  settle(context);
  error_code code;
  for (int i = 0; i < 10 && !code; ++i) {
    code = pair.left.post("x");
    settle(context);
  }
  EXPECT_EQ(code, asio::error::broken_pipe);
  std::string sentence;
  EXPECT_EQ(failure_of([&] { return pair.left.send("x"); }, &sentence), asio::error::broken_pipe);
  EXPECT_EQ(sentence, "sending failed: Broken pipe (inproc://memory)");
  EXPECT_EQ(failure_of([&] { return pair.left.flush(); }), asio::error::broken_pipe);
}

TEST_P(Ending, a_peer_that_vanishes_while_closing_ends_the_close) {
  make(deaf_options());
  EXPECT_FALSE(pair.left.post(std::string(1000, 'x')));
  settle(context);
  std::optional<Outcome<CloseReport>> closed;
  pair.left.close(std::chrono::hours{1}, store(closed));
  settle(context);
  pair.right.abort();
  ASSERT_TRUE(run_until(context, [&] { return closed.has_value(); }));
  EXPECT_EQ(closed->value.unsent_count, 1U);
}

// --- reframe ---------------------------------------------------------------------------------------------------------

TEST_P(Ending, reframing_reads_bytes_already_received_under_the_new_framing) {
  ConnectionOptions lines;
  lines.framing = Separator{"\n"};
  transport::Stream peer = make_with_raw_peer(lines);
  write(peer, std::string_view{"upgrade\n\0\0\0\5hello\0\0\0\0more\n", 26});
  settle(context);
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    EXPECT_EQ((co_await pair.left.receive()).text(), "upgrade");
    pair.left.reframe(LengthPrefixed{});
    EXPECT_EQ((co_await pair.left.receive()).text(), "hello");
    EXPECT_EQ((co_await pair.left.receive()).text(), "");
    pair.left.reframe(Separator{"\n"});
    EXPECT_EQ((co_await pair.left.receive()).text(), "more");
  }));
}

TEST_P(Ending, reframing_leaves_what_is_queued_in_the_old_framing) {
  ConnectionOptions lines;
  lines.framing = Separator{"\n"};
  transport::Stream peer = make_with_raw_peer(lines);
  EXPECT_FALSE(pair.left.post("old"));
  pair.left.reframe(LengthPrefixed{1, ByteOrder::big, 0});
  EXPECT_FALSE(pair.left.post("new"));
  settle(context);
  std::string text(32, ' ');
  const asio::mutable_buffer room{text.data(), text.size()};
  error_code ec;
  text.resize(peer.backend().try_read({&room, 1}, ec));
  EXPECT_EQ(text, "old\n\3new");
}

// --- the counters ----------------------------------------------------------------------------------------------------

TEST_P(Ending, the_statistics_count_messages_and_bytes) {
  make(options());
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(pair.left.post("12345"));
  EXPECT_EQ(pair.left.stats().send_queue_count, 10U);
  EXPECT_EQ(pair.left.stats().send_queue_size, 90U);
  settle(context);
  EXPECT_EQ(pair.right.stats().receive_queue_size, 90U);
  while (pair.right.try_receive()) {
  }
  const ConnectionStats left = pair.left.stats();
  const ConnectionStats right = pair.right.stats();
  EXPECT_EQ(left.messages_sent, 10U);
  EXPECT_EQ(left.bytes_sent, 90U);
  EXPECT_EQ(left.writes, 1U) << "one turn, one write";
  EXPECT_EQ(left.send_queue_count, 0U);
  EXPECT_EQ(right.messages_received, 10U);
  EXPECT_EQ(right.bytes_received, 90U);
  EXPECT_EQ(right.receive_queue_size, 0U);
}

INSTANTIATE_TEST_SUITE_P(Streams, Ending, ::testing::Values(true, false),
                         [](const auto& test) { return test.param ? "waiting" : "completing"; });

}  // namespace
}  // namespace parley
