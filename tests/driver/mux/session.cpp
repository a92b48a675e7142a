// Sessions and their channels over memory streams: what each operation does, and how everything ends.
#include <parley/connection/connection.hpp>
#include <parley/log.hpp>
#include <parley/mux/serve.hpp>
#include <parley/mux/session.hpp>
#include <parley/wire/yamux_frame.hpp>

#include "detail/context_service.hpp"
#include "support/channel_io.hpp"
#include "support/connection_pairs.hpp"
#include "support/session_pair.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

namespace parley::mux {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using boost::system::error_code;
using support::read_exactly;
using support::read_to_end;
using support::run_until;
using support::SessionPair;
using support::write_all;
using namespace std::chrono_literals;

const auto as_result = asio::as_tuple(use_awaitable);

class MuxSession : public ::testing::Test {
 protected:
  asio::io_context context;

  /// All of so many threads call something of the library's.
  void let_each_run(int count) {
    std::latch all{count};
    std::vector<std::future<void>> done;
    for (int i = 0; i < count; ++i) {
      done.push_back(asio::post(
          context, asio::use_future([&] {
            all.arrive_and_wait();
            (void)parley::detail::ContextService::of(context.get_executor()).seems_run_by_this_thread_alone();
          })));
    }
    for (std::future<void>& each : done) each.get();
  }

  void run(const std::function<asio::awaitable<void>()>& body) {
    std::optional<std::exception_ptr> end;
    asio::co_spawn(context, body(), [&](std::exception_ptr e) { end = e; });
    ASSERT_TRUE(run_until(context, [&] { return end.has_value(); })) << "it hangs";
    if (*end) std::rethrow_exception(*end);
  }
};

/// Gives back what comes, then ends too.
asio::awaitable<void> echo(Channel channel) {
  for (std::string part(10'000, '\0');;) {
    const auto [ec, size] = co_await channel.async_read_some(asio::buffer(part), as_result);
    if (ec) break;
    co_await asio::async_write(channel, asio::buffer(part.data(), size), use_awaitable);
  }
  error_code ignored;
  channel.shutdown_send(ignored);
}

asio::awaitable<void> serve_echo(Session& session) { co_await serve(session, echo); }

// --- channels --------------------------------------------------------------------------------------------------------

TEST_F(MuxSession, a_channel_carries_bytes_both_ways) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    co_await write_all(near, "question");
    Channel far = co_await pair.server.accept();
    EXPECT_EQ(near.id(), far.id());
    const std::string question = co_await read_exactly(far, 8);
    EXPECT_EQ(question, "question");
    co_await write_all(far, "answer");
    const std::string answer = co_await read_exactly(near, 6);
    EXPECT_EQ(answer, "answer");
  });
}

TEST_F(MuxSession, both_sides_open_channels) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    const Channel odd = co_await pair.client.open();
    const Channel even = co_await pair.server.open();
    EXPECT_EQ(odd.id(), 1U);
    EXPECT_EQ(even.id(), 2U);
    const Channel there = co_await pair.client.accept();
    EXPECT_EQ(there.id(), 2U);
  });
}

TEST_F(MuxSession, opening_and_accepting_take_no_turn_of_the_loop_where_they_need_not_wait) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    bool has_turned = false;
    asio::post(context, [&] { has_turned = true; });
    std::vector<Channel> channels;
    for (int i = 0; i < 100; ++i) channels.push_back(co_await pair.client.open());
    EXPECT_FALSE(has_turned);
    while (pair.server.stats().channel_count < 100) co_await asio::post(context, use_awaitable);
    has_turned = false;
    asio::post(context, [&] { has_turned = true; });
    for (int i = 0; i < 100; ++i) channels.push_back(co_await pair.server.accept());
    EXPECT_FALSE(has_turned);
  });
}

TEST_F(MuxSession, whoever_opens_and_opens_lets_others_run_now_and_then) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    bool has_turned = false;
    asio::post(context, [&] { has_turned = true; });
    int count = 0;
    for (; !has_turned && count < 10'000; ++count) const Channel brief = co_await pair.client.open();
    EXPECT_LT(count, 10'000);
  });
}

/// Two channels with somebody who waits at their far ends, after so much has been said that handlers are called from
/// where the bytes are read, if they ever are.
struct TwoAwaited {
  std::vector<Channel> near;
  std::vector<Channel> far;

  asio::awaitable<void> open(SessionPair& pair) {
    for (int i = 0; i < 2; ++i) {
      near.push_back(co_await pair.client.open());
      far.push_back(co_await pair.server.accept());
    }
    for (int i = 0; i < 200; ++i) {
      co_await write_all(near[0], "x");
      const std::string heard = co_await read_exactly(far[0], 1);
    }
  }
  void write_to_both() {
    for (Channel& each : near) asio::async_write(each, asio::buffer("!", 1), asio::detached);
  }
};

