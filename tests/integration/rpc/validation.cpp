// What is wrong with a payload is told to who asked in the same words by JSON and MessagePack, with the place: of
// requests that a handler does not take, and of answers that are not what was asked for.
#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>

#include "support/codec_values.hpp"
#include "support/requests.hpp"

#include <boost/json/value.hpp>

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace parley::rpc::validation_test {

struct Address {
  std::string street;
  std::optional<int> number;
};
BOOST_DESCRIBE_STRUCT(Address, (), (street, number))

struct Person {
  std::string name;
  std::uint8_t age = 0;
  bool is_member = false;
  Address home;
  std::vector<Address> others;
  std::map<std::string, double> scores;
  std::variant<int, std::string> key;
  std::array<float, 2> at{};
};
BOOST_DESCRIBE_STRUCT(Person, (), (name, age, is_member, home, others, scores, key, at))

namespace {

namespace asio = boost::asio;
using parley::test::Account;
using parley::test::Colour;
using parley::test::Item;
using parley::test::Order;
using parley::test::Tree;
using support::error_of;
using namespace std::chrono_literals;

/// A payload, what it was to be, and what it is instead.
struct Wrong {
  void (*add_handler)(Routes&, const std::string& name, bool is_json, bool is_strict);
  asio::awaitable<Error> (*ask)(const Client&, bool is_json, bool is_strict, const char* payload);
  const char* payload;
  const char* sentence;
  bool is_strict = false;
};

MessagePack message_pack(bool is_strict) {
  MessagePack codec;
  codec.strict = is_strict;
  return codec;
}

/// Its handler takes a T, and is not to be called.
template <class T>
void add_handler(Routes& routes, const std::string& name, bool is_json, bool is_strict) {
  const auto take = [name](const T&) { ADD_FAILURE() << "the handler of " << name << " was called"; };
  if (is_json) {
    routes.on(name, take, Json{.strict = is_strict});
  } else {
    routes.on(name, take, message_pack(is_strict));
  }
}

/// The other side answers with what it was given, which is to be a T.
template <class T>
asio::awaitable<Error> ask(const Client& client, bool is_json, bool is_strict, const char* payload) {
  const auto value = Json{}.decode<boost::json::value>(payload);
  if (is_json) return error_of(client.request<T>("echo", Json{}.encode(value), Json{.strict = is_strict}));
  return error_of(client.request<T>("echo", MessagePack{}.encode(value), message_pack(is_strict)));
}

template <class T>
Wrong wrong(const char* payload, const char* sentence, bool is_strict = false) {
  return {&add_handler<T>, &ask<T>, payload, sentence, is_strict};
}

const std::vector<Wrong>& all_wrong() {
  static const std::vector<Wrong> all{
      // each type, at the root
      wrong<bool>("1", "$: expected true or false, found integer 1"),
      wrong<bool>("null", "$: expected true or false, found null"),
      wrong<bool>(R"("true")", R"($: expected true or false, found string "true")"),
      wrong<int>("true", "$: expected an integer, found true"),
      wrong<int>("1.5", "$: expected an integer, found number 1.5"),
      wrong<int>("null", "$: expected an integer, found null"),
      wrong<int>("[]", "$: expected an integer, found an array"),
      wrong<int>("{}", "$: expected an integer, found an object"),
      wrong<int>("2147483648", "$: 2147483648 is out of range (-2147483648 to 2147483647)"),
      wrong<int>("-2147483649", "$: -2147483649 is out of range (-2147483648 to 2147483647)"),
      wrong<std::int8_t>("128", "$: 128 is out of range (-128 to 127)"),
      wrong<std::uint8_t>("-1", "$: -1 is out of range (0 to 255)"),
      wrong<std::int16_t>("40000", "$: 40000 is out of range (-32768 to 32767)"),
      wrong<std::uint16_t>("65536", "$: 65536 is out of range (0 to 65535)"),
      wrong<std::uint32_t>("4294967296", "$: 4294967296 is out of range (0 to 4294967295)"),
      wrong<std::uint64_t>("-5", "$: -5 is out of range (0 to 18446744073709551615)"),
      wrong<std::int64_t>("9223372036854775808",
                          "$: 9223372036854775808 is out of range (-9223372036854775808 to 9223372036854775807)"),
      wrong<double>(R"("1.5")", R"($: expected a number, found string "1.5")"),
      wrong<double>("false", "$: expected a number, found false"),
      wrong<float>("1e39", "$: 1e+39 is out of range (a float ends at 3.4028235e+38)"),
      wrong<std::string>("12", "$: expected a string, found integer 12"),
      wrong<std::string>("null", "$: expected a string, found null"),
      wrong<std::string>("0.25", "$: expected a string, found number 0.25"),
      wrong<std::vector<std::byte>>("3", "$: expected a byte string, found integer 3"),
      wrong<Colour>(R"("purple")", R"($: "purple" is none of red, green, blue)"),
      wrong<Colour>("1", "$: expected a name, found integer 1"),
      wrong<std::chrono::milliseconds>(R"("5ms")", R"($: expected an integer, found string "5ms")"),
      wrong<std::chrono::duration<double>>("[]", "$: expected a number, found an array"),
      wrong<std::monostate>("0", "$: expected null, found integer 0"),
      wrong<std::optional<int>>(R"("x")", R"($: expected an integer, found string "x")"),
      // elements
      wrong<std::vector<int>>("{}", "$: expected an array, found an object"),
      wrong<std::vector<int>>("[1, null]", "$[1]: expected an integer, found null"),
      wrong<std::vector<bool>>("[true, false, 0]", "$[2]: expected true or false, found integer 0"),
      wrong<std::vector<std::vector<int>>>("[[1], [2, [3]]]", "$[1][1]: expected an integer, found an array"),
      wrong<std::deque<std::string>>(R"(["a", 1])", "$[1]: expected a string, found integer 1"),
      wrong<std::array<int, 3>>("[1, 2]", "$: expected an array of 3, found 2 elements"),
      wrong<std::array<int, 3>>("[1, 2, 3, 4]", "$: expected an array of 3, found more elements"),
      wrong<std::array<int, 3>>("[1, 2, true]", "$[2]: expected an integer, found true"),
      wrong<std::pair<int, std::string>>("[1]", "$: expected an array of 2, found 1 element"),
      wrong<std::tuple<int>>("[]", "$: expected an array of 1, found 0 elements"),
      // fields
      wrong<Person>("[]", "$: expected an object, found an array"),
      wrong<Person>("{}", "$.name: missing"),
      wrong<Person>(R"({"name": 5})", "$.name: expected a string, found integer 5"),
      wrong<Person>(R"({"age": 300})", "$.age: 300 is out of range (0 to 255)"),
      wrong<Person>(R"({"is_member": 0})", "$.is_member: expected true or false, found integer 0"),
      wrong<Person>(R"({"home": "here"})", R"($.home: expected an object, found string "here")"),
      wrong<Person>(R"({"home": {}})", "$.home.street: missing"),
      wrong<Person>(R"({"home": {"street": "a", "number": "b"}})",
                    R"($.home.number: expected an integer, found string "b")"),
      wrong<Person>(R"({"others": {}})", "$.others: expected an array, found an object"),
      wrong<Person>(R"({"others": [{"street": "a"}, 7]})", "$.others[1]: expected an object, found integer 7"),
      wrong<Person>(R"({"others": [{"street": false}]})", "$.others[0].street: expected a string, found false"),
      wrong<Person>(R"({"scores": {"chess": "good"}})", R"($.scores.chess: expected a number, found string "good")"),
      wrong<Person>(R"({"scores": {"long jump": []}})", R"($.scores["long jump"]: expected a number, found an array)"),
      wrong<Person>(R"({"key": 2.5})", "$.key: expected an integer or a string, found number 2.5"),
      wrong<Person>(R"({"key": 3000000000})", "$.key: 3000000000 is out of range (-2147483648 to 2147483647)"),
      wrong<Person>(R"({"at": [1]})", "$.at: expected an array of 2, found 1 element"),
      wrong<Person>(R"({"at": [1, {}]})", "$.at[1]: expected a number, found an object"),
      wrong<Person>(R"({"colour": 1})", "$.colour: unknown field", true),
      wrong<Person>(R"({"home": {"street": "a", "town": 1}})", "$.home.town: unknown field", true),
      wrong<Person>(R"({"a b": 1})", R"($["a b"]: unknown field)", true),
      wrong<Item>(R"({"name": "a", "count": 1})", "$.price: missing"),
      wrong<Item>(R"({"name": "a", "price": 1})", "$.count: missing"),
      wrong<Order>(R"({"items": [], "stock": {}})", "$.id: missing"),
      wrong<Order>(R"({"id": 1, "items": [{"name": "a", "price": 1, "count": 1}, {}]})", "$.items[1].name: missing"),
      wrong<Tree>(R"({"value": 1, "children": [{"value": 2, "children": [{"value": "x"}]}]})",
                  R"($.children[0].children[0].value: expected an integer, found string "x")"),
      wrong<Account>(R"({"balance": 1})", "$.balance_: missing"),
      // maps
      wrong<std::map<Colour, int>>(R"({"pink": 1})",
                                   R"($.pink: expected a name of the enum as key, found string "pink")"),
      wrong<std::map<Colour, int>>(R"({"blue": "x"})", R"($.blue: expected an integer, found string "x")"),
      wrong<std::map<int, bool>>(R"({"one": true})",
                                 R"($.one: expected an integer in range as key, found string "one")"),
      // what is found is cut and escaped
      wrong<int>(R"("0123456789012345678901234567890123456789 and more")",
                 R"($: expected an integer, found string "0123456789012345678901234567890123456789…")"),
      wrong<int>(R"("a\"\\\u0007")", R"($: expected an integer, found string "a\"\\\x07")"),
  };
  return all;
}

TEST(WrongPayload, table_is_long_and_each_line_is_wrong_in_its_own_way) {
  std::set<std::string> sentences;
  for (const Wrong& each : all_wrong()) sentences.insert(each.sentence);
  EXPECT_EQ(sentences.size(), all_wrong().size());
  EXPECT_GE(sentences.size(), 60U);
}

/// Over the wire, and back.
class WrongPayloads : public ::testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] static bool is_json() { return GetParam(); }

  template <class Body>
  void meet(Body body) {
    support::run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
      Routes routes;
      routes.on("echo", [](Message m) { return m; });
      for (std::size_t i = 0; i < all_wrong().size(); ++i) {
        all_wrong()[i].add_handler(routes, std::to_string(i), is_json(), all_wrong()[i].is_strict);
      }
      Server server{executor, std::move(routes)};
      const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
      Client client{executor};
      co_await client.connect(at, 20s);
      co_await body(client, at.to_string());
      co_await client.close(20s);
      co_await server.stop(20s);
    });
  }
  [[nodiscard]] static Message encoded(const char* payload) {
    const auto value = Json{}.decode<boost::json::value>(payload);
    return is_json() ? Json{}.encode(value) : MessagePack{}.encode(value);
  }
};

