// Python programs that use nothing but their standard library, on either side.
#include "interop/meeting.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace parley::interop {
namespace {

using namespace std::string_literals;
using support::ChildResult;

/// One of tests/interop/python, with its task.
Command python(const std::string& script, const std::vector<std::string>& task) {
  return [=](Role role, const Endpoint& endpoint) {
    std::vector<std::string> command{"python3", PARLEY_SOURCE_DIR "/tests/interop/python/" + script, to_string(role),
                                     endpoint.serialize()};
    command.insert(command.end(), task.begin(), task.end());
    return command;
  };
}

/// The messages both ends know; length_prefixed.py has the same rule.
struct Conversation {
  std::uint32_t seed;
  std::size_t size_max;
  std::uint32_t count;

  [[nodiscard]] std::string body(std::uint32_t number) const {
    std::size_t size = ((number + seed) * 2654435761U >> 8) % (size_max + 1);
    if (number % 10 == 3) size = 0;
    if (size_max >= 1000 && number % 100 == 50) size = limits::mib;
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((number + i) % 251);
    return bytes;
  }

  [[nodiscard]] std::vector<std::string> task(const std::string& manner) const {
    return {"exchange",
            "--manner",
            manner,
            "--count",
            std::to_string(count),
            "--size-max",
            std::to_string(size_max),
            "--seed",
            std::to_string(seed)};
  }
};

asio::awaitable<void> send_all(Connection& connection, const Conversation& conversation) {
  for (std::uint32_t i = 0; i < conversation.count; ++i) co_await connection.send(conversation.body(i));
}

asio::awaitable<void> expect_all(Connection& connection, const Conversation& conversation) {
  for (std::uint32_t i = 0; i < conversation.count; ++i) {
    const Message message = co_await connection.receive();
    const std::string wanted = conversation.body(i);
    EXPECT_TRUE(message.view() == wanted)
        << "message " << i << ": " << message.size() << " bytes for " << wanted.size();
  }
  const std::optional<Message> more = co_await connection.next();
  EXPECT_FALSE(more);
}

void expect_success(const ChildResult& python) { EXPECT_EQ(python.code, 0) << python.errors; }

class Python : public testing::TestWithParam<std::tuple<Role, Transport>> {
 protected:
  [[nodiscard]] static Role role() { return std::get<0>(GetParam()); }

  ChildResult meet(const Framing& framing, const Command& command, const Talk& talk) {
    ConnectionOptions options;
    options.framing = framing;
    Meeting meeting{role(), fresh_endpoint(std::get<1>(GetParam()), folder_), options};
    return meeting.hold(command, "", talk);
  }

  /// Both directions at once, every message checked at both ends.
  void exchange(const Conversation& conversation, const std::string& manner) {
    using namespace asio::experimental::awaitable_operators;
    const Talk talk = [&conversation](Connection& connection) -> asio::awaitable<void> {
      co_await (send_all(connection, conversation) && expect_all(connection, conversation));
    };
    expect_success(meet({}, python("length_prefixed.py", conversation.task(manner)), talk));
  }

  /// A peer that wants everything back, unchanged; what came is returned.
  std::vector<std::string> echo(const Framing& framing, const std::vector<std::string>& task) {
    std::vector<std::string> received;
    const Talk talk = [&received](Connection& connection) -> asio::awaitable<void> {
      received = co_await receive_all(connection);
      for (const std::string& each : received) co_await connection.send(each);
    };
    expect_success(meet(framing, python("plain_messages.py", task), talk));
    return received;
  }

