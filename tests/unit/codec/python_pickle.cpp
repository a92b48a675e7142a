#include <parley/codec/python_pickle.hpp>

#include "support/codec_values.hpp"
#include "support/rejection.hpp"

#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace parley::test {
namespace {

using namespace std::string_literals;

/// A pickle of protocol 4 with this program.
std::string pickle(const std::string& program) { return "\x80\x04" + program + "."; }

template <class T>
T decode(const std::string& program) {
  return PythonPickle{}.decode<T>(pickle(program));
}

/// Encodes to just this program, and comes back from it.
template <class T>
void expect_program(const T& value, const std::string& program) {
  const std::string written = PythonPickle{}.encode(value).text();
  EXPECT_EQ(written.substr(11), program + ".");
  EXPECT_EQ(PythonPickle{}.decode<T>(written), value);
}

TEST(PythonPickle, writes_a_frame_of_protocol_4) {
  EXPECT_EQ(PythonPickle{}.encode(7).text(), "\x80\x04\x95\x03\0\0\0\0\0\0\0K\x07."s);
}

TEST(PythonPickle, writes_each_kind_of_value) {
  expect_program(std::optional<int>{}, "N");
  expect_program(true, "\x88");
  expect_program(false, "\x89");
  expect_program(255, "K\xff");
  expect_program(256, "M\0\x01"s);
  expect_program(65'536, "J\0\0\x01\0"s);
  expect_program(-1, "J\xff\xff\xff\xff");
  expect_program(std::int64_t{1} << 31, "\x8a\x05\0\0\0\x80\0"s);
  expect_program(std::numeric_limits<std::int64_t>::max(), "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f");
  expect_program(std::numeric_limits<std::int64_t>::min(), "\x8a\x08\0\0\0\0\0\0\0\x80"s);
  expect_program(std::numeric_limits<std::uint64_t>::max(), "\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0"s);
  expect_program(1.5, "G\x3f\xf8\0\0\0\0\0\0"s);
  expect_program("é"s, "\x8c\x02é");
  expect_program(std::string(256, 'x'), "X\0\x01\0\0"s + std::string(256, 'x'));
  expect_program(Message{"a\0"s},
                 "C\x02"
                 "a\0"s);
  expect_program(Message{std::string(256, 'x')}, "B\0\x01\0\0"s + std::string(256, 'x'));
  expect_program(std::vector<int>{}, "]");
  expect_program(std::vector<int>{1, 2},
                 "](K\x01K\x02"
                 "e");
  expect_program(std::map<std::string, int>{}, "}");
  expect_program(std::map<int, bool>{{1, true}}, "}(K\x01\x88u");
}

TEST(PythonPickle, reads_what_the_protocols_have_for_data) {
  using Ints = std::vector<int>;
  EXPECT_EQ(decode<Ints>("]K\x01"
                         "aK\x02"
                         "a"),
            (Ints{1, 2}));
  EXPECT_EQ(decode<Ints>("(K\x01K\x02l"), (Ints{1, 2}));
  EXPECT_EQ(decode<Ints>("(K\x01K\x02t"), (Ints{1, 2}));
  EXPECT_EQ(decode<Ints>("K\x01K\x02K\x03\x87"), (Ints{1, 2, 3}));
  EXPECT_EQ(decode<Ints>("K\x01K\x02\x86"), (Ints{1, 2}));
  EXPECT_EQ(decode<Ints>("K\x01\x85"), Ints{1});
  EXPECT_EQ(decode<Ints>(")"), Ints{});
  using Map = std::map<std::string, int>;
  EXPECT_EQ(decode<Map>("}\x8c\x01"
                        "aK\x01s"),
            (Map{{"a", 1}}));
  EXPECT_EQ(decode<Map>("(\x8c\x01"
                        "aK\x01"
                        "d"),
            (Map{{"a", 1}}));
  EXPECT_EQ(decode<int>("K\x01K\x02"
                        "0"),
            1);
  EXPECT_EQ(decode<int>("K\x01(K\x02"
                        "1"),
            1);
  EXPECT_EQ(decode<int>("K\x01(0"), 1);
  EXPECT_EQ(decode<Ints>("(K\x01"
                         "2t"),
            (Ints{1, 1}));
  EXPECT_EQ(decode<Message>("\x96\x02\0\0\0\0\0\0\0ab"s), "ab");
  EXPECT_EQ(decode<std::string>("\x8d\x02\0\0\0\0\0\0\0ab"s), "ab");
  EXPECT_EQ(decode<int>("\x8a\0"s), 0);
  EXPECT_EQ(decode<int>("\x8b\x01\0\0\0\xff"s), -1);
  EXPECT_EQ(decode<int>("\x8a\x0a\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff"), -2);
}

TEST(PythonPickle, remembers_and_recalls) {
  using Ints = std::vector<std::vector<int>>;
  EXPECT_EQ(decode<Ints>("](]q\0h\0h\0K\x05"
                         "ae"s),
            (Ints{{5}, {5}, {5}}));  // appended after it was recalled
  EXPECT_EQ(decode<std::vector<std::string>>("(\x8c\x01"
                                             "a\x94h\0j\0\0\0\0r\x01\0\0\0h\x01t"s),
            (std::vector<std::string>{"a", "a", "a", "a"}));
}

TEST(PythonPickle, rejects_what_names_or_runs_code) {
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("cos\nsystem\n\x8c\x02ls\x85R")),
            "byte 2: the pickle names code \"os.system\", which is never done here");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x8c\x02os\x8c\x06system\x93)R")),
            "byte 14: the pickle names code \"os.system\", which is never done here");
  EXPECT_EQ(rejection<Item>(PythonPickle{}, "\x80\4c\xffs\x1b\nc\xc2\x9b\xc3\xa9\n."),
            "byte 2: the pickle names code \"\\xffs\\x1b.c\\xc2\\x9b\xc3\xa9\", which is never done here")
      << "fit for a terminal, and valid UTF-8";
  EXPECT_EQ(rejection<int>(PythonPickle{},
                           "\x80\x02"
                           "c_codecs\nencode\nX\x01\0\0\0aR."s),
            "byte 2: the pickle names code \"_codecs.encode\", which is never done here; protocol 2 does so for bytes, "
            "3 and later do not");
  for (const char opcode : {'R', 'i', 'o', '\x81', '\x92'})
    EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("N"s + opcode)),
              "byte 3: the pickle calls code, which is never done here");
  for (const char opcode : {'\x82', '\x83', '\x84'})
    EXPECT_EQ(rejection<int>(PythonPickle{}, pickle(std::string{opcode})),
              "byte 2: the pickle names code by a registered number, which is never done here");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("N}b")),
            "byte 4: the pickle sets the state of an object, which is never done here");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("NQ")),
            "byte 3: the pickle refers to an object outside of it, which is never done here");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("P1\n")),
            "byte 2: the pickle refers to an object outside of it, which is never done here");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x97")),
            "byte 2: the pickle refers to a buffer outside of it, which is never done here");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x8f")),
            "byte 2: the pickle has a set in it, which is never done here");
}

