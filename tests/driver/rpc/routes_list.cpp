// The list of a server's routes, as clients get it.
#include <parley/rpc/client.hpp>
#include <parley/rpc/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace parley::rpc::routes_list_driver_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::chrono::seconds patience{10};

struct Pair {
  explicit Pair(asio::io_context& context, Routes routes, const ServerOptions& options)
      : server{context.get_executor(), std::move(routes), options}, client{context.get_executor()} {}

  Server server;
  Client client;
};

using Talk = std::function<asio::awaitable<void>(Pair&)>;

void talk(Routes routes, bool lists, const Talk& what) {
  asio::io_context context;
  ServerOptions options;
  options.lists_routes = lists;
  Pair pair{context, std::move(routes), options};
  const auto run = [&]() -> asio::awaitable<void> {
    const Endpoint at = co_await pair.server.bind("inproc://routes_list");
    co_await pair.client.connect(at, patience);
    co_await what(pair);
  };
  auto done = asio::co_spawn(context, run(), asio::use_future);
  while (done.wait_for(0s) != std::future_status::ready) ASSERT_GT(context.run_one_for(patience), 0U);
  done.get();
}

asio::awaitable<std::string> list_of(const Client& client) {
  const Message nothing{"null"};
  const Message list = co_await client.request<Message>(std::string{routes_route}, nothing);
  co_return list.text();
}

TEST(RoutesListOfAServer, is_told_to_who_asks_and_kept_up_to_date) {
  Routes routes;
  routes.on("flip", [](bool b) { return !b; });
  const std::string flip = R"({"name":"flip","codec":"JSON","takes":{"type":"boolean"},"gives":{"type":"boolean"}})";
  const std::string more = R"({"name":"more","codec":"JSON","takes":{},"gives":{"type":"null"}})";
  talk(std::move(routes), true, [&](Pair& pair) -> asio::awaitable<void> {
    EXPECT_EQ(co_await list_of(pair.client), "[" + flip + "]");
    Routes others;
    others.on("more", [] {});
    pair.server.add(std::move(others));
    EXPECT_EQ(co_await list_of(pair.client), "[" + flip + "," + more + "]");
  });
}

TEST(RoutesListOfAServer, is_told_by_one_that_answers_whatever_the_route_is) {
  Routes routes;
  routes.on_any([](bool b) { return !b; });
  talk(std::move(routes), true, [](Pair& pair) -> asio::awaitable<void> {
    EXPECT_EQ(co_await list_of(pair.client),
              R"([{"name":null,"codec":"JSON","takes":{"type":"boolean"},"gives":{"type":"boolean"}}])");
    const bool flipped = co_await pair.client.request<bool>("any", false);
    EXPECT_TRUE(flipped);
  });
}

TEST(RoutesListOfAServer, is_a_route_like_those_that_are_not_there_unless_it_is_wanted) {
  Routes routes;
  routes.on("flip", [](bool b) { return !b; });
  talk(std::move(routes), false, [](Pair& pair) -> asio::awaitable<void> {
    std::string sentence;
    try {
      (void)co_await list_of(pair.client);
    } catch (const RequestError& failed) {
      EXPECT_EQ(failed.code(), error::no_such_route);
      sentence = failed.what();
    }
    EXPECT_EQ(sentence, "request \"parley.routes\": Route \"parley.routes\" is not defined (inproc://routes_list)");
  });
}

}  // namespace
}  // namespace parley::rpc::routes_list_driver_test
