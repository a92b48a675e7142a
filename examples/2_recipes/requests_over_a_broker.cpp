// Requests between programs that cannot reach each other, or are not always there: over RabbitMQ.
//
//   requests_over_a_broker amqp://user:password@broker.example/%2F?address=sensors
//
// Nothing but the endpoint says so. Without one this runs over TCP, and does the same.
//
// Server and client are each a client of the broker. They meet by an address, and each client has a name of its own: by
// it the broker keeps what is for it, also when it is away. Both would be programs of their own, of course.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Whether clients need names that the other end is not told by the network.
bool is_broker(const parley::Endpoint& endpoint) {
  return endpoint.scheme() == parley::Scheme::amqp || endpoint.scheme() == parley::Scheme::amqps;
}

/// Where the client `name` of a server at `bound` connects.
parley::Endpoint client_endpoint(const parley::Endpoint& bound, const std::string& name) {
  return is_broker(bound) ? parley::Endpoint{bound.serialize() + "&client=" + name} : bound;
}

asio::awaitable<void> talk(parley::rpc::Server& thermometer, parley::rpc::Client& panel, parley::Endpoint where) {
  parley::rpc::EndpointOptions options;
  options.persistent(true);  // the broker may restart; over TCP that means nothing
  const parley::Endpoint bound = co_await thermometer.bind(where, options);
  const parley::Endpoint own = client_endpoint(bound, "panel-7");
  co_await panel.connect(own, options, 20s);
  std::cout << "connected by " << own << '\n';

  // Should the connection be lost, the answer is waited for on the next one.
  parley::rpc::RequestOptions patient;
  patient.resume().deadline(30s);
  const std::string room = "kitchen";
  const double degrees = co_await panel.request<double>("temperature", room, patient);
  std::cout << room << ": " << degrees << " degrees\n";
  check(degrees == 21.5, "the server has answered");

  // Servers ask their clients in the same way.
  const bool is_shown = co_await thermometer.to(panel.client_id()).request<bool>("show", degrees, patient);
  check(is_shown, "the client has answered");

  co_await panel.close(10s);
  co_await thermometer.stop(10s);
  if (!is_broker(where)) co_return;
  // A client that will not come again leaves two queues, and an address without servers one.
  co_await parley::rpc::clean_up(own);
  co_await parley::rpc::clean_up(bound);
}

int main(int argc, char** argv) {
  const parley::Endpoint where{argc > 1 ? argv[1] : "tcp://127.0.0.1:0"};
  asio::io_context context;

  parley::rpc::Routes measuring;
  measuring.on("temperature", [](const std::string& room) { return room == "kitchen" ? 21.5 : 18.0; });
  parley::rpc::Server thermometer{context.get_executor(), std::move(measuring)};

  parley::rpc::Routes showing;
  showing.on("show", [](double degrees) { return degrees > 0; });
  parley::rpc::ClientOptions options;
  options.client_id = "panel-7";
  parley::rpc::Client panel{context.get_executor(), std::move(showing), std::move(options)};

  asio::co_spawn(context, talk(thermometer, panel, where), rethrow);
  context.run();
}