TEST_F(MuxSession, what_a_handler_throws_leaves_the_loop_and_those_behind_it_are_called_all_the_same) {
  SessionPair pair = support::session_pair(context);
  TwoAwaited two;
  run([&] { return two.open(pair); });
  char bytes[2];
  two.far[0].async_read_some(asio::buffer(&bytes[0], 1),
                             [](error_code, std::size_t) { throw std::runtime_error{"thrown"}; });
  std::optional<std::size_t> second;
  two.far[1].async_read_some(asio::buffer(&bytes[1], 1), [&](error_code, std::size_t size) { second = size; });
  two.write_to_both();
  const auto is_done = [&] { return second.has_value(); };
  EXPECT_THROW((void)run_until(context, is_done), std::runtime_error);
  EXPECT_TRUE(run_until(context, is_done));
  EXPECT_EQ(second, 1U);
  run([&]() -> asio::awaitable<void> {  // and both go on
    two.write_to_both();
    for (Channel& each : two.far) {
      const std::string heard = co_await read_exactly(each, 1);
      EXPECT_EQ(heard, "!");
    }
  });
}

TEST_F(MuxSession, closes_by_its_deadline_in_a_loop_that_a_handler_runs) {
  SessionPair pair = support::session_pair(context);
  TwoAwaited two;
  run([&] { return two.open(pair); });
  bool was_closed = false;
  char byte = 0;
  two.far[0].async_read_some(asio::buffer(&byte, 1), [&](error_code, std::size_t) {
    pair.server.close(5ms, [&](error_code, const SessionCloseReport&) { was_closed = true; });
    EXPECT_TRUE(run_until(context, [&] { return was_closed; }));
  });
  two.write_to_both();
  EXPECT_TRUE(run_until(context, [&] { return was_closed; }));
}

TEST_F(MuxSession, threads_of_one_loop_serve_channels_of_one_session_at_once) {
  SessionPair pair = support::session_pair(context);
  auto work = asio::make_work_guard(context);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { context.run(); });
  let_each_run(3);
  TwoAwaited two;
  asio::co_spawn(
      context, [&] { return two.open(pair); }, asio::use_future)
      .get();
  std::promise<void> came[2];
  std::promise<bool> met[2];
  std::shared_future<void> others[2] = {came[1].get_future(), came[0].get_future()};
  char bytes[2];
  for (int i = 0; i < 2; ++i) {
    two.far[i].async_read_some(asio::buffer(&bytes[i], 1), [&, i](error_code, std::size_t) {
      came[i].set_value();
      met[i].set_value(others[i].wait_for(support::hang_bound) == std::future_status::ready);
    });
  }
  two.write_to_both();
  for (std::promise<bool>& each : met) EXPECT_TRUE(each.get_future().get());
  asio::post(context, asio::use_future([&] { context.stop(); })).get();
}

TEST_F(MuxSession, one_direction_ends_and_the_other_goes_on) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    co_await write_all(near, "last words");
    error_code ec;
    near.shutdown_send(ec);
    const std::string heard = co_await read_to_end(far, ec);
    EXPECT_EQ(heard, "last words");
    EXPECT_EQ(ec, asio::error::eof);
    co_await write_all(far, "heard");
    far.shutdown_send(ec);
    const std::string back = co_await read_to_end(near, ec);
    EXPECT_EQ(back, "heard");
    EXPECT_EQ(ec, asio::error::eof);
    const auto [failure, size] = co_await near.async_write_some(asio::buffer("x", 1), as_result);
    EXPECT_EQ(failure, asio::error::broken_pipe);
  });
}

TEST_F(MuxSession, a_reset_is_told_as_one) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    near.reset();
    error_code ec;
    co_await read_to_end(far, ec);
    EXPECT_EQ(ec, error::channel_reset);
    const auto [failure, size] = co_await far.async_write_some(asio::buffer("x", 1), as_result);
    EXPECT_EQ(failure, error::channel_reset);
  });
}

TEST_F(MuxSession, bytes_that_nobody_will_read_are_not_counted_when_their_channel_has_gone) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    std::optional<Channel> near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    error_code ec;
    near->shutdown_send(ec);
    co_await write_all(far, "never read");
    far.shutdown_send(ec);
    while (pair.client.stats().channel_count != 0) co_await asio::post(context, use_awaitable);
    EXPECT_EQ(pair.client.stats().unread_size, 10U);
    near.reset();
    EXPECT_EQ(pair.client.stats().unread_size, 0U);
  });
}

TEST_F(MuxSession, what_came_before_the_session_was_lost_can_still_be_read) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    co_await write_all(far, "arrived");
    while (pair.client.stats().unread_size != 7) co_await asio::post(context, use_awaitable);
    co_await pair.server.close(0s);
    for (SessionEvent event; event.kind != SessionEvent::Kind::ended;) event = co_await pair.client.next_event(5s);
    error_code ec;
    const std::string heard = co_await read_to_end(near, ec);
    EXPECT_EQ(heard, "arrived");
    EXPECT_EQ(ec, error::session_ended);
    EXPECT_EQ(pair.client.stats().unread_size, 0U);
  });
}

TEST_F(MuxSession, unread_pieces_of_any_size_are_read_in_order) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    std::string sent;
    std::string got;
    for (std::size_t i = 0; i < 600; ++i) {
      const std::size_t size = i % 50 == 0 ? 5'000 : i % 7 == 0 ? 100 : 1;
      const std::string piece(size, static_cast<char>('a' + i % 26));
      co_await write_all(near, piece);
      sent += piece;
      while (pair.server.stats().unread_size + got.size() != sent.size()) co_await asio::post(context, use_awaitable);
      if (i % 100 == 30) got += co_await read_exactly(far, 3'000);
      if (i % 100 == 60) got += co_await read_exactly(far, sent.size() - got.size());
    }
    got += co_await read_exactly(far, sent.size() - got.size());
    EXPECT_TRUE(got == sent);
  });
}