TEST(PythonPickle, says_where_a_program_breaks_the_rules) {
  EXPECT_EQ(rejection<int>(PythonPickle{}, ""), "$: the payload is empty");
  EXPECT_EQ(rejection<int>(PythonPickle{}, "I1\n."), "byte 0: no pickle of protocol 2 to 5: those begin with 0x80");
  EXPECT_EQ(rejection<int>(PythonPickle{}, "\x80\x06N."), "byte 0: pickle protocol 6; 2 to 5 are supported");
  EXPECT_EQ(rejection<int>(PythonPickle{}, "\x80\x04"), "byte 2: the pickle ends too early");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("")), "byte 3: the pickle ends with other than one value");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("NN")), "byte 5: the pickle ends with other than one value");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("N(")), "byte 5: the pickle ends with other than one value");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("N") + "x"), "byte 4: 1 more bytes follow after the pickle");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("a")), "byte 2: the pickle takes a value from an empty stack");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("0")), "byte 2: the pickle takes a value from an empty stack");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("2")), "byte 2: the pickle takes a value from an empty stack");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("N\x86")), "byte 3: the pickle takes a value from an empty stack");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("N(\x85")), "byte 4: the pickle takes a value from an empty stack");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("e")), "byte 2: the pickle looks for a mark that is not there");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("NNa")), "byte 4: the pickle tries to append where there is no list");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle(")Na")), "byte 4: the pickle tries to append where there is no list");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("](Na")),
            "byte 5: the pickle tries to append where there is no list");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("](Nu")),
            "byte 5: the pickle tries to set an item where there is no dict");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("}(Nu")), "byte 5: a dict has a key without a value");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("(Nd")), "byte 4: a dict has a key without a value");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("h\x01")),
            "byte 2: the pickle recalls number 1, which it never remembered");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("q\x01")),
            "byte 2: the pickle remembers a value from an empty stack");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("Nr\xff\xff\xff\xff")),
            "byte 3: memo number 4294967295 is out of range");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x8c\x09"
                                                  "a")),
            "byte 2: a string of 9 bytes is announced, but only 2 bytes follow");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x8d\xff\xff\xff\xff\xff\xff\xff\xff")),
            "byte 2: a string of 18446744073709551615 bytes is announced, but only 1 bytes follow");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x95\xff\0\0\0\0\0\0\0N"s)),
            "byte 2: a frame of 255 bytes is announced, but only 2 bytes follow");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x8a\x09\0\0\0\0\0\0\0\0\x01"s)),
            "byte 2: an integer of 9 bytes, which does not fit 64 bits");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x8a\x09\0\0\0\0\0\0\0\0\xff"s)),
            "byte 2: an integer of 9 bytes, which does not fit 64 bits");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("G\0")), "byte 2: the pickle ends inside a number");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\x80\x04N")), "byte 2: a second beginning inside the pickle");
  EXPECT_EQ(rejection<int>(PythonPickle{}, pickle("\xfe")), "byte 2: 0xfe is no opcode of pickle protocols 2 to 5");
  EXPECT_EQ(rejection<std::string>(PythonPickle{}, pickle("\x8c\x01\xff")),
            "$: a string is not valid UTF-8 at its byte 0");
  using Map = std::map<std::string, int>;
  EXPECT_EQ(rejection<Map>(PythonPickle{}, pickle("}NNs")), "$: a key that is neither a string nor an integer");
}

