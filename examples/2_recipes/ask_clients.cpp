// A server that asks its clients. Who connects to whom decides nothing else: either side asks, either answers.
//
// Here sensors connect to a house, which asks one of them, any, or all; and a sensor that asks the house is asked back
// before it has its answer.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace rpc = parley::rpc;
using namespace std::chrono_literals;

// --- a sensor --------------------------------------------------------------------------------------------------------

rpc::Client sensor(const asio::any_io_executor& executor, std::string room, double temperature, bool& is_heated) {
  rpc::Routes routes;
  routes.on("temperature", [temperature] { return temperature; });
  routes.on("heat", [&is_heated](bool on) { is_heated = on; });
  rpc::ClientOptions options;
  options.client_id = std::move(room);  // by which the house knows it, also when it comes again
  return rpc::Client{executor, std::move(routes), std::move(options)};
}

// --- the house -------------------------------------------------------------------------------------------------------

/// Asked by a sensor, asks it back.
asio::awaitable<std::string> advise(rpc::Caller caller) {
  const double temperature = co_await caller.back.request<double>("temperature", "now");
  co_return caller.peer->client_id + (temperature < 18 ? " is cold" : " is warm");
}

asio::awaitable<void> ask_sensors(rpc::Server& house, const bool& is_heated) {
  check(co_await house.to("kitchen").request<double>("temperature", "now") == 21.5, "one of them, by its id");
  co_await house.to("cellar").notify("heat", true);  // no answer wanted

  double sum = 0;
  const auto answers = co_await house.to_all().request<double>("temperature", "now");
  for (const rpc::AnswerOf<double>& each : answers) {
    check(each.value.has_value(), "each has answered; else the reason would be in `code` and `sentence`");
    std::cout << each.client_id << ": " << *each.value << '\n';
    sum += *each.value;
  }
  check(answers.size() == 2 && sum == 34, "all of them");
  check(is_heated, "what was sent before has been done before");

  const double some = co_await house.to_any().request<double>("temperature", "now");
  check(some == 21.5 || some == 12.5, "each in its turn");

  try {
    co_await house.to("attic").request<double>("temperature", "now");
    check(false, "nobody answers for it");
  } catch (const rpc::RequestError& failed) {
    std::cout << failed.what() << '\n';
    check(failed.code() == parley::error::unknown_peer, "it has not come");
  }
}

asio::awaitable<void> live(rpc::Server& house, rpc::Client& kitchen, rpc::Client& cellar, const bool& is_heated) {
  const parley::Endpoint at = co_await house.bind("tcp://127.0.0.1:0");
  co_await kitchen.connect(at, 20s);
  co_await cellar.connect(at, 20s);
  for (const char* room : {"kitchen", "cellar"}) {
    const rpc::Event event = co_await house.next_event(20s);
    check(event.kind == rpc::Event::Kind::connected && event.client_id == room, "the house is told who has come");
  }
  co_await ask_sensors(house, is_heated);

  const std::string advice = co_await cellar.request<std::string>("advice", "please");
  std::cout << advice << '\n';
  check(advice == "cellar is cold", "which took a request in each direction");

  co_await kitchen.close(20s);
  co_await cellar.close(20s);
  co_await house.stop(20s);
}

int main() {
  asio::io_context context;
  const asio::any_io_executor executor = context.get_executor();
  bool is_kitchen_heated = false;
  bool is_cellar_heated = false;
  rpc::Client kitchen = sensor(executor, "kitchen", 21.5, is_kitchen_heated);
  rpc::Client cellar = sensor(executor, "cellar", 12.5, is_cellar_heated);
  rpc::Routes routes;
  routes.on("advice", advise);
  rpc::Server house{executor, std::move(routes)};
  asio::co_spawn(context, live(house, kitchen, cellar, is_cellar_heated), rethrow);
  context.run();
}
