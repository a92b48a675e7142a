// --filter: what is done to each message on its way.
#include "json_lines.hpp"
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <sstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

struct FilterCase {
  std::vector<std::string> filters;
  std::string wire;  // of the line 123456789
};

std::vector<std::string> filtered(std::vector<std::string> arguments, const std::vector<std::string>& filters) {
  for (const std::string& each : filters) arguments.insert(arguments.end(), {"--filter", each});
  return arguments;
}

TEST(ToolFilter, both_commands_send_the_exact_bytes_and_take_them_off_again) {
  const std::vector<FilterCase> cases{
      {{"xor,hex"}, "12345678931"},
      {{"crc16"}, "123456789\x37\x4b"},
      {{"crc16-xmodem"}, "123456789\x31\xc3"},
      {{"crc32,hex"}, "123456789CBF43926"},
      {{"start-end"},
       "\x02"
       "123456789\x03"},
      {{"start-end,start=<,end=>", "xor,hex"}, "<12345678931>"},
      {{"xor,hex", "start-end,start=<,end=>"}, "<123456789>33"},
  };
  for (const auto& [filters, wire] : cases) {
    SCOPED_TRACE(filters.front());
    const RawListener listener{"tcp://127.0.0.1:0"};
    ToolProcess connecting{filtered({"connect", listener.endpoint(), "--count", "1", "123456789"}, filters)};
    const RawPeer there = listener.accept();
    EXPECT_EQ(there.receive(4 + wire.size()), framed(wire));
    there.send(framed(wire));
    EXPECT_EQ(connecting.wait(), 0) << connecting.errors();
    EXPECT_EQ(connecting.output(), "123456789\n");

    ToolProcess listening{filtered({"listen", "tcp://127.0.0.1:0", "--echo", "--once"}, filters)};
    const RawPeer here = RawPeer::connect(listening.listening_endpoint());
    here.send(framed(wire));
    here.end_sending();
    EXPECT_EQ(here.receive_all(), framed(wire));
    EXPECT_EQ(listening.wait(), 0) << listening.errors();
    EXPECT_EQ(listening.output(), "123456789\n");
  }
}

TEST(ToolFilter, many_messages_that_build_on_each_other_arrive_in_order) {
  std::string lines;
  for (int i = 0; i < 50'000; ++i) lines += "line " + std::to_string(i) + " is much like the one before\n";
  ToolProcess listening{{"listen", "tcp://127.0.0.1:0", "--once", "--filter", "deflate,context", "--filter", "crc32"}};
  const std::string endpoint = listening.listening_endpoint();
  // At the same time: the listener holds the other up while nobody reads what it prints.
  auto connecting = std::async(std::launch::async, [&] {
    return run_tool({"connect", endpoint, "--wait", "0", "--filter", "deflate,context", "--filter", "crc32"}, lines);
  });
  EXPECT_EQ(listening.wait(), 0) << listening.errors();
  const ToolResult sent = connecting.get();
  EXPECT_EQ(sent.code, 0) << sent.errors;
  EXPECT_TRUE(listening.output() == lines) << listening.output().size() << " bytes for " << lines.size();
}

TEST(ToolFilter, a_message_that_the_framing_cannot_carry_is_left_out_and_those_behind_it_do_not_miss_it) {
  // In some of them the compressed bytes have a newline, which is what ends a message there.
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += "number " + std::to_string(i * 7919 % 10'007) + "\n";
  const std::vector<std::string> ways{"--framing", "separator", "--filter", "deflate,context"};
  std::vector<std::string> listen{"listen", "tcp://127.0.0.1:0", "--once"};
  listen.insert(listen.end(), ways.begin(), ways.end());
  ToolProcess listening{listen};
  std::vector<std::string> connect{"connect", listening.listening_endpoint(), "--wait", "0"};
  connect.insert(connect.end(), ways.begin(), ways.end());
  const ToolResult connecting = run_tool(connect, lines);
  EXPECT_EQ(connecting.code, 1);
  EXPECT_EQ(listening.wait(), 0) << listening.errors();
  std::istringstream errors{connecting.errors};
  std::size_t left_out = 0;
  for (std::string line; std::getline(errors, line);) left_out += line.starts_with("parley: error: ") ? 1 : 0;
  EXPECT_GT(left_out, 0u);
  const auto arrived = static_cast<std::size_t>(std::ranges::count(listening.output(), '\n'));
  EXPECT_EQ(arrived + left_out, 2000u);
  std::istringstream received{listening.output()};
  std::istringstream sent{lines};
  for (std::string line, from; std::getline(received, line);) {
    while (std::getline(sent, from) && from != line) {
    }
    EXPECT_EQ(from, line);
  }
}

TEST(ToolFilter, commands_get_and_give_what_is_behind_the_filters) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--framing", "separator", "--filter", "xor,hex", "--classify",
                    "hel=person", "--on", "person=tr a-z A-Z"}};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send("hello62\n");
  EXPECT_EQ(peer.receive(8), "HELLO42\n");
}

