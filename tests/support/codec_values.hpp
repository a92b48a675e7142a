// Values with every type that codecs know, and random ones of them.
#pragma once

#include <parley/codec/shape_of.hpp>
#include <parley/message.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace parley::test {

enum class Colour { red, green, blue };
BOOST_DESCRIBE_ENUM(Colour, red, green, blue)

struct Item {
  std::string name;
  double price = 0;
  std::uint8_t count = 0;
  std::optional<std::string> note;

  bool operator==(const Item&) const = default;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, price, count, note))

struct Identified {
  std::int64_t id = 0;

  bool operator==(const Identified&) const = default;
};
BOOST_DESCRIBE_STRUCT(Identified, (), (id))

struct Order : Identified {
  std::vector<Item> items;
  std::map<std::string, int> stock;

  bool operator==(const Order&) const = default;
};
BOOST_DESCRIBE_STRUCT(Order, (Identified), (items, stock))

/// What contains itself.
struct Tree {
  int value = 0;
  std::vector<Tree> children;

  bool operator==(const Tree&) const = default;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (value, children))

/// Private members travel, because the class describes them.
class Account {
 public:
  Account() = default;
  explicit Account(int balance) : balance_{balance} {}
  bool operator==(const Account&) const = default;

 private:
  int balance_ = 0;
  BOOST_DESCRIBE_CLASS(Account, (), (), (), (balance_))
};

using Choice = std::variant<std::monostate, bool, int, double, std::string, std::vector<int>, Item>;

struct Everything : Identified {
  bool boolean = false;
  std::int8_t int8 = 0;
  std::uint8_t uint8 = 0;
  std::int16_t int16 = 0;
  std::uint16_t uint16 = 0;
  std::int32_t int32 = 0;
  std::uint32_t uint32 = 0;
  std::int64_t int64 = 0;
  std::uint64_t uint64 = 0;
  float real32 = 0;
  double real64 = 0;
  std::string text;
  std::vector<std::byte> bytes;
  Message message;
  Colour colour = Colour::red;
  std::chrono::milliseconds pause{};
  std::chrono::duration<double> seconds{};
  std::optional<int> maybe;
  std::optional<Item> gift;
  std::vector<Item> items;
  std::vector<bool> flags;
  std::deque<std::string> names;
  std::list<double> numbers;
  std::array<int, 3> triple{};
  std::tuple<int, std::string, bool> mixed;
  std::pair<double, Colour> pair;
  std::map<std::string, int> stock;
  std::map<std::int32_t, std::string> by_number;
  std::unordered_map<std::uint64_t, bool> by_hash;
  std::unordered_map<std::string, std::vector<int>> lists;
  std::map<Colour, double> by_colour;
  Choice choice;
  Tree tree;
  Account account;

  bool operator==(const Everything&) const = default;
};
BOOST_DESCRIBE_STRUCT(Everything, (Identified),
                      (boolean, int8, uint8, int16, uint16, int32, uint32, int64, uint64, real32, real64, text, bytes,
                       message, colour, pause, seconds, maybe, gift, items, flags, names, numbers, triple, mixed, pair,
                       stock, by_number, by_hash, lists, by_colour, choice, tree, account))

/// Everything random about a value comes from its seed.
class RandomValues {
 public:
  explicit RandomValues(unsigned seed) : engine_{seed} {}

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  bool chance() { return below(2) == 0; }

  /// Small numbers and the edges as often as any others.
  template <class T>
  T integer() {
    using Limits = std::numeric_limits<T>;
    switch (below(5)) {
      case 0: return Limits::max();
      case 1: return Limits::min();
      case 2: return static_cast<T>(below(300));
      case 3: return static_cast<T>(0 - below(300));
      default: return static_cast<T>(engine_());
    }
  }

