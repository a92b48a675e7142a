// Every framing over TCP and Unix sockets, the tool on either side, with the exact bytes on the wire.
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

struct FramingCase {
  std::string spec;
  std::string typed;    // into the tool
  std::string wire;     // the same messages as bytes, in both directions
  std::string printed;  // by the tool, when it receives `wire`
};

/// A body whose length takes two bytes as a varint.
const std::string long_body(300, 'v');
const std::string long_line{long_body + '\n'};

const std::vector<FramingCase>& cases() {
  static const std::vector<FramingCase> all{
      {"length", "hello\n\nx\n", "\0\0\0\5hello\0\0\0\0\0\0\0\1x"s, "hello\n\nx\n"},
      {"length:1", "hello\n", "\5hello", "hello\n"},
      {"length:2:little", "hello\n", "\5\0hello"s, "hello\n"},
      {"length:4:big:+4", "hello\n", "\0\0\0\11hello"s, "hello\n"},
      {"length:8", "hello\n", "\0\0\0\0\0\0\0\5hello"s, "hello\n"},
      {"varint", long_line, "\xac\x02" + long_body, long_line},
      {"separator", "hello\nworld\n", "hello\nworld\n", "hello\nworld\n"},
      {"separator:\\r\\n", "hello\nworld\n", "hello\r\nworld\r\n", "hello\nworld\n"},
      {"separator:;:keep", "a;\nb\n", "a;b;", "a;\nb;\n"},
      {"fixed:4", "ab\nabcd\n", "ab  abcd", "ab  \nabcd\n"},
      {"fixed:4:strip", "ab\nabcd\n", "ab  abcd", "ab\nabcd\n"},
      {"eof", "one\nmessage\n", "one\nmessage\n", "one\nmessage\n"},
      {"raw", "any\nbytes", "any\nbytes", "any\nbytes"},
      {"idle-gap:1h", "one message\n", "one message", "one message\n"},
  };
  return all;
}

class ToolFraming : public testing::TestWithParam<std::string> {
 protected:
  /// Where to listen; for Unix sockets, a fresh path.
  std::string endpoint() {
    if (GetParam() == "tcp") return "tcp://127.0.0.1:0";
    return "unix://" + folder_.file("s" + std::to_string(++count_));
  }

 private:
  support::TemporaryFolder folder_;
  int count_ = 0;
};

TEST_P(ToolFraming, connect_sends_the_exact_bytes_and_prints_what_comes) {
  for (const FramingCase& c : cases()) {
    SCOPED_TRACE(c.spec);
    const RawListener listener{endpoint()};
    ToolProcess tool{{"connect", listener.endpoint(), "--framing", c.spec, "--quiet"}};
    RawPeer peer = listener.accept();
    tool.type(c.typed);
    tool.end_input();
    EXPECT_EQ(peer.receive(c.wire.size()), c.wire);
    peer.send(c.wire);
    peer.end_sending();
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_EQ(tool.output(), c.printed);
    EXPECT_EQ(tool.errors(), "");
    EXPECT_EQ(peer.receive_all(), "");
  }
}

TEST_P(ToolFraming, listen_sends_the_exact_bytes_and_prints_what_comes) {
  for (const FramingCase& c : cases()) {
    SCOPED_TRACE(c.spec);
    ToolProcess tool{{"listen", endpoint(), "--framing", c.spec, "--once"}};
    RawPeer peer = RawPeer::connect(tool.listening_endpoint());
    tool.type(c.typed);
    tool.end_input();
    EXPECT_EQ(peer.receive(c.wire.size()), c.wire);
    peer.send(c.wire);
    peer.end_sending();
    EXPECT_EQ(peer.receive_all(), "");
    EXPECT_EQ(tool.wait(), 0);
    EXPECT_EQ(tool.output(), c.printed);
  }
}

TEST_P(ToolFraming, a_silence_ends_a_message) {
  ToolProcess tool{{"listen", endpoint(), "--framing", "idle-gap:20ms", "--echo", "--count", "2"}};
  RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  for (const std::string body : {"first", "second"}) {
    peer.send(body);
    EXPECT_EQ(peer.receive(body.size()), body);  // which is sent when the silence is over
  }
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.output(), "first\nsecond\n");
}

INSTANTIATE_TEST_SUITE_P(Transports, ToolFraming, testing::Values("tcp", "unix"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace parley::test