// --- messages that are not as they should be ------------------------------------------------------------------------

const char* const wrong_sum = "the checksum xor of a message of 5 bytes is 0x62, and 0x63 came with it";

TEST(ToolFilter, a_message_that_fails_ends_the_connection_alone) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--framing", "separator", "--filter", "xor,hex"}};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer good = RawPeer::connect(endpoint);
  good.send("hello62\n");
  EXPECT_EQ(tool.output_line_with("hello"), "hello");
  const RawPeer bad = RawPeer::connect(endpoint);
  bad.send("hello63\nhello62\n");
  EXPECT_EQ(bad.receive_all(), "");
  const std::string line = tool.error_line_with("error: ");
  EXPECT_TRUE(line.starts_with("parley: error: "s + wrong_sum + " (tcp://127.0.0.1:")) << line;
  good.send("again60\n");
  EXPECT_EQ(tool.output_line_with("again"), "again");
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 0);
}

TEST(ToolFilter, a_message_that_fails_is_5_where_there_is_one_peer) {
  ToolProcess once{{"listen", "tcp://127.0.0.1:0", "--framing", "separator", "--filter", "xor,hex", "--once"}};
  const RawPeer peer = RawPeer::connect(once.listening_endpoint());
  peer.send("hello63\n");
  EXPECT_EQ(once.wait(), 5) << once.errors();

  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess connecting{{"connect", listener.endpoint(), "--filter", "crc32"}};
  const RawPeer other = listener.accept();
  other.send(framed("abc"));
  EXPECT_EQ(connecting.wait(), 5);
  EXPECT_NE(connecting.errors().find("message of 3 bytes is too short for the checksum crc32"), std::string::npos)
      << connecting.errors();
}

TEST(ToolFilter, a_message_that_it_drops_is_told_and_those_behind_it_come) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--framing", "separator", "--filter", "xor,hex,drop", "--once",
                    "--json", "--count", "2"}};
  const std::string listening = tool.output_line_with("listening");
  const RawPeer peer = RawPeer::connect(json_lines(listening + "\n")[0].at("endpoint").as_string().c_str());
  peer.send("hello62\nhello63\nhello62\n");
  EXPECT_EQ(tool.wait(), 5);
  const std::vector<boost::json::object> lines = json_lines(tool.output());
  ASSERT_EQ(lines.size(), 6u) << tool.output();
  EXPECT_EQ(lines[2].at("text"), "hello");
  EXPECT_EQ(lines[3].at("event"), "error");
  EXPECT_EQ(lines[3].at("exit"), 5);
  EXPECT_EQ(lines[3].at("connection"), 1);
  EXPECT_EQ(lines[3].at("message").as_string(), "a message was left out: "s + wrong_sum);
  EXPECT_EQ(lines[4].at("text"), "hello");
}

TEST(ToolFilter, what_inflates_beyond_the_limit_is_refused) {
  for (const std::vector<std::string>& limit :
       {std::vector<std::string>{"deflate,max=1000"}, std::vector<std::string>{"deflate", "--max-size", "1000"}}) {
    ToolProcess tool{filtered({"listen", "tcp://127.0.0.1:0", "--once"}, {limit.front()})};
    std::vector<std::string> arguments{"listen", "tcp://127.0.0.1:0", "--once", "--filter"};
    arguments.insert(arguments.end(), limit.begin(), limit.end());
    ToolProcess limited{arguments};
    const ToolResult sender = run_tool(
        {"connect", limited.listening_endpoint(), "--filter", "deflate", "--format", "raw"}, std::string(1001, 'a'));
    EXPECT_EQ(limited.wait(), 5) << limited.errors();
    EXPECT_NE(limited.errors().find("1000"), std::string::npos) << limited.errors();
  }
}

TEST(ToolFilter, what_makes_no_sense_is_refused) {
  struct Refusal {
    std::vector<std::string> options;
    std::string sentence;
  };
  const std::vector<Refusal> refusals{
      {{"--filter", "crc17"}, "--filter crc17: unknown filter 'crc17'; the filters are crc16"},
      {{"--filter", "xor,hax"}, "--filter xor,hax: the filter xor has the options hex"},
      {{"--filter", ""}, "--filter : unknown filter ''"},
      {{"--filter", "xor", "--framing", "raw"}, "--filter needs messages, and --framing raw has none"},
  };
  for (const char* const command : {"listen", "connect"}) {
    for (const auto& [options, sentence] : refusals) {
      std::vector<std::string> arguments{command, "tcp://127.0.0.1:1"};
      arguments.insert(arguments.end(), options.begin(), options.end());
      const ToolResult result = run_tool(arguments);
      EXPECT_EQ(result.code, 2);
      EXPECT_NE(result.errors.find(sentence), std::string::npos) << result.errors;
    }
  }
}

}  // namespace
}  // namespace parley::test
