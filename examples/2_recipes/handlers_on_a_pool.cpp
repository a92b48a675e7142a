// Handlers that compute, on threads of their own: the loop goes on with everything else meanwhile.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

namespace asio = boost::asio;
namespace rpc = parley::rpc;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

int primes_below(int limit) {
  int count = 0;
  for (int n = 2; n < limit; ++n) {
    bool is_prime = true;
    for (int d = 2; d * d <= n && is_prime; ++d) is_prime = n % d != 0;
    count += is_prime ? 1 : 0;
  }
  return count;
}

asio::awaitable<void> ask(rpc::Server& server, rpc::Client& client) {
  const parley::Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
  co_await client.connect(at, 20s);

  const auto [below_thousand, below_ten_thousand] =
      co_await (client.request<int>("primes", 1000) && client.request<int>("primes", 10'000));
  std::cout << below_thousand << " and " << below_ten_thousand << " primes\n";
  check(below_thousand == 168 && below_ten_thousand == 1229, "both, by two threads");

  // This one blocks its thread until the other is answered: were it the loop's, neither would ever be.
  const auto [patient, urgent] =
      co_await (client.request<std::string>("wait", "a while") && client.request<std::string>("quick", "now"));
  check(patient == "waited" && urgent == "done", "a handler that takes its time holds nobody up");

  co_await client.close(20s);
  co_await server.stop(20s);
}

int main() {
  asio::io_context context;
  asio::thread_pool pool{2};
  const std::thread::id loop = std::this_thread::get_id();
  std::promise<void> is_done;

  rpc::Routes routes;
  routes.on_pool(pool.get_executor(), "primes", [loop](int limit) {
    check(std::this_thread::get_id() != loop, "not on the loop's thread");
    return primes_below(limit);
  });
  routes.on_pool(pool.get_executor(), "wait", [&is_done] {
    is_done.get_future().wait();
    return std::string{"waited"};
  });
  routes.on("quick", [&is_done] {
    is_done.set_value();
    return std::string{"done"};
  });

  rpc::Server server{context.get_executor(), std::move(routes)};
  rpc::Client client{context.get_executor()};
  asio::co_spawn(context, ask(server, client), rethrow);
  context.run();
}
