#include <parley/codec/schema.hpp>

#include <boost/describe.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <string>

namespace parley::codec::schema_test {

struct Item {
  std::string name;
  std::optional<double> price;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, price))

struct Order {
  std::vector<Item> items;
  Item gift;
  bool is_paid = false;
};
BOOST_DESCRIBE_STRUCT(Order, (), (items, gift, is_paid))

struct Tree {
  std::string label;
  std::vector<Tree> children;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (label, children))

struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

struct Base {
  int id = 0;
};
BOOST_DESCRIBE_STRUCT(Base, (), (id))
struct Derived : Base {
  bool flag = false;
};
BOOST_DESCRIBE_STRUCT(Derived, (Base), (flag))

namespace other {
struct Item {
  int code = 0;
};
BOOST_DESCRIBE_STRUCT(Item, (), (code))
}  // namespace other

template <class T>
struct Box {
  T what;
  Item label;
};
using BoxOfItem = Box<other::Item>;
BOOST_DESCRIBE_STRUCT(BoxOfItem, (), (what, label))

BOOST_DEFINE_ENUM_CLASS(Colour, red, green)

struct Unknown {};

namespace {

template <class T>
std::string schema() {
  std::string text = json_schema<T>();
  boost::json::parse(text);  // throws
  return text;
}

TEST(JsonSchema, single_values_have_their_types_and_integers_their_bounds) {
  EXPECT_EQ(schema<bool>(), R"({"type":"boolean"})");
  EXPECT_EQ(schema<std::int8_t>(), R"({"type":"integer","minimum":-128,"maximum":127})");
  EXPECT_EQ(schema<std::uint64_t>(), R"({"type":"integer","minimum":0,"maximum":18446744073709551615})");
  EXPECT_EQ(schema<std::int64_t>(),
            R"({"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807})");
  EXPECT_EQ(schema<float>(), R"({"type":"number"})");
  EXPECT_EQ(schema<std::string>(), R"({"type":"string"})");
  EXPECT_EQ(schema<Message>(), R"({"type":"string","contentEncoding":"base64"})");
  EXPECT_EQ(schema<std::vector<std::byte>>(), schema<Message>());
  EXPECT_EQ(schema<std::monostate>(), R"({"type":"null"})");
  EXPECT_EQ(schema<Colour>(), R"({"enum":["red","green"]})");
  EXPECT_EQ((schema<std::chrono::duration<std::int16_t, std::milli>>()), schema<std::int16_t>());
}

TEST(JsonSchema, anything_is_what_has_no_shape_that_is_known) {
  EXPECT_EQ(schema<boost::json::value>(), "{}");
  EXPECT_EQ(schema<Unknown>(), "{}");
}

TEST(JsonSchema, elements_and_alternatives_are_within_their_containers) {
  EXPECT_EQ(schema<std::vector<std::string>>(), R"({"type":"array","items":{"type":"string"}})");
  EXPECT_EQ(schema<std::vector<bool>>(), R"({"type":"array","items":{"type":"boolean"}})");
  EXPECT_EQ((schema<std::pair<bool, std::string>>()),
            R"({"type":"array","prefixItems":[{"type":"boolean"},{"type":"string"}],"minItems":2,"maxItems":2})");
  EXPECT_EQ((schema<std::array<bool, 1>>()),
            R"({"type":"array","prefixItems":[{"type":"boolean"}],"minItems":1,"maxItems":1})");
  EXPECT_EQ(schema<std::tuple<>>(), R"({"type":"array","maxItems":0})");
  EXPECT_EQ(schema<std::optional<bool>>(), R"({"anyOf":[{"type":"boolean"},{"type":"null"}]})");
  EXPECT_EQ((schema<std::variant<bool, std::string>>()), R"({"anyOf":[{"type":"boolean"},{"type":"string"}]})");
}

TEST(JsonSchema, the_keys_of_maps_are_told_where_they_are_not_any_string) {
  EXPECT_EQ((schema<std::map<std::string, bool>>()), R"({"type":"object","additionalProperties":{"type":"boolean"}})");
  EXPECT_EQ((schema<std::unordered_map<int, bool>>()),
            R"({"type":"object","propertyNames":{"pattern":"^-?[0-9]+$"},"additionalProperties":{"type":"boolean"}})");
  EXPECT_EQ((schema<std::map<unsigned, bool>>()),
            R"({"type":"object","propertyNames":{"pattern":"^[0-9]+$"},"additionalProperties":{"type":"boolean"}})");
  EXPECT_EQ((schema<std::map<Colour, bool>>()),
            R"({"type":"object","propertyNames":{"enum":["red","green"]},"additionalProperties":{"type":"boolean"}})");
}

TEST(JsonSchema, fields_are_required_unless_they_are_optional) {
  EXPECT_EQ(schema<Item>(), R"({"type":"object","properties":{"name":{"type":"string"},)"
                            R"("price":{"anyOf":[{"type":"number"},{"type":"null"}]}},"required":["name"]})");
  EXPECT_EQ(schema<Empty>(), R"({"type":"object","properties":{}})");
  EXPECT_EQ(schema<Derived>(),
            R"({"type":"object","properties":{"id":{"type":"integer","minimum":-2147483648,"maximum":2147483647},)"
            R"("flag":{"type":"boolean"}},"required":["id","flag"]})");
}

TEST(JsonSchema, a_struct_below_another_is_described_once) {
  const std::string item = schema<Item>();
  EXPECT_EQ(schema<Order>(),
            R"({"type":"object","properties":{"items":{"type":"array","items":{"$ref":"#/$defs/Item"}},)"
            R"("gift":{"$ref":"#/$defs/Item"},"is_paid":{"type":"boolean"}},"required":["items","gift","is_paid"],)"
            R"("$defs":{"Item":)" +
                item + "}}");
  EXPECT_EQ(schema<std::vector<Item>>(),
            R"({"type":"array","items":{"$ref":"#/$defs/Item"},"$defs":{"Item":)" + item + "}}");
}

TEST(JsonSchema, a_type_that_contains_itself_has_an_end) {
  const std::string members = R"({"type":"object","properties":{"label":{"type":"string"},"children":{"type":"array",)";
  EXPECT_EQ(schema<Tree>(), members + R"("items":{"$ref":"#"}}},"required":["label","children"]})");
  EXPECT_EQ(schema<std::optional<Tree>>(),
            R"({"anyOf":[{"$ref":"#/$defs/Tree"},{"type":"null"}],"$defs":{"Tree":)" + members +
                R"("items":{"$ref":"#/$defs/Tree"}}},"required":["label","children"]}}})");
}

TEST(JsonSchema, types_of_the_same_name_are_told_apart) {
  const std::string text = schema<std::vector<BoxOfItem>>();
  const boost::json::value parsed = boost::json::parse(text);
  const boost::json::object& definitions = parsed.at("$defs").as_object();
  EXPECT_EQ(definitions.size(), 3U) << text;
  EXPECT_TRUE(definitions.contains("Item")) << text;
  EXPECT_TRUE(definitions.contains("Item_2")) << text;
}

}  // namespace
}  // namespace parley::codec::schema_test