class MuxManners : public MuxSession, public ::testing::WithParamInterface<support::Manner> {};

TEST_P(MuxManners, many_channels_are_echoed_at_once) {
  SessionPair pair = support::session_pair(context, {}, GetParam().plan, GetParam().capacity);
  const int count = GetParam().plan.read_size_max == 1 ? 50 : 200;  // each byte alone is slow under sanitizers
  int echoed = 0;
  run([&]() -> asio::awaitable<void> {
    asio::co_spawn(context, serve_echo(pair.server), asio::detached);
    std::vector<Channel> channels;
    for (int i = 0; i < count; ++i) {
      channels.push_back(co_await pair.client.open());
      co_await write_all(channels.back(), std::string(static_cast<std::size_t>(1 + i % 7 * 50), 'a'));
    }
    for (int i = 0; i < count; ++i) {
      Channel& channel = channels[static_cast<std::size_t>(i)];
      const std::string back = co_await read_exactly(channel, static_cast<std::size_t>(1 + i % 7 * 50));
      echoed += back.find_first_not_of('a') == std::string::npos ? 1 : 0;
    }
  });
  EXPECT_EQ(echoed, count);
}

TEST_F(MuxSession, a_connection_has_its_turns_beside_one_that_sends_without_end) {
  SessionPair pair = support::session_pair(context);
  std::uint64_t sent_beside = 0;
  run([&]() -> asio::awaitable<void> {
    Connection bulk{co_await pair.client.open()};
    Connection small{co_await pair.client.open()};
    Connection far_bulk{co_await pair.server.accept()};
    Connection far_small{co_await pair.server.accept()};
    const auto spawn = [&](asio::awaitable<void> task) { asio::co_spawn(context, std::move(task), asio::detached); };
    spawn([](Connection& from, std::uint64_t& size) -> asio::awaitable<void> {
      const Message body{std::string(64 * 1024, 'x')};
      for (;; size += body.size()) co_await from.send(body);
    }(bulk, sent_beside));
    spawn([](Connection& to) -> asio::awaitable<void> {
      while (auto message = co_await to.next()) message.reset();
    }(far_bulk));
    spawn([](Connection& peer) -> asio::awaitable<void> {
      while (auto message = co_await peer.next()) co_await peer.send(*message);
    }(far_small));
    for (int i = 0; i < 100; ++i) {
      co_await small.send("ping");
      const Message answer = co_await small.receive();
      EXPECT_EQ(answer.text(), "ping");
    }
    co_await pair.client.close(0s);
  });
  EXPECT_LT(sent_beside / 100, 4'000'000U) << "how much goes while one small message goes there and back";
}

TEST_P(MuxManners, a_large_message_arrives_whole_beside_small_ones) {
  SessionPair pair = support::session_pair(context, {}, GetParam().plan, GetParam().capacity);
  const bool is_slow = GetParam().plan.read_size_max < 10 || GetParam().capacity < 1000;
  const std::size_t size = is_slow ? 50'000 : 5'000'000;
  std::string sent(size, '\0');
  for (std::size_t i = 0; i < size; ++i) sent[i] = static_cast<char>(i * 2654435761U >> 13U);
  run([&]() -> asio::awaitable<void> {
    Channel bulk = co_await pair.client.open();
    Channel small = co_await pair.client.open();
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          co_await write_all(bulk, sent);
          error_code ec;
          bulk.shutdown_send(ec);
        },
        asio::detached);
    Channel far_bulk = co_await pair.server.accept();
    asio::co_spawn(context, serve_echo(pair.server), asio::detached);
    for (int i = 0; i < 10; ++i) {
      co_await write_all(small, "ping");
      const std::string back = co_await read_exactly(small, 4);
      EXPECT_EQ(back, "ping");
    }
    error_code ec;
    const std::string got = co_await read_to_end(far_bulk, ec);
    EXPECT_EQ(ec, asio::error::eof);
    EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size();
  });
}

INSTANTIATE_TEST_SUITE_P(Manners, MuxManners, ::testing::ValuesIn(support::all_manners()),
                         [](const auto& p) { return p.param.name; });

TEST_F(MuxSession, who_does_not_read_stops_only_his_channel) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel deaf = co_await pair.client.open();
    Channel kept_unread = co_await pair.server.accept();
    const std::string much(1'000'000, 'x');
    std::size_t written = 0;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          for (;;) {
            const auto [ec, size] = co_await deaf.async_write_some(asio::buffer(much), as_result);
            if (ec) co_return;
            written += size;
          }
        },
        asio::detached);
    asio::co_spawn(context, serve_echo(pair.server), asio::detached);
    Channel other = co_await pair.client.open();
    for (int i = 0; i < 100; ++i) {
      co_await write_all(other, "still there");
      const std::string back = co_await read_exactly(other, 11);
      EXPECT_EQ(back, "still there");
    }
    EXPECT_EQ(written, 256U * 1024) << "the window is what goes ahead of the reader";
    EXPECT_EQ(pair.server.stats().unread_size, 256U * 1024);
    deaf.close();
  });
}

