// Talking to programs that use Python's Smart Connection, as they are: nothing in them knows of parley.
//
// Their messages are pickles behind a u32 length, which is parley's default framing and the codec PythonPickle. Dicts
// are structs here, lists are vectors; what is no data is rejected. See docs/guide/09-from-smart-connection.md.

#include "smart_connection_programs.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Item {
  std::string name;
  double price;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, price))

struct Order {
  int number;
  std::vector<Item> items;
};
BOOST_DESCRIBE_STRUCT(Order, (), (number, items))

struct Receipt {
  int number;
  double total;
  bool accepted;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (number, total, accepted))

double total_of(const Order& order) {
  double total = 0;
  for (const Item& item : order.items) total += item.price;
  return total;
}

// The server in C++. What is no Order is answered too, by the reason: the connection goes on.
asio::awaitable<void> answer(parley::Connection peer) {
  parley::TypedConnection connection{std::move(peer), parley::PythonPickle{}};
  for (;;) {
    std::string refusal;
    try {
      const std::optional<Order> order = co_await connection.next<Order>();
      if (!order) break;
      const Receipt receipt{order->number, total_of(*order), true};
      co_await connection.send(receipt);
    } catch (const parley::Error& failure) {
      if (failure.code() != parley::error::payload_rejected) throw;
      refusal = failure.what();
    }
    if (!refusal.empty()) co_await connection.send(refusal);
  }
}

// The client in C++.
asio::awaitable<Receipt> ask(parley::Endpoint server, Order order) {
  parley::TypedConnection connection{co_await parley::connect(server), parley::PythonPickle{}};
  co_await connection.send(order);
  co_return co_await connection.receive<Receipt>(30s);
}

asio::awaitable<void> python_asks(parley::Listener& listener) {
  const SmartConnectionProgram client{python_client, std::to_string(listener.local_endpoint().port())};
  co_await answer(co_await listener.accept(30s));
  const std::string receipt = client.line();
  const std::string refused = client.line();
  std::cout << "Python has got this " << receipt << "\nand was " << refused << '\n';
  check(receipt == "receipt: {'number': 7, 'total': 0.75, 'accepted': True}", "a struct arrives as a dict");
  check(refused.find("the pickle names code \"sys.exit\"") != std::string::npos, "code is never loaded");
}

asio::awaitable<void> python_answers() {
  const SmartConnectionProgram server{python_server};
  const int port = std::stoi(server.line());
  const Order order{8, {{"screw", 0.125}}};
  const Receipt receipt = co_await ask(parley::Endpoint::tcp("127.0.0.1", static_cast<std::uint16_t>(port)), order);
  std::cout << "Python wants " << receipt.total << '\n';
  check(receipt.number == 8 && receipt.total == 0.125 && receipt.accepted, "a dict arrives as a struct");
}

int main() {
  asio::io_context context;
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  asio::co_spawn(context, python_asks(listener), rethrow);
  asio::co_spawn(context, python_answers(), rethrow);
  context.run();
}
