// Debian's `websockets` for Python, on either side.
#include "interop/echoing.hpp"

#include <gtest/gtest.h>

namespace parley::interop {
namespace {

using support::ChildProcess;
using support::ChildResult;

std::vector<std::string> peer(const std::string& role, const std::string& address) {
  // Debian's own, which its packages are for; another may stand before it in the path.
  return {"/usr/bin/python3", PARLEY_SOURCE_DIR "/tests/interop/python/websocket_peer.py", role, address};
}

WsOptions one_each() { return WsOptions{}.messages(WsMessages::one_each); }

TEST(Websockets, as_client_gets_every_message_back) {
  asio::io_context context;
  ListenerOptions options;
  options.transport.ws = one_each();
  Listener listener{context, "ws://127.0.0.1:0/talk", options};
  ChildProcess program{peer("client", address_of(listener.local_endpoint()))};
  const ChildResult result = finish(context, echo_one(listener), program);
  EXPECT_EQ(result.code, 0) << result.errors;
}

TEST(Websockets, as_server_returns_every_message) {
  asio::io_context context;
  ChildProcess program{peer("server", "127.0.0.1:0")};
  const Endpoint where = listening_endpoint(program, "ws://127.0.0.1:0/");
  bool all_came_back = false;
  ConnectOptions options;
  options.ws(one_each());
  const ChildResult result = finish(context, ask_one(where, options, all_came_back), program);
  EXPECT_TRUE(all_came_back);
  EXPECT_EQ(result.code, 0) << result.errors;
}

}  // namespace
}  // namespace parley::interop
