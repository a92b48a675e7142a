// Requests and answers in their simplest form: one handler for whatever is asked, and no names.
//
// Many requests may be under way over one connection; each answer finds who has asked.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace asio = boost::asio;
namespace rpc = parley::rpc;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

std::string reversed(std::string text) { return {text.rbegin(), text.rend()}; }

asio::awaitable<void> ask(rpc::Server& server, rpc::Client& client) {
  const parley::Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
  co_await client.connect(at, 20s);

  const std::string answer = co_await client.request<std::string>(rpc::unnamed, "a request");
  std::cout << answer << '\n';
  check(answer == "tseuqer a", "the answer");

  const auto [one, two] =
      co_await (client.request<std::string>(rpc::unnamed, "one") && client.request<std::string>(rpc::unnamed, "two"));
  check(one == "eno" && two == "owt", "each has its own answer");

  co_await client.close(20s);
  co_await server.stop(20s);
}

int main() {
  asio::io_context context;
  rpc::Routes handler;
  handler.on_any(reversed);
  rpc::Server server{context.get_executor(), std::move(handler)};
  rpc::Client client{context.get_executor()};
  asio::co_spawn(context, ask(server, client), rethrow);
  context.run();
}
