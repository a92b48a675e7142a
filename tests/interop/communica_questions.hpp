// What is asked of a peer of communica that answers as communica_services.hpp does. All of these throw, or fail the
// test, when something else comes than should.
#pragma once

#include "interop/communica_services.hpp"

#include <parley/wire/communica_frame.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace parley::interop::communica {

constexpr std::size_t many = 1000;
constexpr std::size_t large_size = std::size_t{16} << 20U;

/// An answer that comes some time; it outlives the waiting for it.
template <class T>
class Awaited {
 public:
  Awaited(const asio::any_io_executor& executor, const Asker& asker, const std::string& op, const json::value& value,
          const rpc::RequestOptions& options)
      : gate_{std::make_shared<Gate>(executor)}, end_{std::make_shared<End>()} {
    asker.request_then<T>(op, value, options, [gate = gate_, end = end_](boost::system::error_code ec, T answer) {
      *end = {true, ec, std::move(answer)};
      gate->open();
    });
  }

  [[nodiscard]] bool is_done() const noexcept { return end_->is_done; }
  asio::awaitable<T> value() {
    co_await gate_->wait();
    if (!end_->is_done) throw std::runtime_error{"no answer has come"};
    if (end_->ec) throw boost::system::system_error{end_->ec};
    co_return end_->value;
  }

 private:
  struct End {
    bool is_done = false;
    boost::system::error_code ec;
    T value{};
  };
  std::shared_ptr<Gate> gate_;
  std::shared_ptr<End> end_;
};

inline asio::awaitable<void> ask_for_values(const Asker& asker) {
  for (const char* const text :
       {"null", "true", "false", "0", "-1", "9007199254740992", "-9223372036854775808", "18446744073709551615", "0.5",
        "1e300", R"("")", R"("h\u00e9llo \u2603 \ud83d\ude00")", R"("\u0000\u001f\"\\/\n")", "[]", "{}",
        "[[[]], [null, {}]]", R"({"": 0, "a": [1, {"b": "c"}], "\u00e9": null})"}) {
    const json::value value = json::parse(text);
    const json::value back = co_await asker.request<json::value>("echo", value);
    EXPECT_EQ(back, value) << text;
  }
  const std::map<std::string, int> two{{"a", 2}, {"b", 3}};
  EXPECT_EQ(co_await asker.request<int>("sum", two), 5);
  const std::vector<int> three{20, 30, -8};
  EXPECT_EQ(co_await asker.request<int>("sum", three), 42);
  const Delayed delayed{0.01, "late"};
  EXPECT_EQ(co_await asker.request<std::string>("slow", delayed), "late");
}

inline asio::awaitable<void> send_notices(const Asker& asker) {
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back("note " + std::to_string(i));
  for (const std::string& each : texts) EXPECT_FALSE(asker.notify("note", each));
  const Wanted wanted{"note ", texts.size()};
  EXPECT_EQ(co_await asker.request<std::vector<std::string>>("notes", wanted), texts);
  // What goes wrong with a notice is not told.
  const Trouble unheard{"unheard", {}};
  EXPECT_FALSE(asker.notify("fail", unheard));
  EXPECT_FALSE(asker.notify("nope", std::monostate{}));
  EXPECT_EQ(co_await asker.request<int>("echo", 1), 1);
}

/// What a failure says of itself.
struct Failed {
  boost::system::error_code code;
  rpc::FaultOf of = rpc::FaultOf::unknown;
  std::optional<std::int64_t> fault_code;
  std::string message;
  std::string sentence;
};

template <class V>
asio::awaitable<Failed> failure_of(const Asker& asker, std::string op, V value) {
  try {
    const json::value answer = co_await asker.request<json::value>(op, value);
    throw std::runtime_error{json::serialize(answer) + " came for an error"};
  } catch (const rpc::RequestError& failed) {
    co_return Failed{failed.code(), failed.of(), failed.fault_code(), failed.fault_message(), failed.what()};
  }
}

inline void expect_failure(const Failed& failed, error code, rpc::FaultOf of, std::optional<std::int64_t> fault_code,
                           const std::string& message) {
  EXPECT_EQ(failed.code, code) << failed.sentence;
  EXPECT_EQ(failed.of, of) << failed.sentence;
  EXPECT_EQ(failed.fault_code, fault_code) << failed.sentence;
  EXPECT_THAT(failed.message, ::testing::HasSubstr(message));
}

inline asio::awaitable<void> ask_for_failures(const Asker& asker) {
  using rpc::FaultOf;
  const Trouble bad_input{"bad input", 404};
  expect_failure(co_await failure_of(asker, "fail", bad_input), error::handler_failed, FaultOf::requester, 404,
                 "bad input");
  const Trouble without_code{"h\u00e9llo \u2603", {}};
  expect_failure(co_await failure_of(asker, "fail", without_code), error::handler_failed, FaultOf::requester, {},
                 "h\u00e9llo \u2603");
  const Trouble server_trouble{"server trouble", -500};
  expect_failure(co_await failure_of(asker, "break", server_trouble), error::handler_failed, FaultOf::responder, -500,
                 "server trouble");
  const std::string text = "boom";
  expect_failure(co_await failure_of(asker, "raise", text), error::handler_failed, FaultOf::unknown, {}, "boom");
  expect_failure(co_await failure_of(asker, "sum", text), error::payload_rejected, FaultOf::requester, {}, "numbers");
  expect_failure(co_await failure_of(asker, "nope", text), error::no_such_route, FaultOf::requester, {},
                 R"(Route "nope" is not defined)");
}

inline json::value call(const std::string& op, json::value value) {
  return json::object{{"op", op}, {"v", std::move(value)}};
}

