// A page in headless Chromium talks to `parley listen ws://…`.
#include "interop/chromium.hpp"
#include "support/child_process.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::interop {
namespace {

using support::ChildProcess;
using support::ChildResult;

/// The endpoint behind "listening on ".
std::string endpoint_of(ChildProcess& listener) {
  const std::string said = "listening on ";
  const std::string line = listener.error_line_with(said);
  return line.substr(line.find(said) + said.size());
}

TEST(Chromium, page_talks_to_the_tool_by_binary_messages) {
  ChildProcess listener{{PARLEY_BIN_DIR "/parley", "listen", "ws://127.0.0.1:0/talk", "--count", "3"}};
  const std::string page = "file://" PARLEY_SOURCE_DIR "/tests/interop/browser/page.html#" + endpoint_of(listener);
  const Chromium browser{page};
  (void)listener.error_line_with("connected to ");
  listener.type("hello, pagé\n");
  const ChildResult result = listener.wait();
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "heard: hello, pagé\n" + std::string(100'000, 'x') + "\ntext is closed with 1003\n");
  EXPECT_NE(result.errors.find("sent a text message; only binary ones are understood here"), std::string::npos)
      << result.errors;
}

}  // namespace
}  // namespace parley::interop
