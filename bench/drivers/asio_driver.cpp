// Asio as a user writes it by hand: coroutines, a read for the length and one for the body, a write for both, and
// one step of the coroutine for each message.

#include "bench/common/driver_main.hpp"
#include "bench/drivers/asio/connect.hpp"
#include "bench/drivers/asio/conns.hpp"
#include "bench/drivers/asio/latency.hpp"
#include "bench/drivers/asio/rpc.hpp"
#include "bench/drivers/asio/throughput.hpp"

namespace {

using namespace bench;
using namespace bench::coro;

using Serve = asio::awaitable<void> (*)(Acceptor&, const Options&);
using Talk = asio::awaitable<void> (*)(const Options&);

void serve_one(Serve serve, const Options& o) {
  asio::io_context io{1};
  Acceptor acceptor = listen_on(io, o);
  say("READY");
  start(io, serve(acceptor, o));
  run(io, o);
}

void talk_to_one(Talk talk, const Options& o) {
  asio::io_context io{1};
  start(io, talk(o));
  run(io, o);
}

template <class Client>
void run_client(const Options& o) {
  asio::io_context io{1};
  Client client(o);
  start(io, client.run_all(io));
  run(io, o);
}

void run_driver(const Options& o) {
  const bool server = o.role == Role::server;
  if (o.role == Role::both || o.blocking() || o.part("coroutine") != "coroutine") not_offered(o);
  if (o.scenario == "throughput") return server ? serve_one(throughput_server, o) : talk_to_one(throughput_client, o);
  if (o.scenario == "latency") return server ? serve_one(latency_server, o) : talk_to_one(latency_client, o);
  if (o.scenario == "rpc") return server ? serve_one(rpc_server, o) : talk_to_one(rpc_client, o);
  if (o.scenario == "connect") return server ? ConnectServer(o).run_all() : run_client<ConnectClient>(o);
  if (o.scenario == "conns") return server ? ConnsServer(o).run_all() : run_client<ConnsClient>(o);
  not_offered(o);
}

}  // namespace

int main(int argc, char** argv) { return driver_main(argc, argv, run_driver); }
