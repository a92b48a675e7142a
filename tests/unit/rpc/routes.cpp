#include <parley/rpc/routes.hpp>

#include <parley/codec/bytes.hpp>
#include <parley/codec/described.hpp>
#include <parley/codec/text.hpp>
#include <parley/rpc/fault.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/describe.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace parley::rpc::test {

struct Sum {
  int a = 0;
  int b = 0;
};
BOOST_DESCRIBE_STRUCT(Sum, (), (a, b))

namespace {

std::string ask(const Routes& routes, std::string_view name, const Message& payload, Caller caller = {}) {
  const Route* const route = routes.find(name);
  if (route == nullptr) return "no such route";
  if (route->now) return route->now(payload, caller).text();
  boost::asio::io_context context;
  auto answer = boost::asio::co_spawn(context, route->later(payload, std::move(caller)), boost::asio::use_future);
  context.run();
  return answer.get().text();
}

std::string refusal(const auto& what) {
  try {
    what();
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "accepted";
}

int twice(int value) { return 2 * value; }
int thrice(int value) noexcept { return 3 * value; }

TEST(Routes, call_plain_functions_of_plain_structs) {
  Routes routes;
  routes.on("sum", [](Sum s) { return s.a + s.b; }).on("twice", &twice);
  EXPECT_EQ(ask(routes, "sum", R"({"a": 2, "b": 3})"), "5");
  EXPECT_EQ(ask(routes, "twice", "21"), "42");
  EXPECT_EQ(ask(routes, "product", "1"), "no such route");
}

TEST(Routes, call_functions_that_do_not_throw_or_change_themselves) {
  Routes routes;
  routes.on("thrice", thrice).on("count", [n = 0]() mutable noexcept { return ++n; });
  EXPECT_EQ(ask(routes, "thrice", "5"), "15");
  EXPECT_EQ(ask(routes, "count", "null"), "1");
  EXPECT_EQ(ask(routes, "count", "null"), "2");
}

TEST(Routes, call_coroutines) {
  Routes routes;
  int prefix = 4;
  routes.on("later", [prefix](int value) -> boost::asio::awaitable<std::string> {
    co_return std::to_string(prefix) + std::to_string(value);
  });
  EXPECT_EQ(ask(routes, "later", "2"), R"("42")");
}

TEST(Routes, call_handlers_with_who_asks_or_with_nothing) {
  Routes routes;
  Caller caller;
  caller.peer = std::make_shared<const PeerInfo>(PeerInfo{"cid-1", {}, {}});
  routes.on("who", [](const Caller& from) { return from.peer->client_id; });
  routes.on("both", [](std::string value, const Caller& from) { return value + from.peer->client_id; });
  routes.on("none", [] { return 7; });
  routes.on("void", [](int) {});
  routes.on("void later", [](int) -> boost::asio::awaitable<void> { co_return; });
  EXPECT_EQ(ask(routes, "who", "not looked at", caller), R"("cid-1")");
  EXPECT_EQ(ask(routes, "both", R"("a ")", caller), R"("a cid-1")");
  EXPECT_EQ(ask(routes, "none", ""), "7");
  EXPECT_EQ(ask(routes, "void", "1"), "null");
  EXPECT_EQ(ask(routes, "void later", "1"), "null");
}

TEST(Routes, each_have_a_codec) {
  Routes routes;
  routes.on(
      "bytes", [](Message m) { return m; }, Bytes{});
  routes.on(
      "text", [](std::string text) { return text + '!'; }, Text{});
  routes.on(
      "nothing", [](const std::string&) {}, Text{});
  EXPECT_EQ(ask(routes, "bytes", "\x00\xff"), std::string{"\x00\xff"}.c_str());
  EXPECT_EQ(ask(routes, "text", "é"), "é!");
  EXPECT_EQ(ask(routes, "nothing", "é"), "");
}

TEST(Routes, reject_what_is_not_the_value_that_a_handler_takes) {
  Routes routes;
  bool was_called = false;
  routes.on("sum", [&](Sum) { return was_called = true; });
  routes.on("later", [&](Sum) -> boost::asio::awaitable<bool> { co_return was_called = true; });
  for (const std::string name : {"sum", "later"}) {
    try {
      (void)ask(routes, name, R"({"a": "x"})");
      ADD_FAILURE() << name;
    } catch (const detail::RequestRejected& rejected) {
      EXPECT_TRUE(std::string_view{rejected.what()}.starts_with("$.a: ")) << rejected.what();
    }
  }
  EXPECT_FALSE(was_called);
}

TEST(Routes, keep_a_coroutines_function_as_long_as_the_coroutine) {
  boost::asio::io_context context;
  std::future<Message> answer;
  {
    Routes routes;
    const std::string captured(100, 'x');
    routes.on("later", [captured](int) -> boost::asio::awaitable<std::string> { co_return captured; });
    answer = boost::asio::co_spawn(context, routes.find("later")->later("1", {}), boost::asio::use_future);
  }
  context.run();
  EXPECT_EQ(answer.get().size(), 102U);
}

TEST(Routes, have_one_handler_for_each_name) {
  Routes routes;
  routes.on("sum", &twice).on_any(&twice);
  EXPECT_EQ(refusal([&] { routes.on("sum", &twice); }), R"(more than one handler for the same requests: "sum")");
  EXPECT_EQ(refusal([&] { routes.on_any(&twice); }),
            "more than one handler for the same requests: those without a route");
  EXPECT_EQ(refusal([&] { routes.on("\xff", &twice); }), "the name of a route has to be UTF-8");
}

TEST(Routes, are_merged_where_they_do_not_clash) {
  Routes routes;
  routes.on("a", &twice).on("b", &twice).on_any(&twice);
  Routes others;
  others.on("c", &twice);
  routes.merge(std::move(others));
  EXPECT_NE(routes.find("c"), nullptr);
  Routes clashing;
  clashing.on("b", &twice).on("c", &twice).on("d", &twice).on_any(&twice);
  EXPECT_EQ(refusal([&] { routes.merge(clashing); }),
            R"(more than one handler for the same requests: "b", "c", those without a route)");
  EXPECT_EQ(routes.find("d"), nullptr);
}

TEST(Fault, says_whose_it_was) {
  const RequesterFault bad{"bad input", 404};
  EXPECT_EQ(bad.of(), FaultOf::requester);
  EXPECT_EQ(bad.code(), 404);
  EXPECT_STREQ(bad.what(), "bad input");
  EXPECT_EQ(ResponderFault{"trouble"}.code(), std::nullopt);
}

}  // namespace
}  // namespace parley::rpc::test