TEST_F(MuxSession, who_gives_up_writing_leaves_the_turn_to_the_others) {
  Options options;  // nothing happens by time
  options.handshake_time_max = options.keep_alive_interval = Duration::zero();
  SessionPair pair = support::session_pair(context, options, {}, 64 * 1024);
  auto [bulk, far_bulk] = support::channel_pair(context, pair);
  auto [more_bulk, far_more_bulk] = support::channel_pair(context, pair);
  std::vector<Channel> quitters;
  for (int i = 0; i < 40; ++i) quitters.push_back(support::channel_pair(context, pair).first);
  auto [last, far_last] = support::channel_pair(context, pair);
  const std::string much(200'000, 'x');
  const asio::const_buffer buffer = asio::buffer(much);
  error_code ec;
  for (Channel* each : {&bulk, &more_bulk}) {
    while (each->backend().try_write({&buffer, 1}, ec) > 0) continue;
  }
  ASSERT_EQ(ec, asio::error::would_block);
  for (std::size_t i = 0; i < quitters.size(); ++i) {
    (void)quitters[i].backend().try_write({&buffer, 1}, ec);
    ASSERT_EQ(ec, asio::error::would_block);
    if (i % 2 == 0) quitters[i].shutdown_send(ec);
  }
  bool is_written = false;
  last.async_write_some(buffer, [&](error_code, std::size_t) { is_written = true; });
  EXPECT_TRUE(run_until(context, [&] { return is_written; })) << "nobody else writes, and it has no turn";
}

TEST_F(MuxSession, a_peer_that_grants_nothing_has_its_time_though_nothing_else_happens) {
  Options options;
  options.handshake_time_max = options.keep_alive_interval = Duration::zero();
  options.stall_time_max = 30ms;
  SessionPair pair = support::session_pair(context, options, {}, 1'000'000);
  auto ends = support::channel_pair(context, pair);
  auto& near = ends.first;
  const std::string window(256 * 1024, 'x');
  run([&]() -> asio::awaitable<void> { co_await write_all(near, window); });
  ASSERT_TRUE(run_until(context, [&] { return pair.server.stats().unread_size == window.size(); }));
  const asio::const_buffer more = asio::buffer("x", 1);
  error_code ec;
  EXPECT_EQ(near.backend().try_write({&more, 1}, ec), 0U);
  EXPECT_EQ(ec, asio::error::would_block);
  run([&]() -> asio::awaitable<void> {
    error_code end;
    co_await read_to_end(near, end);
    EXPECT_EQ(end, error::peer_too_slow);
  });
}

TEST_F(MuxSession, a_write_that_waits_ends_when_its_direction_is_shut_down) {
  SessionPair pair = support::session_pair(context);
  auto ends = support::channel_pair(context, pair);
  auto& near = ends.first;
  const std::string much(1'000'000, 'x');
  std::optional<error_code> ended;
  std::function<void()> write = [&] {
    near.async_write_some(asio::buffer(much), [&](error_code ec, std::size_t) {
      if (ec) {
        ended = ec;
      } else {
        write();
      }
    });
  };
  write();
  ASSERT_TRUE(run_until(context, [&] { return pair.server.stats().unread_size == 256U * 1024; }));
  error_code ec;
  near.shutdown_send(ec);
  ASSERT_TRUE(run_until(context, [&] { return ended.has_value(); }));
  EXPECT_EQ(*ended, asio::error::broken_pipe);
}

TEST_F(MuxSession, a_read_that_is_cancelled_has_taken_nothing) {
  SessionPair pair = support::session_pair(context);
  auto ends = support::channel_pair(context, pair);
  auto& near = ends.first;
  auto& far = ends.second;
  asio::cancellation_signal stop;
  std::string room(10, '\0');
  std::optional<error_code> ended;
  near.async_read_some(asio::buffer(room),
                       asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, std::size_t) { ended = ec; }));
  stop.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context, [&] { return ended.has_value(); }));
  EXPECT_EQ(*ended, asio::error::operation_aborted);
  run([&]() -> asio::awaitable<void> {
    co_await write_all(far, "kept");
    const std::string text = co_await read_exactly(near, 4);
    EXPECT_EQ(text, "kept");
  });
}

TEST_F(MuxSession, a_connection_runs_over_a_channel) {
  SessionPair pair = support::session_pair(context);
  auto [near, far] = support::channel_pair(context, pair);
  Connection left{std::move(near)};
  Connection right{std::move(far)};
  run([&]() -> asio::awaitable<void> {
    for (int i = 0; i < 1000; ++i) co_await left.send("message " + std::to_string(i));
    for (int i = 0; i < 1000; ++i) {
      const Message m = co_await right.receive();
      EXPECT_EQ(m.text(), "message " + std::to_string(i));
    }
    const std::string large(3'000'000, 'l');
    co_await left.send(large);
    const Message m = co_await right.receive();
    EXPECT_TRUE(m.view() == large);
    asio::co_spawn(context, right.close(5s), asio::detached);
    const CloseReport report = co_await left.close(5s);
    EXPECT_TRUE(report.all_arrived());
  });
}

