// Talking to programs that use Python's communica, as they are: nothing in them knows of parley.
//
// Requests speak their wire. What corresponds to what is in docs/guide/20-from-communica.md.

#include "communica_programs.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace rpc = parley::rpc;
using namespace std::chrono_literals;

struct Order {
  std::string item;
  int count;
};
BOOST_DESCRIBE_STRUCT(Order, (), (item, count))

// The server in C++.
double price(const Order& order) {
  if (order.count < 1) throw rpc::RequesterFault{"nothing is ordered", 422};
  return order.count * 1.5;
}

void note(const std::string& line) { std::cout << line << std::endl; }

asio::awaitable<void> ask_back(rpc::Server& shop) {
  rpc::RequestOptions patient;
  patient.wait_for_client().deadline(30s);
  std::cout << co_await shop.to("till-1").request<int>("paper", "A4", patient) << std::endl;
}

// The client in C++.
int paper(const std::string& /*size*/) { return 500; }

asio::awaitable<void> sell(rpc::Client& till, parley::Endpoint shop) {
  co_await till.connect(shop, 30s);
  co_await till.notify("log", "open");
  const Order order{"bolt", 4};
  std::cout << co_await till.request<double>("price", order) << std::endl;
  const Order nothing{"bolt", 0};
  try {
    co_await till.request<double>("price", nothing);
  } catch (const rpc::RequestError& failed) {
    std::cout << failed.fault_code().value_or(0) << ' ' << failed.fault_message() << std::endl;
    check(failed.code() == parley::error::handler_failed && failed.of() == rpc::FaultOf::requester,
          "whose fault it is");
  }
  co_await till.close(30s);
}

// --- each with the other language at the other end -------------------------------------------------------------------

asio::awaitable<void> python_asks(asio::any_io_executor executor) {
  rpc::Routes routes;
  routes.on("price", price).on("log", note);
  rpc::Server shop{executor, std::move(routes)};
  const parley::Endpoint at = co_await shop.bind("tcp://127.0.0.1:0");
  const CommunicaProgram client{communica_client, std::to_string(at.port())};
  co_await ask_back(shop);
  while ((co_await shop.next_event(30s)).kind != rpc::Event::Kind::disconnected) {
  }
  check(client.line() == "6.0" && client.line() == "422 nothing is ordered", "an answer, and a refusal");
}

asio::awaitable<void> python_answers(asio::any_io_executor executor) {
  // The original cannot say which port it has got: it is given one that is free.
  const std::uint16_t port = parley::Listener{executor, "tcp://127.0.0.1:0"}.local_endpoint().port();
  const CommunicaProgram server{communica_server, std::to_string(port)};
  rpc::Routes routes;
  routes.on("paper", paper);
  rpc::ClientOptions options;
  options.client_id = "till-1";
  rpc::Client till{executor, std::move(routes), options};
  co_await sell(till, parley::Endpoint::tcp("127.0.0.1", port));
  const std::string one = server.line();
  const std::string other = server.line();
  check((one == "open" && other == "500") || (one == "500" && other == "open"), "both directions");
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, python_asks(context.get_executor()), rethrow);
  asio::co_spawn(context, python_answers(context.get_executor()), rethrow);
  context.run();
}