 private:
  support::TemporaryFolder folder_;
};

// --- a 4-byte big-endian length -------------------------------------------------------------------------------------

TEST_P(Python, exchanges_hundreds_of_frames_of_any_size) { exchange({1, 5000, 300}, "whole"); }

TEST_P(Python, may_write_length_and_body_apart) { exchange({2, 5000, 300}, "parts"); }

TEST_P(Python, may_write_three_frames_at_once) { exchange({3, 5000, 300}, "threes"); }

TEST_P(Python, may_write_byte_by_byte) { exchange({4, 60, 200}, "bytes"); }

struct Ending {
  std::string name;
  error code;
  std::string partial;  // as on the wire
};

TEST_P(Python, ends_cleanly_or_inside_a_message) {
  const std::vector<Ending> endings{{"clean", error::closed, ""},
                                    {"in_length", error::truncated, "\0\0"s},
                                    {"in_body", error::truncated, "\0\0\0\x0ahalf"s}};
  for (const Ending& ending : endings) {
    SCOPED_TRACE(ending.name);
    const Talk talk = [&ending](Connection& connection) -> asio::awaitable<void> {
      const Message before = co_await connection.receive();
      EXPECT_EQ(before.view(), "before");
      boost::system::error_code end;
      try {
        static_cast<void>(co_await connection.receive());
      } catch (const Error& e) {
        end = e.code();
      }
      EXPECT_EQ(end, ending.code);
      EXPECT_EQ(connection.partial().view(), ending.partial);
    };
    expect_success(meet({}, python("length_prefixed.py", {"end", "--ending", ending.name}), talk));
  }
}

TEST_P(Python, sees_a_clean_end_after_the_last_message) {
  const Talk talk = [](Connection& connection) -> asio::awaitable<void> {
    co_await connection.send("one");
    co_await connection.send("");
  };
  const ChildResult result = meet({}, python("length_prefixed.py", {"report"}), talk);
  expect_success(result);
  EXPECT_EQ(result.output, "2 messages, then 0 bytes of another\n");
}

TEST_P(Python, sees_where_a_stream_breaks_off) {
  const Talk talk = [](Connection& connection) -> asio::awaitable<void> {
    co_await connection.send("\0\0\0\3one\0\0\0\x0ahalf"s);
  };
  const ChildResult result = meet(Raw{}, python("length_prefixed.py", {"report"}), talk);
  expect_success(result);
  EXPECT_EQ(result.output, "1 messages, then 4 bytes of another\n");
}

TEST_P(Python, gets_answers_to_its_json) {
  static constexpr int count = 100;
  const Talk talk = [](Connection& connection) -> asio::awaitable<void> {
    int number = 0;
    while (std::optional<Message> question = co_await connection.next()) {
      const std::string wanted =
          R"({"number": )" + std::to_string(number) + R"(, "text": "Grüße \")" + std::to_string(number) + R"(\""})";
      EXPECT_EQ(question->text(), wanted);
      std::string answer = R"({"answer": )" + std::to_string(number * number) + R"(, "to": )" + wanted + "}";
      co_await connection.send(std::move(answer));
      ++number;
    }
    EXPECT_EQ(number, count);
  };
  expect_success(meet({}, python("length_prefixed.py", {"json", "--count", std::to_string(count)}), talk));
}

// --- separators, fixed sizes, the end of the stream -----------------------------------------------------------------

struct Lines {
  std::string name;  // as plain_messages.py has it
  std::string bytes;
};

TEST_P(Python, exchanges_lines_with_their_ends_dropped_or_kept) {
  for (const Lines& lines : {Lines{"lf", "\n"}, {"crlf", "\r\n"}}) {
    for (const bool keep : {false, true}) {
      SCOPED_TRACE(lines.name + (keep ? " kept" : " dropped"));
      Separator separator;
      separator.bytes = lines.bytes;
      separator.keep = keep;
      const auto got = echo(separator, {"lines", "--separator", lines.name, "--count", "200", "--chunk", "7"});
      ASSERT_EQ(got.size(), 200U);
      for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(got[i], "line " + std::to_string(i) + (keep ? lines.bytes : ""));
    }
  }
}

TEST_P(Python, exchanges_records_of_1024_bytes_padded_with_spaces) {
  for (const bool strip : {false, true}) {
    SCOPED_TRACE(strip ? "stripped" : "kept");
    const FixedLength records{.size = 1024, .strip = strip};
    const auto got = echo(records, {"fixed", "--count", "100", "--chunk", "700"});
    ASSERT_EQ(got.size(), 100U);
    for (std::size_t i = 0; i < got.size(); ++i) {
      std::string wanted = "record " + std::to_string(i);
      if (!strip) wanted.resize(1024, ' ');
      EXPECT_EQ(got[i], wanted);
    }
  }
}

TEST_P(Python, exchanges_whole_streams_by_half_closing) {
  const auto got = echo(UntilEof{}, {"whole", "--size", "300000"});
  ASSERT_EQ(got.size(), 1U);
  std::string wanted(300'000, '\0');
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = static_cast<char>(i * i % 256);
  EXPECT_TRUE(got[0] == wanted) << got[0].size() << " bytes";
}

INSTANTIATE_TEST_SUITE_P(As, Python,
                         testing::Combine(testing::Values(Role::client, Role::server),
                                          testing::Values(Transport::tcp, Transport::unix_path)),
                         [](const auto& each) {
                           return to_string(std::get<0>(each.param)) + "_over_" + to_string(std::get<1>(each.param));
                         });

}  // namespace
}  // namespace parley::interop