  double real() {
    switch (below(4)) {
      case 0: return static_cast<double>(below(1000));
      case 1: return -0.0;
      case 2: return std::numeric_limits<double>::denorm_min();
      default: break;
    }
    for (;;) {
      const double any = std::bit_cast<double>(engine_());
      if (std::isfinite(any)) return any;
    }
  }

  float real32() {
    for (;;) {
      const float any = std::bit_cast<float>(static_cast<std::uint32_t>(engine_()));
      if (std::isfinite(any)) return any;
    }
  }

  std::string text() {
    static constexpr std::array<const char*, 12> pieces{"a", "Z", "\"", "\\", "\n", "\x01",
                                                        "é", "€", "😀",  "/",  " ",  "\x7f"};
    std::string out;
    for (std::size_t left = below(chance() ? 5 : 60); left > 0; --left) out += pieces[below(pieces.size())];
    if (below(4) == 0) out += '\0';
    if (below(40) == 0) out += std::string(below(70'000), 'x');
    return out;
  }

  std::vector<std::byte> bytes() {
    std::vector<std::byte> out(below(chance() ? 5 : 400));
    for (std::byte& each : out) each = static_cast<std::byte>(engine_());
    return out;
  }

  template <class Make>
  auto some(Make make) {
    std::vector<decltype(make())> out;
    for (std::size_t left = below(below(10) == 0 ? 40 : 4); left > 0; --left) out.push_back(make());
    return out;
  }

  Colour colour() { return static_cast<Colour>(below(3)); }

  Item item() { return {text(), real(), integer<std::uint8_t>(), chance() ? std::optional{text()} : std::nullopt}; }

  Tree tree(std::size_t depth) {
    Tree out{integer<int>(), {}};
    if (depth > 0) out.children = some([&] { return tree(depth - 1); });
    return out;
  }

  Choice choice() {
    switch (below(7)) {
      case 0: return std::monostate{};
      case 1: return chance();
      case 2: return integer<int>();
      case 3: return real();
      case 4: return text();
      case 5: return some([&] { return integer<int>(); });
      default: return item();
    }
  }

  Everything everything() {
    Everything all;
    all.id = integer<std::int64_t>();
    all.boolean = chance();
    all.int8 = integer<std::int8_t>();
    all.uint8 = integer<std::uint8_t>();
    all.int16 = integer<std::int16_t>();
    all.uint16 = integer<std::uint16_t>();
    all.int32 = integer<std::int32_t>();
    all.uint32 = integer<std::uint32_t>();
    all.int64 = integer<std::int64_t>();
    all.uint64 = integer<std::uint64_t>();
    all.real32 = real32();
    all.real64 = real();
    all.text = text();
    all.bytes = bytes();
    all.message = Message{bytes()};
    all.colour = colour();
    all.pause = std::chrono::milliseconds{integer<std::int64_t>()};
    all.seconds = std::chrono::duration<double>{real()};
    if (chance()) all.maybe = integer<int>();
    if (chance()) all.gift = item();
    all.items = some([&] { return item(); });
    for (std::size_t left = below(20); left > 0; --left) all.flags.push_back(chance());
    for (const std::string& each : some([&] { return text(); })) all.names.push_back(each);
    for (const double each : some([&] { return real(); })) all.numbers.push_back(each);
    all.triple = {integer<int>(), integer<int>(), integer<int>()};
    all.mixed = {integer<int>(), text(), chance()};
    all.pair = {real(), colour()};
    for (const std::string& each : some([&] { return text(); })) all.stock[each] = integer<int>();
    for (const std::string& each : some([&] { return text(); })) all.by_number[integer<std::int32_t>()] = each;
    for (const int each : some([&] { return integer<int>(); })) all.by_hash[integer<std::uint64_t>()] = each > 0;
    for (const std::string& each : some([&] { return text(); })) all.lists[each] = some([&] { return integer<int>(); });
    if (chance()) all.by_colour[colour()] = real();
    all.choice = choice();
    all.tree = tree(3);
    all.account = Account{integer<int>()};
    return all;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace parley::test