TEST_F(MuxSession, a_connection_over_a_channel_says_why_its_session_has_ended) {
  auto [silent, stream] = transport::memory_pair(context.get_executor(), context.get_executor());
  Options options;
  options.handshake_time_max = 20ms;
  Session session{std::move(stream), Role::client, options};
  run([&]() -> asio::awaitable<void> {
    Connection connection{co_await session.open()};
    for (const char* sentence : {"receive timed out after 1 ms (inproc://memory)",
                                 "the session of channel 1 has ended: the peer has not answered the first ping within "
                                 "0.020 s (inproc://memory)"}) {
      try {
        co_await connection.receive(sentence[0] == 'r' ? Deadline{1ms} : Deadline{});
        ADD_FAILURE() << "nobody has sent anything";
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), error::timed_out);
        EXPECT_STREQ(e.what(), sentence);
      }
    }
  });
}

/// A Connection over a channel, all of whose bytes its session has, most of which its stream does not take.
struct Stuck {
  explicit Stuck(asio::io_context& context) {
    transport::Stream near;
    std::tie(near, far) =
        transport::memory_pair(context.get_executor(), context.get_executor(), transport::MemoryOptions{1000});
    session.emplace(std::move(near), Role::client);
  }
  asio::awaitable<Connection> open() {
    Connection connection{co_await session->open()};
    co_await connection.send(std::string(50'000, 'x'));
    co_await connection.flush();
    co_return connection;
  }

  transport::Stream far;
  std::optional<Session> session;
};

TEST_F(MuxSession, a_connection_over_a_channel_tells_what_its_session_has_not_written) {
  Stuck stuck{context};
  run([&]() -> asio::awaitable<void> {
    Connection connection = co_await stuck.open();
    const CloseReport report = co_await connection.close(20ms);
    EXPECT_EQ(report.unsent_size, 0U) << "the session has it";
    EXPECT_GT(report.unconfirmed_size, 40'000U);
  });
}

TEST_F(MuxSession, a_connection_over_a_channel_is_closed_without_a_pause) {
  SessionPair pair = support::session_pair(context);
  auto [near, far] = support::channel_pair(context, pair);
  Connection connection{std::move(near)};
  std::optional<CloseReport> report;
  connection.close(Deadline::never(), [&](error_code, const CloseReport& closed) { report = closed; });
  context.restart();
  context.poll();  // what is ready, and no timer that has to be waited for
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->all_arrived());
}

TEST_F(MuxSession, a_connection_over_a_channel_waits_no_longer_than_there_is_a_session) {
  Stuck stuck{context};
  run([&]() -> asio::awaitable<void> {
    Connection connection = co_await stuck.open();
    constexpr std::uint16_t accepts_and_ends = wire::YamuxFlags::ack | wire::YamuxFlags::fin;
    std::array<std::byte, wire::YamuxFrame::header_size> frame;
    wire::YamuxFrame{.type = wire::YamuxType::window_update, .flags = accepts_and_ends, .id = 1}.encode(frame.data());
    co_await asio::async_write(stuck.far, asio::buffer(frame), use_awaitable);
    const std::optional<Message> nothing = co_await connection.next();
    EXPECT_FALSE(nothing);
    asio::post(context, [&] { stuck.far.close(); });
    const CloseReport report = co_await connection.close(Deadline::never());
    EXPECT_GT(report.unconfirmed_size, 40'000U);
  });
}

// --- the session -----------------------------------------------------------------------------------------------------

TEST_F(MuxSession, is_ready_when_the_peer_has_answered) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    const SessionEvent event = co_await pair.client.next_event(5s);
    EXPECT_EQ(event.kind, SessionEvent::Kind::ready);
    const Duration round_trip = co_await pair.client.ping(5s);
    EXPECT_GE(round_trip, 0s);
    EXPECT_TRUE(pair.client.stats().round_trip.has_value());
  });
}

TEST_F(MuxSession, more_channels_than_the_peer_accepts_are_refused) {
  Options options;
  options.accept_backlog = 3;
  SessionPair pair = support::session_pair(context, options);
  run([&]() -> asio::awaitable<void> {
    std::vector<Channel> channels;
    for (int i = 0; i < 4; ++i) channels.push_back(co_await pair.client.open());
    error_code ec;
    co_await read_to_end(channels[3], ec);
    EXPECT_EQ(ec, error::channel_refused);
  });
}

TEST_F(MuxSession, channels_that_are_over_before_they_are_accepted_are_bounded_too) {
  for (const MuxDialect dialect : {MuxDialect::yamux, MuxDialect::tcpchan}) {
    Options options;
    options.dialect = dialect;
    options.accept_backlog = 3;
    SessionPair pair = support::session_pair(context, options);
    run([&]() -> asio::awaitable<void> {
      (void)co_await pair.client.next_event(5s);
      for (std::uint64_t i = 1; i <= 20; ++i) {
        Channel near = co_await pair.client.open();
        co_await write_all(near, "bye");
        near.reset();
        while (pair.server.stats().channels_accepted < i || pair.server.stats().channel_count != 0) {
          co_await asio::post(context, use_awaitable);
        }
      }
      int accepted = 0;
      for (;; ++accepted) {
        auto [ec, far] = co_await pair.server.accept(20ms, as_result);
        if (ec) break;
        const std::string text = co_await read_exactly(far, 3);
        EXPECT_EQ(text, "bye");
      }
      EXPECT_EQ(accepted, dialect == MuxDialect::yamux ? 0 : 3) << "a reset leaves nothing to be read";
      EXPECT_EQ(pair.server.stats().unread_size, 0U);
    });
  }
}

