// What is told of the options elsewhere than in the help: completions for shells, and the manual page.
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using Words = std::set<std::string>;

const std::string tools = PARLEY_SOURCE_DIR "/tools/";

std::string contents(const std::string& path) {
  std::ifstream file{path};
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// All of them.
const std::vector<std::string> commands{"listen",  "connect", "send",   "receive", "echo",    "proxy", "peers",
                                        "request", "serve",   "routes", "tunnel",  "gateway", "demo"};

/// And none.
std::vector<std::vector<std::string>> command_lines() {
  std::vector<std::vector<std::string>> lines{{}};
  for (const std::string& command : commands) lines.push_back({command});
  return lines;
}

/// Standard output and error of a shell's command, which has to succeed.
std::string shell_output(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> chunk{};
  while (const std::size_t size = std::fread(chunk.data(), 1, chunk.size(), pipe)) output.append(chunk.data(), size);
  EXPECT_EQ(::pclose(pipe), 0) << command << '\n' << output;
  return output;
}

/// "--format", "-q", … as the help introduces them.
Words options_of(const std::vector<std::string>& command) {
  std::vector<std::string> arguments = command;
  arguments.emplace_back("--help");
  std::istringstream help{run_tool(arguments).output};
  static const std::regex head{"^  (-\\w,)?(--[a-z-]+)"};
  Words options;
  for (std::string line; std::getline(help, line);) {
    std::smatch found;
    if (!std::regex_search(line, found, head)) continue;
    options.insert(found[2]);
    if (found[1].matched) options.insert(found[1].str().substr(0, 2));
  }
  return options;
}

/// What bash offers for the last of these words.
Words offered(const std::string& words) {
  std::istringstream lines{shell_output("bash -c '. " + tools + "completion/parley.bash; COMP_WORDS=(" + words +
                                        "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _parley; "
                                        "printf \"%s\\n\" \"${COMPREPLY[@]}\"'")};
  Words offers;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) offers.insert(line);
  return offers;
}

TEST(ToolCompletion, bash_offers_the_options_of_each_command_and_no_others) {
  EXPECT_EQ(offered("parley -"), options_of({}));
  for (const std::string& command : commands)
    EXPECT_EQ(offered("parley " + command + " -"), options_of({command})) << command;
}

TEST(ToolCompletion, bash_offers_what_may_come_at_each_place) {
  EXPECT_EQ(offered("parley \"\""),
            (Words{"listen", "connect", "send", "receive", "echo", "proxy", "peers", "request", "serve", "routes",
                   "tunnel", "gateway", "demo", "-h", "--help", "--version"}));
  EXPECT_EQ(offered("parley c"), Words{"connect"});
  EXPECT_EQ(offered("parley listen w"), (Words{"ws://", "wss://"}));
  EXPECT_EQ(offered("parley connect u"), (Words{"udp://", "unix://"}));
  EXPECT_EQ(offered("parley listen --format r"), Words{"raw"});
  EXPECT_EQ(offered("parley listen --codec = m"), Words{"msgpack"});
  EXPECT_EQ(offered("parley connect --count \"\""), Words{});
  EXPECT_EQ(offered("parley send --bind u"), Words{"unix://"});
  EXPECT_EQ(offered("parley send \"\""), Words{});
  EXPECT_EQ(offered("parley peers --bind u"), Words{"unix://"});
  EXPECT_EQ(offered("parley tunnel --to t"), Words{"tcp://"});
  EXPECT_EQ(offered("parley tunnel --via mux+u"), Words{"mux+unix://"});
  EXPECT_EQ(offered("parley request u"), Words{"unix://"});
  EXPECT_EQ(offered("parley serve --route \"\""), Words{});
  EXPECT_EQ(offered("parley listen --on \"\""), Words{});
  EXPECT_EQ(offered("parley listen --filter crc32"), (Words{"crc32", "crc32c"}));
  EXPECT_EQ(offered("parley routes tc"), Words{"tcp://"});
  EXPECT_EQ(offered("parley serve am"), (Words{"amqp://", "amqps://"}));
  EXPECT_EQ(offered("parley connect am"), Words{});
  EXPECT_EQ(offered("parley gateway --listen mux+tl"), Words{"mux+tls://"});
  EXPECT_EQ(offered("parley proxy tcp://*:1 t"), (Words{"tcp://", "tls://"}));
  EXPECT_TRUE(offered("parley connect --file /dev/nul").contains("/dev/null"));
}

TEST(ToolCompletion, values_offered_are_values_the_tool_takes) {
  for (const char* const option : {"--format", "--codec", "--filter"}) {
    for (const std::string& name : offered("parley connect " + std::string{option} + " \"\"")) {
      // Nobody is there, which is found only after the command line was.
      const ToolResult result = run_tool({"connect", "unix:///nobody/is/there", option, name});
      EXPECT_EQ(result.code, 4) << option << ' ' << name << '\n' << result.errors;
    }
  }
  for (const char* const option : {"--mode", "--delivery", "--dialect"}) {
    const Words names = offered("parley send " + std::string{option} + " \"\"");
    EXPECT_EQ(names.size(), 2U) << option;
    for (const std::string& name : names)
      EXPECT_EQ(run_tool({"send", "--connect", "unix:///nobody/is/there", "--timeout", "1ms", option, name}).code, 4)
          << option << ' ' << name;
  }
}

TEST(ToolCompletion, zsh_knows_every_option) {
  const std::string text = contents(tools + "completion/_parley");
  for (const std::vector<std::string>& command : command_lines()) {
    for (const std::string& option : options_of(command)) {
      const bool alone = text.find(option + "[") != std::string::npos;
      const bool as_short = text.find("{" + option + ",") != std::string::npos;
      const bool as_long = text.find("," + option + "}'[") != std::string::npos;
      EXPECT_TRUE(alone || as_short || as_long) << option;
    }
  }
}

TEST(ToolManual, has_every_option_and_no_other) {
  Words all;
  for (const std::vector<std::string>& command : command_lines()) all.merge(options_of(command));
  Words told;
  std::istringstream lines{std::regex_replace(contents(tools + "man/parley.1"), std::regex{"\\\\-"}, "-")};
  // The line behind .TP is what the paragraph is about.
  static const std::regex option{"(--?[a-z][a-z-]*)"};
  for (std::string line, before; std::getline(lines, line); before = line) {
    if (before != ".TP") continue;
    for (std::sregex_iterator it{line.begin(), line.end(), option}, end; it != end; ++it)
      if (line.find(" -") != std::string::npos) told.insert((*it)[1]);
  }
  EXPECT_EQ(told, all);
}

TEST(ToolManual, is_set_without_a_warning) {
  EXPECT_EQ(shell_output("groff -ww -man -Tutf8 " + tools + "man/parley.1 >/dev/null"), "");
}

}  // namespace
}  // namespace parley::test
