// Values instead of bytes: structs go in and out of a connection, and what a peer gets wrong is said with its place.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/describe/class.hpp>

#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;

struct Item {
  std::string name;
  double price;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, price))

struct Order {
  int id;
  std::vector<Item> items;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, items, note))

struct Receipt {
  int id;
  double sum;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (id, sum))

double sum_of(const Order& order) {
  return std::accumulate(order.items.begin(), order.items.end(), 0.0,
                         [](double sum, const Item& item) { return sum + item.price; });
}

/// The next order, or the reason why what came is none; nothing at the end.
asio::awaitable<std::optional<Order>> next_order(parley::TypedConnection<parley::Json>& client, std::string& refusal) {
  refusal.clear();
  try {
    co_return co_await client.next<Order>();
  } catch (const parley::Error& rejected) {
    if (rejected.code() != parley::error::payload_rejected) throw;
    refusal = rejected.what();
  }
  co_return std::nullopt;
}

asio::awaitable<void> sell(parley::Connection peer) {
  parley::TypedConnection<parley::Json> client{std::move(peer)};
  std::string refusal;
  for (;;) {
    const std::optional<Order> order = co_await next_order(client, refusal);
    if (order) {
      const Receipt receipt{order->id, sum_of(*order)};
      co_await client.send(receipt);
    } else if (!refusal.empty()) {
      co_await client.send(refusal);
    } else {
      break;
    }
  }
}

asio::awaitable<void> buy(parley::Listener& listener) {
  parley::Connection connection = co_await parley::connect(listener.local_endpoint());
  parley::TypedConnection<parley::Json> shop{std::move(connection)};

  const Order order{7, {{"bolt", 1.5}, {"nut", 0.25}}, {}};
  co_await shop.send(order);
  const Receipt receipt = co_await shop.receive<Receipt>();
  std::cout << "order " << receipt.id << " costs " << receipt.sum << '\n';
  check(receipt.sum == 1.75, "the sum");

  // Past the codec, to get something wrong.
  co_await shop.connection().send(R"({"id": 8, "items": [{"name": "bolt", "price": "free"}]})");
  const std::string refusal = co_await shop.receive<std::string>();
  std::cout << "refused: " << refusal << '\n';
  check(refusal == R"($.items[0].price: expected a number, found string "free")", "the place and the reason");

  co_await shop.connection().close();
  listener.close();
}

int main() {
  asio::io_context context;
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  asio::co_spawn(context, parley::serve(listener, sell), rethrow);
  asio::co_spawn(context, buy(listener), rethrow);
  context.run();
}