TEST_F(MuxSession, open_waits_while_there_are_too_many) {
  Options options;
  options.channels_max = 1;
  SessionPair pair = support::session_pair(context, options);
  run([&]() -> asio::awaitable<void> {
    Channel first = co_await pair.client.open();
    const auto [late, none] = co_await pair.client.open(20ms, as_result);
    EXPECT_EQ(late, error::timed_out);
    EXPECT_EQ(pair.client.last_error(), "open timed out after 20 ms (inproc://memory)");
    first.reset();
    const Channel second = co_await pair.client.open(5s);
    EXPECT_TRUE(second);
  });
}

TEST_F(MuxSession, a_number_that_is_taken_while_open_waits_is_told) {
  Options options;
  options.channels_max = 1;
  SessionPair pair = support::session_pair(context, options);
  auto [near, far] = support::channel_pair(context, pair);
  std::vector<std::string> ends;
  const auto open_third = [&]() -> asio::awaitable<void> {
    try {
      const Channel channel = co_await pair.client.open_as(3);
      ends.push_back(std::to_string(channel.id()));
    } catch (const std::invalid_argument& e) {
      ends.push_back(e.what());
    }
  };
  asio::co_spawn(context, open_third(), asio::detached);
  asio::co_spawn(context, open_third(), asio::detached);
  context.poll();
  near.reset();
  ASSERT_TRUE(run_until(context, [&] { return ends.size() == 2; }));
  EXPECT_EQ(ends, (std::vector<std::string>{"3", "yamux cannot open channel 3"}));
}

TEST_F(MuxSession, a_number_that_a_channel_cannot_have_is_an_invalid_argument) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    const Channel first = co_await pair.client.open_as(5);
    EXPECT_EQ(first.id(), 5U);
    for (const ChannelId id : {0U, 2U, 3U, 5U}) {
      std::string why;
      try {
        (void)co_await pair.client.open_as(id);
      } catch (const std::invalid_argument& e) {
        why = e.what();
      }
      EXPECT_EQ(why, "yamux cannot open channel " + std::to_string(id));
    }
    const Channel next = co_await pair.client.open();
    EXPECT_EQ(next.id(), 7U);
  });
}

TEST_F(MuxSession, channels_are_found_by_their_numbers) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open_as(7);
    co_await write_all(near, "question");
    error_code ec;
    near.shutdown_send(ec);
    while (!pair.server.find(7) || !pair.server.find(7)->receiving_ended) co_await asio::post(use_awaitable);

    const ChannelInfo waiting{7, false, false, true, 8};
    EXPECT_EQ(*pair.server.find(7), waiting);
    Channel far = co_await pair.server.accept();
    co_await read_exactly(far, 3);
    const ChannelInfo accepted{7, true, false, true, 5};
    EXPECT_EQ(*pair.server.find(7), accepted);
    const ChannelInfo own{7, true, true, false, 0};
    EXPECT_EQ(pair.client.channels(), std::vector{own});
    EXPECT_FALSE(pair.client.find(9));

    far.close();
    EXPECT_FALSE(pair.server.find(7));
    EXPECT_TRUE(pair.server.channels().empty());
    co_await read_to_end(near, ec);
    EXPECT_FALSE(pair.client.find(7)) << "both sides have finished with it";
  });
}

TEST_F(MuxSession, a_handler_runs_for_each_channel_until_the_session_ends) {
  SessionPair pair = support::session_pair(context);
  std::vector<std::string> warnings;
  set_log_hook([&](LogLevel level, std::string_view text, std::string_view) {
    if (level == LogLevel::warning) warnings.emplace_back(text);
  });
  run([&]() -> asio::awaitable<void> {
    bool is_serving = true;
    asio::co_spawn(context,
                   serve(pair.server,
                         [](Channel channel) -> asio::awaitable<void> {
                           if (channel.id() == 3) throw std::runtime_error{"not this one"};
                           const bool ends_with_eof = channel.id() == 5;
                           co_await echo(std::move(channel));
                           if (ends_with_eof) throw boost::system::system_error{asio::error::eof};
                         }),
                   [&](std::exception_ptr thrown) {
                     EXPECT_FALSE(thrown);
                     is_serving = false;
                   });
    for (const std::string text : {"first", "", "third"}) {
      Channel channel = co_await pair.client.open();
      co_await write_all(channel, text);
      error_code ec;
      channel.shutdown_send(ec);
      const std::string back = co_await read_to_end(channel, ec);
      EXPECT_EQ(back, text);
    }
    co_await pair.client.close(5s);
    while (is_serving) co_await asio::post(use_awaitable);
  });
  set_log_hook({});
  EXPECT_EQ(warnings, std::vector<std::string>{"a handler threw: not this one"});
}

TEST_F(MuxSession, going_away_refuses_new_channels_and_keeps_those_there_are) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    pair.server.go_away();
    for (SessionEvent event; event.kind != SessionEvent::Kind::going_away;) {
      event = co_await pair.client.next_event(5s);
    }
    const auto [ec, none] = co_await pair.client.open(5s, as_result);
    EXPECT_EQ(ec, error::going_away);
    co_await write_all(near, "still");
    const std::string text = co_await read_exactly(far, 5);
    EXPECT_EQ(text, "still");
  });
}