INSTANTIATE_TEST_SUITE_P(All, WrongPayloads, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "json" : "message_pack"; });

TEST_P(WrongPayloads, that_are_requests_are_rejected_with_place_and_reason) {
  meet([](Client& client, std::string at) -> asio::awaitable<void> {
    for (std::size_t i = 0; i < all_wrong().size(); ++i) {
      const Wrong& each = all_wrong()[i];
      const std::string route = std::to_string(i);
      const RequestError failed =
          co_await support::failure_of(client.request<Message>(route, encoded(each.payload), Json{}));
      EXPECT_EQ(failed.code(), error::payload_rejected) << each.payload;
      EXPECT_EQ(failed.of(), FaultOf::requester) << each.payload;
      EXPECT_EQ(failed.fault_message(), each.sentence) << each.payload;
      EXPECT_EQ(failed.what(), "request \"" + route + "\": " + each.sentence + " (" + at + ")");
    }
  });
}

TEST_P(WrongPayloads, that_are_answers_are_rejected_with_place_and_reason) {
  meet([](Client& client, const std::string&) -> asio::awaitable<void> {
    for (const Wrong& each : all_wrong()) {
      const Error failed = co_await each.ask(client, is_json(), each.is_strict, each.payload);
      EXPECT_EQ(failed.code(), error::payload_rejected) << each.payload;
      EXPECT_THAT(failed.what(), ::testing::EndsWith(each.sentence)) << each.payload;
    }
  });
}