/// `services` are this side's.
inline asio::awaitable<void> ask_both_ways(const asio::any_io_executor& executor, const Asker& asker,
                                           Services& services) {
  const json::value echo = call("echo", "there and back");
  const json::value ok = json::object{{"ok", "there and back"}};
  EXPECT_EQ(co_await asker.request<json::value>("call_back", echo), ok);
  const json::value fail = call("fail", json::object{{"message", "no"}, {"code", 7}});
  const json::value failed = json::object{{"error", 41}, {"code", 7}, {"message", "no"}};
  EXPECT_EQ(co_await asker.request<json::value>("call_back", fail), failed);
  const json::value deep = call("call_back", call("call_back", call("echo", "deep")));
  const json::value deep_ok = json::object{{"ok", json::object{{"ok", json::object{{"ok", "deep"}}}}}};
  EXPECT_EQ(co_await asker.request<json::value>("call_back", deep), deep_ok);

  std::vector<Awaited<json::value>> answers;
  for (int i = 0; i < 100; ++i)
    answers.emplace_back(executor, asker, "call_back", call("echo", i), rpc::RequestOptions{});
  for (int i = 0; i < 100; ++i) {
    const json::value wanted = json::object{{"ok", i}};
    EXPECT_EQ(co_await answers[static_cast<std::size_t>(i)].value(), wanted);
  }

  std::vector<std::string> texts;
  for (int i = 0; i < 3; ++i) {
    texts.push_back("thrown " + std::to_string(i));
    const json::value note = call("note", json::value(texts.back()));
    const json::value nothing = co_await asker.request<json::value>("throw_back", note);
    EXPECT_TRUE(nothing.is_null());
  }
  const Wanted wanted{"thrown ", texts.size()};
  EXPECT_EQ(co_await services.notes_with(wanted), texts);
}

inline asio::awaitable<void> ask_many_at_once(const asio::any_io_executor& executor, const Asker& asker) {
  std::vector<std::size_t> order;
  Gate done{executor};
  for (std::size_t i = 0; i < many; ++i) {
    const Gathered gathered{many, i};
    asker.request_then<std::size_t>("gather", gathered, {}, [&, i](boost::system::error_code ec, std::size_t answer) {
      EXPECT_FALSE(ec);
      EXPECT_EQ(answer, i);
      order.push_back(i);
      if (order.size() == many) done.open();
    });
  }
  co_await done.wait();
  std::vector<std::size_t> wanted;
  for (std::size_t i = many; i > 0; --i) wanted.push_back(i - 1);
  EXPECT_EQ(order, wanted);
}

inline asio::awaitable<void> ask_for_much(const Asker& asker) {
  const std::string text = large_text(large_size);
  Measure wanted = measured(text);
  wanted.chunks = large_size / wire::CommunicaFrames::chunk_size + 1;  // a quote, an operation
  const Measure found = co_await asker.request<Measure>("measure", text);
  EXPECT_EQ(found, wanted) << found.size << " bytes in " << found.chunks << " chunks came there";
  for (const std::size_t chunk_size : {0U, 1U << 20U, 99'991U}) {
    const Large large{large_size, chunk_size};
    const std::string came = co_await asker.request<std::string>("large", large);
    EXPECT_EQ(came.size(), text.size());
    EXPECT_TRUE(came == text);
  }
  const std::string echo = co_await asker.request<std::string>("echo", text);
  EXPECT_TRUE(echo == text);
}

/// The sentence of the next event of this kind; the others are passed over.
template <class Of>
asio::awaitable<std::string> event_of(Of& client, rpc::Event::Kind kind) {
  for (;;) {
    const rpc::Event event = co_await client.next_event(support::hang_bound);
    if (event.kind == kind) co_return event.sentence;
  }
}

/// In each manner: a request that is being handled when the connection goes, one that would not wait for the next, and
/// one made while there is none.
inline asio::awaitable<void> ask_across_connections(rpc::Client& client, const Asker& asker) {
  const asio::any_io_executor executor = client.get_executor();
  for (const std::string manner : {"end", "reset", "notice"}) {
    const json::value held = json::object{{"key", "across " + manner}, {"v", manner}};
    const json::value unheard = json::object{{"key", "never"}, {"v", manner}};
    Awaited<std::string> resumed{executor, asker, "hold", held, rpc::RequestOptions{}.resume()};
    Awaited<std::string> failing{executor, asker, "hold", unheard, rpc::RequestOptions{}};
    const std::string behind = "behind";
    EXPECT_EQ(co_await asker.request<std::string>("echo", behind), behind);
    EXPECT_FALSE(asker.notify("drop", manner));
    co_await event_of(client, rpc::Event::Kind::disconnected);
    EXPECT_FALSE(resumed.is_done());
    EXPECT_FALSE(client.is_connected());
    const std::string waits = "waits";
    EXPECT_EQ(co_await asker.request<std::string>("echo", waits), waits);
    EXPECT_TRUE(failing.is_done());
    boost::system::error_code lost;
    try {
      co_await failing.value();
    } catch (const boost::system::system_error& failed) {
      lost = failed.code();
    }
    EXPECT_EQ(lost, error::disconnected);
    const std::string key = "across " + manner;
    co_await asker.request<void>("release", key);
    EXPECT_EQ(co_await resumed.value(), manner);
  }
  constexpr std::monostate nothing;
  const Who who = co_await asker.request<Who>("who", nothing);
  EXPECT_EQ(who.client_id, client.client_id());
  EXPECT_EQ(who.connections, 4U);
}

}  // namespace parley::interop::communica