TEST(PythonPickle, keeps_a_pickle_bomb_small) {
  // Each list has the one before it a hundred times.
  std::string bomb = "]q\0";
  bomb = "]q"s + '\0';
  for (char level = 1; level < 20; ++level) {
    bomb += "](";
    for (int i = 0; i < 100; ++i) (bomb += 'h') += static_cast<char>(level - 1);
    (bomb += "eq") += level;
  }
  std::string popped = bomb.substr(0, 3);
  EXPECT_NE(rejection<boost::json::value>(PythonPickle{}, pickle("(" + bomb + "l"))
                .find("the decoded value would take more than 268435456 bytes of memory"),
            std::string::npos);
  // The same in a field that nobody wants.
  EXPECT_NE(rejection<Item>(PythonPickle{}, pickle("}(\x8c\x01x(" + bomb + "lu"))
                .find("the decoded value would take more than"),
            std::string::npos);
}

TEST(PythonPickle, looks_once_at_a_text_that_is_in_many_places) {
  // Would take a minute and more if it were looked at in each of them. The field and the keys are unknown.
  constexpr std::size_t size = 1024 * 1024;
  constexpr int places = 1'000'000;
  std::string program = "}\x8c\x01xX\0\0\x10\0"s + std::string(size, 'x') + "q\0]("s;
  for (int i = 0; i < places; ++i) program += "h\0"s;
  program += "es\x8c\x01y}("s;
  for (int i = 0; i < places; ++i) program += "h\0N"s;
  program += "us";
  // Memoised and taken away again, so that the list is what the field has.
  const std::string memoised = "X\0\0\x10\0"s + std::string(size, 'x') + "q\0"s;
  const std::size_t at = program.find(memoised);
  program.insert(at + memoised.size(), "0");
  EXPECT_EQ(rejection<Item>(PythonPickle{}, pickle(program)), "$.name: missing");
  EXPECT_EQ(rejection<Item>(PythonPickle{}, pickle("}\x8c\x01x]\x8c\x01\xff"s + "as")),
            "$.(unknown field)[0]: a string is not valid UTF-8 at its byte 0");
}

TEST(PythonPickle, is_not_led_astray_by_a_list_in_itself) {
  EXPECT_NE(rejection<boost::json::value>(PythonPickle{}, pickle("]q\0h\0a"s)).find("nested deeper than 64"),
            std::string::npos);
  EXPECT_NE(rejection<Item>(PythonPickle{}, pickle("}\x8c\x01x]q\0h\0as"s)).find("nested deeper than 64"),
            std::string::npos);
}

TEST(PythonPickle, bounds_its_own_memory) {
  PythonPickle small;
  small.decoded_size_max = 10'000;
  EXPECT_EQ(rejection<int>(small, pickle(std::string(1000, 'N'))),
            "byte 418: reading the pickle would take too much memory");
}

TEST(PythonPickle, guesses_what_else_a_payload_is) {
  EXPECT_EQ(rejection<Item>(PythonPickle{}, "[1]"), "$: this looks like JSON, not a Python pickle");
}

}  // namespace
}  // namespace parley::test
