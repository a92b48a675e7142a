// What a table of routes tells of itself.
#include <parley/rpc/routes.hpp>

#include <parley/codec/bytes.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/text.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/describe.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace parley::rpc::routes_list_test {

struct Pair {
  std::int8_t a = 0;
  std::optional<bool> b;
};
BOOST_DESCRIBE_STRUCT(Pair, (), (a, b))

namespace {

const std::string pair_schema = R"({"type":"object","properties":{"a":{"type":"integer","minimum":-128,"maximum":127},)"
                                R"("b":{"anyOf":[{"type":"boolean"},{"type":"null"}]}},"required":["a"]})";

TEST(RoutesList, has_what_each_takes_and_gives_in_the_order_of_names) {
  Routes routes;
  routes.on("b", [](Pair pair) { return pair.a > 0; });
  routes.on(
      "a", [](const std::string&, const Caller&) -> boost::asio::awaitable<Pair> { co_return Pair{}; }, MessagePack{});
  EXPECT_EQ(routes.to_json(), R"([{"name":"a","codec":"MessagePack","takes":{"type":"string"},"gives":)" + pair_schema +
                                  R"(},{"name":"b","codec":"JSON","takes":)" + pair_schema +
                                  R"(,"gives":{"type":"boolean"}}])");
}

TEST(RoutesList, tells_nothing_from_anything) {
  Routes routes;
  routes.on("caller", [](const Caller&) {});
  routes.on("later", [](int) -> boost::asio::awaitable<void> { co_return; });
  routes.on(
      "message", [](const Message& m) { return m; }, Bytes{});
  routes.on("none", [] {});
  routes.on(
      "text", [](std::string) {}, Text{});
  const boost::json::value list = boost::json::parse(routes.to_json());
  const boost::json::value anything = boost::json::object{};
  const boost::json::value null = boost::json::parse(R"({"type":"null"})");
  const auto at = [&](std::size_t i, const char* key) { return list.as_array().at(i).at(key); };
  EXPECT_EQ(at(0, "takes"), anything);
  EXPECT_EQ(at(0, "gives"), null);
  EXPECT_EQ(at(1, "gives"), null);
  EXPECT_EQ(at(2, "takes"), anything);
  EXPECT_EQ(at(2, "gives"), anything);
  EXPECT_EQ(at(2, "codec"), "bytes");
  EXPECT_EQ(at(3, "takes"), anything);
  EXPECT_EQ(at(4, "gives"), anything);  // an empty payload is no null
}

TEST(RoutesList, has_those_on_a_pool_those_without_a_name_and_those_of_whom_nothing_is_known) {
  boost::asio::io_context context;
  Routes routes;
  routes.on_pool(context.get_executor(), "pool", [](bool b) { return b; });
  routes.on_any([](bool b) { return b; });
  routes.add("\"raw\"", Route{[](const Message& m, const Caller&) { return m; }, {}, {}});
  EXPECT_EQ(routes.to_json(), R"([{"name":"\"raw\"","codec":null,"takes":{},"gives":{}},)"
                              R"({"name":"pool","codec":"JSON","takes":{"type":"boolean"},"gives":{"type":"boolean"}},)"
                              R"({"name":null,"codec":"JSON","takes":{"type":"boolean"},"gives":{"type":"boolean"}}])");
  EXPECT_EQ(Routes{}.to_json(), "[]");
}

TEST(RoutesList, has_a_name_that_no_handler_may_have) {
  Routes routes;
  try {
    routes.on(std::string{routes_route}, [](bool b) { return b; });
    ADD_FAILURE() << "accepted";
  } catch (const std::invalid_argument& refused) {
    EXPECT_STREQ(refused.what(), "\"parley.routes\" lists the routes, and takes no handler");
  }
  EXPECT_TRUE(routes.empty());
}

}  // namespace
}  // namespace parley::rpc::routes_list_test