TEST_P(WrongPayloads, that_are_notifications_are_told_where_they_came) {
  support::run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Routes routes;
    routes.on("log", [](const std::string&) { ADD_FAILURE() << "the handler was called"; });
    Server server{executor, std::move(routes)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    ClientOptions named;
    named.client_id = "careless";
    Client client{executor, named};
    co_await client.connect(at, 20s);
    co_await client.notify("log", 7);
    const Event told = co_await support::event_of(server, Event::Kind::notice_failed);
    EXPECT_EQ(told.client_id, "careless");
    EXPECT_EQ(told.sentence, "notification \"log\": $: expected a string, found integer 7");
    co_await client.close(20s);
  });
}

TEST(WrongJson, is_rejected_with_the_byte) {
  support::run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Routes routes;
    routes.on("sum", [](support::Sum s) { return s.a + s.b; });
    Server server{executor, std::move(routes)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor};
    co_await client.connect(at, 20s);
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "$: the payload is empty"},
        {"{\"a\": 1", "byte 7"},
        {"{\"a\": 1, \"b\": 2} x", "byte 17"},
        {"{\"a\": 1, \"b\": nope}", "byte 15 (after $.b): not JSON (syntax error)"},
        {std::string(10'000, '['), "$: expected an object, found an array"},
        {"{\"x\": " + std::string(10'000, '[') + std::string(10'000, ']') + '}', "nested deeper than 64"},
    };
    for (const auto& [payload, reason] : cases) {
      const Message message{payload};
      const RequestError failed = co_await support::failure_of(client.request<int>("sum", message));
      EXPECT_EQ(failed.code(), error::payload_rejected);
      EXPECT_THAT(failed.fault_message(), ::testing::HasSubstr(reason)) << payload.substr(0, 40);
    }
    const support::Sum sum{1, 2};
    EXPECT_EQ(co_await client.request<int>("sum", sum), 3) << "the connection has not suffered";
    co_await client.close(20s);
  });
}

}  // namespace
}  // namespace parley::rpc::validation_test