TEST_F(MuxSession, closing_waits_for_the_channels) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    std::optional<Channel> near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    co_await write_all(*near, "tail");
    near.reset();
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
          error_code ec;
          const std::string text = co_await read_to_end(far, ec);
          EXPECT_EQ(text, "tail");
          far.close();
        },
        asio::detached);
    const SessionCloseReport report = co_await pair.client.close(5s);
    EXPECT_TRUE(report.is_clean()) << report.channels_cut << ' ' << report.unwritten_size;
    const auto [ec, none] = co_await pair.client.open(5s, as_result);
    EXPECT_EQ(ec, error::closed);
  });
}

TEST_F(MuxSession, closing_says_how_the_last_channel_ended_behind_all_that_is_queued) {
  SessionPair pair = support::session_pair(context, {}, {}, 1'000'000);
  auto ends = support::channel_pair(context, pair);
  auto& near = ends.first;
  auto& far = ends.second;
  const std::string much(200'000, 'x');
  const asio::const_buffer buffer = asio::buffer(much);
  error_code ec;
  while (near.backend().try_write({&buffer, 1}, ec) > 0) continue;
  ASSERT_EQ(ec, asio::error::would_block) << "the queue of the stream is full";
  near.reset();
  SessionCloseReport report;
  report.channels_cut = 1;
  pair.client.close(5s, [&](error_code, SessionCloseReport done) { report = done; });
  ASSERT_TRUE(run_until(context, [&] { return report.is_clean(); }));
  run([&]() -> asio::awaitable<void> {
    error_code end;
    co_await read_to_end(far, end);
    EXPECT_EQ(end, error::channel_reset);
  });
}

TEST_F(MuxSession, closing_ends_at_its_deadline_whatever_is_unwritten) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor(), transport::MemoryOptions{1000});
  Session session{std::move(a), Role::client};
  run([&]() -> asio::awaitable<void> {
    Channel channel = co_await session.open();
    const std::string much(50'000, 'x');
    co_await write_all(channel, much);
    channel.reset();
    const TimePoint begin = Clock::now();
    const SessionCloseReport report = co_await session.close(20ms);
    EXPECT_LT(Clock::now() - begin, 900ms);
    EXPECT_GT(report.unwritten_size, 40'000U);
    EXPECT_EQ(report.channels_cut, 0U);
  });
}

TEST_F(MuxSession, closing_cuts_what_is_left_at_its_deadline) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    Channel far = co_await pair.server.accept();
    const SessionCloseReport report = co_await pair.client.close(20ms);
    EXPECT_EQ(report.channels_cut, 1U);
    error_code ec;
    co_await read_to_end(near, ec);
    EXPECT_EQ(ec, error::session_ended);
    co_await read_to_end(far, ec);
    EXPECT_EQ(ec, error::session_ended);
  });
}

TEST_F(MuxSession, closing_tells_of_channels_that_went_with_the_stream) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  Session session{std::move(a), Role::client};
  std::optional<Channel> channel;
  session.open({}, [&](error_code, Channel opened) { channel = std::move(opened); });
  ASSERT_TRUE(run_until(context, [&] { return channel.has_value(); }));
  std::optional<SessionCloseReport> report;
  session.close(5s, [&](error_code, SessionCloseReport done) { report = done; });
  b.close();
  ASSERT_TRUE(run_until(context, [&] { return report.has_value(); }));
  EXPECT_EQ(report->channels_cut, 1U);
  EXPECT_FALSE(report->is_clean());
}

TEST_F(MuxSession, its_end_ends_every_wait) {
  SessionPair pair = support::session_pair(context);
  run([&]() -> asio::awaitable<void> {
    Channel near = co_await pair.client.open();
    co_await pair.client.ping(5s);  // else it would end without the peer's having said a word
    std::optional<error_code> accepted;
    pair.client.accept({}, [&](error_code ec, Channel) { accepted = ec; });
    co_await pair.server.close(0s);
    error_code ec;
    co_await read_to_end(near, ec);
    EXPECT_TRUE(ec == error::session_ended || ec == error::channel_refused) << ec.message();
    while (!accepted) co_await asio::post(context, use_awaitable);
    EXPECT_TRUE(accepted->failed());
  });
}

TEST_F(MuxSession, handles_may_go_while_their_channels_go_on) {
  std::optional<SessionPair> pair{support::session_pair(context)};
  auto ends = support::channel_pair(context, *pair);
  auto& near = ends.first;
  auto& far = ends.second;
  pair.reset();
  run([&]() -> asio::awaitable<void> {
    co_await write_all(near, "alone");
    const std::string text = co_await read_exactly(far, 5);
    EXPECT_EQ(text, "alone");
  });
  near = {};
  far = {};
  EXPECT_TRUE(support::run_to_end(context)) << "the streams are closed behind the last channel";
}

TEST_F(MuxSession, a_channel_may_outlive_its_context) {
  Channel near;
  {
    asio::io_context brief;
    SessionPair pair = support::session_pair(brief);
    near = support::channel_pair(brief, pair).first;
  }
}

