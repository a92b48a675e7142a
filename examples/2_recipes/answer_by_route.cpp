// Requests by name, with structs going in and out; and what a caller learns when there is no answer.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace rpc = parley::rpc;
using namespace std::chrono_literals;

struct Order {
  std::string item;
  int count;
};
BOOST_DESCRIBE_STRUCT(Order, (), (item, count))

struct Receipt {
  std::string item;
  double price;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (item, price))

// --- the shop --------------------------------------------------------------------------------------------------------

Receipt sell(const Order& order) {
  if (order.count < 1) throw rpc::RequesterFault{"nothing is ordered", 422};
  return {order.item, order.count * 1.5};
}

asio::awaitable<std::string> deliver(std::string item) {  // a coroutine: others are answered meanwhile
  asio::steady_timer way{co_await asio::this_coro::executor, 5ms};
  co_await way.async_wait(asio::use_awaitable);
  co_return item + ", delivered";
}

asio::awaitable<void> never_ready() {
  asio::steady_timer timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
  co_await timer.async_wait(asio::use_awaitable);  // ends when the handler is cancelled
}

rpc::Routes shop(std::vector<std::string>& log) {
  rpc::Routes routes;
  routes.on("sell", sell).on("deliver", deliver).on("never", never_ready);
  routes.on("log", [&log](std::string line) { log.push_back(std::move(line)); });

  rpc::Routes stock;  // tables may come from several places; a name that two of them have is refused
  stock.on(
      "stock", [] { return 12; }, parley::MessagePack{});
  routes.merge(std::move(stock));
  return routes;
}

// --- a customer ------------------------------------------------------------------------------------------------------

template <class T, class V>
asio::awaitable<void> fails(rpc::Client& client, std::string route, const V& value, parley::error code,
                            std::string words, rpc::RequestOptions options = {}) {
  bool has_answer = true;
  try {
    co_await client.request<T>(route, value, options);
  } catch (const rpc::RequestError& failed) {
    has_answer = false;
    std::cout << failed.what() << '\n';
    check(failed.code() == code, "the code that a program looks at");
    check(std::string{failed.what()}.find(words) != std::string::npos, "the words for people");
  }
  check(!has_answer, "an error, and no answer");
}

asio::awaitable<void> buy(rpc::Client& shop, const std::vector<std::string>& log) {
  const Order order{"bolt", 4};  // named: no aggregates are made inside a co_await expression
  const Receipt receipt = co_await shop.request<Receipt>("sell", order);
  std::cout << receipt.item << " costs " << receipt.price << '\n';
  check(receipt.price == 6, "the price");
  check(co_await shop.request<std::string>("deliver", "bolt") == "bolt, delivered", "a coroutine's answer");
  check(co_await shop.request<int>("stock", "bolt", parley::MessagePack{}) == 12, "in another format");

  co_await shop.notify("log", "bought bolts");  // nobody answers this
  co_await shop.request<int>("stock", "bolt", parley::MessagePack{});
  check(log == std::vector<std::string>{"bought bolts"}, "what one side sends stays in order");
}

asio::awaitable<void> try_what_goes_wrong(rpc::Client& shop) {
  const Order nothing{"bolt", 0};
  co_await fails<Receipt>(shop, "sell", nothing, parley::error::handler_failed, "nothing is ordered");
  co_await fails<Receipt>(shop, "steal", nothing, parley::error::no_such_route, "\"steal\" is not defined");
  co_await fails<Receipt>(shop, "sell", "bolts", parley::error::payload_rejected, "$: expected an object");
  co_await fails<int>(shop, "deliver", "bolt", parley::error::payload_rejected, "$: expected an integer");

  rpc::RequestOptions impatient;
  impatient.deadline(10ms);
  co_await fails<void>(shop, "never", "mind", parley::error::timed_out, "no answer has come", impatient);
}

asio::awaitable<void> run(rpc::Server& server, rpc::Client& client, const std::vector<std::string>& log) {
  const parley::Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
  co_await client.connect(at, 20s);
  co_await buy(client, log);
  co_await try_what_goes_wrong(client);
  co_await client.close(20s);
  const rpc::CloseReport left = co_await server.stop(20s);
  check(left.handlers_cancelled == 0,
        "nothing is left: who would never return has been cancelled, by its request's deadline");
}

int main() {
  asio::io_context context;
  std::vector<std::string> log;
  rpc::Server server{context.get_executor(), shop(log)};
  rpc::Client client{context.get_executor()};
  asio::co_spawn(context, run(server, client, log), rethrow);
  context.run();
}
