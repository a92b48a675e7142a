// Programs that know nothing of tunnels, through one: curl and an HTTP server, redis-cli and Redis.
#include "forwarding.hpp"

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <list>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using support::ChildProcess;
using support::ChildResult;

ChildResult run_program(const std::vector<std::string>& command) {
  ChildProcess program{command};
  program.end_input();
  return program.wait();
}

/// A server, whose standard output goes where ChildProcess looks for lines.
std::vector<std::string> telling(const std::string& command) { return {"sh", "-c", "exec " + command + " 1>&2"}; }

std::string port_of(const std::string& endpoint) { return endpoint.substr(endpoint.rfind(':') + 1); }

/// "Serving HTTP on 127.0.0.1 port 40001 (http://127.0.0.1:40001/) ..."
std::string http_endpoint(const std::string& line) {
  const std::size_t begin = line.find(" port ") + 6;
  return "tcp://127.0.0.1:" + line.substr(begin, line.find(' ', begin) - begin);
}

TEST(ToolTunnel, curl_and_redis_go_through_one_connection) {
  const support::TemporaryFolder folder;
  const std::string page = distinct_bytes(3'000'001, 7);
  std::ofstream{folder.file("page")} << page;
  ChildProcess http{telling("python3 -u -m http.server 0 --bind 127.0.0.1 --directory " + folder.file(""))};
  const std::string http_at = http_endpoint(http.error_line_with("Serving HTTP"));
  const std::string redis_path = folder.file("redis.sock");
  ChildProcess redis{telling("redis-server --port 0 --save '' --appendonly no --dir " + folder.file("") +
                             " --unixsocket " + redis_path)};
  static_cast<void>(redis.error_line_with("ready to accept connections"));

  const std::string redis_at = "unix://" + redis_path;
  ToolGateway gateway{{"--allow", redis_at}};
  ToolTunnel tunnel{gateway.endpoint(), {http_at, redis_at}};

  std::list<ChildProcess> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(std::vector<std::string>{"curl", "-sS", "--max-time", "20", "-o",
                                                  folder.file("got" + std::to_string(i)),
                                                  "http://127.0.0.1:" + port_of(tunnel.port(0)) + "/page"});
    clients.back().end_input();
  }
  const auto redis_cli = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"redis-cli", "-h", "127.0.0.1", "-p", port_of(tunnel.port(1))});
    return run_program(words);
  };
  EXPECT_EQ(redis_cli({"SET", "greeting", "hello through a tunnel"}).output, "OK\n");
  const ChildResult greeting = redis_cli({"GET", "greeting"});
  EXPECT_EQ(greeting.output, "hello through a tunnel\n") << greeting.errors;
  EXPECT_EQ(established_at(gateway.endpoint()), 1U);
  int number = 0;
  for (ChildProcess& client : clients) {
    const ChildResult result = client.wait();
    EXPECT_EQ(result.code, 0) << result.errors;
    std::ifstream got{folder.file("got" + std::to_string(number++)), std::ios::binary};
    EXPECT_TRUE(std::string(std::istreambuf_iterator<char>{got}, {}) == page);
  }
  EXPECT_EQ(tunnel.leave(SIGTERM), 0) << tunnel.process().errors();
  EXPECT_NE(tunnel.process().errors().find("0 connections open, 10 opened, 0 refused"), std::string::npos)
      << tunnel.process().errors();
  redis.signal(SIGTERM);
  http.signal(SIGTERM);
}

}  // namespace
}  // namespace parley::test