TEST_F(MuxSession, may_be_owned_by_those_who_wait_in_it_when_its_context_goes) {
  asio::io_context brief;
  SessionPair pair = support::session_pair(brief);
  auto [near, far] = support::channel_pair(brief, pair);
  // A second thread makes an ordinary mutex of the session's, which nobody can lock twice.
  std::thread{[&] { (void)pair.client.stats(), (void)pair.server.stats(); }}.join();
  const auto session = std::make_shared<Session>(std::move(pair.client));
  const auto reader = std::make_shared<Channel>(std::move(near));
  session->accept({}, [session](error_code, const Channel&) {});
  session->ping({}, [session](error_code, Duration) {});
  const auto room = std::make_shared<std::string>(10, '\0');
  reader->async_read_some(asio::buffer(*room), [session, reader, room](error_code, std::size_t) {});
  const auto other = std::make_shared<Channel>(std::move(far));
  other->wait_readable([other, held = std::make_shared<Session>(std::move(pair.server))](error_code) {});
}

TEST_F(MuxSession, something_else_than_yamux_is_told_as_that) {
  auto ends = transport::memory_pair(context.get_executor(), context.get_executor());
  auto& a = ends.first;
  auto& b = ends.second;
  Session session{std::move(a), Role::server};
  run([&]() -> asio::awaitable<void> {
    co_await asio::async_write(b, asio::buffer(std::string{"GET / HTTP/1.1\r\n\r\n"}), use_awaitable);
    const SessionEvent event = co_await session.next_event(5s);
    EXPECT_EQ(event.kind, SessionEvent::Kind::ended);
    EXPECT_NE(event.cause, error::closed);
    EXPECT_NE(event.sentence.find("(inproc://memory)"), std::string::npos) << event.sentence;
  });
}

// --- TCPChan ---------------------------------------------------------------------------------------------------------

TEST_F(MuxSession, tcpchan_is_a_dialect_of_it) {
  Options options;
  options.dialect = MuxDialect::tcpchan;
  SessionPair pair = support::session_pair(context, options);
  run([&]() -> asio::awaitable<void> {
    asio::co_spawn(context, serve_echo(pair.server), asio::detached);
    const SessionEvent event = co_await pair.client.next_event(5s);
    EXPECT_EQ(event.kind, SessionEvent::Kind::ready);
    Channel channel = co_await pair.client.open();
    const std::string much(1'000'000, 'm');
    asio::co_spawn(context, write_all(channel, much), asio::detached);
    const std::string back = co_await read_exactly(channel, much.size());
    EXPECT_TRUE(back == much);
  });
}

TEST_F(MuxSession, tcpchan_channels_that_were_over_before_the_session_ended_can_still_be_accepted) {
  Options options;
  options.dialect = MuxDialect::tcpchan;
  SessionPair pair = support::session_pair(context, options);
  run([&]() -> asio::awaitable<void> {
    {
      Channel near = co_await pair.client.open();
      co_await write_all(near, "last words");
    }
    co_await pair.client.close(5s);
    SessionEvent event = co_await pair.server.next_event(5s);
    while (event.kind != SessionEvent::Kind::ended) event = co_await pair.server.next_event(5s);
    Channel far = co_await pair.server.accept();
    error_code ec;
    const std::string text = co_await read_to_end(far, ec);
    EXPECT_EQ(text, "last words");
    EXPECT_EQ(ec, asio::error::eof);
    const auto [failure, none] = co_await pair.server.accept({}, as_result);
    EXPECT_EQ(failure, error::closed);
  });
}

TEST_F(MuxSession, much_that_an_answer_sets_going_at_once_is_written) {
  constexpr std::size_t count = 45'000;  // six bytes each: more than waits for the end of a turn
  Options options;
  options.dialect = MuxDialect::tcpchan;
  options.channels_max = count;
  testing::FaultPlan plan;
  plan.write_size_max = 1000;
  auto [a, b] =
      transport::memory_pair(context.get_executor(), context.get_executor(), transport::MemoryOptions{1'000'000});
  Session session{testing::faulty_stream(std::move(a), plan), Role::client, options};
  std::vector<Channel> channels;
  for (std::size_t i = 0; i < count; ++i) {
    session.open({}, [&](error_code, Channel opened) { channels.push_back(std::move(opened)); });
  }
  ASSERT_TRUE(run_until(context, [&] { return channels.size() == count; }));
  const std::string reply{"\x00\x02\xfe\xed\xba\xcc", 6};
  const asio::const_buffer buffer = asio::buffer(reply);
  error_code ec;
  ASSERT_EQ(b.backend().try_write({&buffer, 1}, ec), reply.size());
  EXPECT_TRUE(run_until(context, [&] { return session.stats().stream_bytes_out == 6 * (count + 1); }));
}

TEST_F(MuxSession, tcpchan_with_another_magic_fails) {
  Options options;
  options.dialect = MuxDialect::tcpchan;
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  Session client{std::move(a), Role::client, options};
  options.magic = 1;
  Session server{std::move(b), Role::server, options};
  run([&]() -> asio::awaitable<void> {
    const SessionEvent event = co_await server.next_event(5s);
    EXPECT_EQ(event.kind, SessionEvent::Kind::ended);
    EXPECT_EQ(event.cause, error::handshake_failed);
  });
}

}  // namespace
}  // namespace parley::mux
