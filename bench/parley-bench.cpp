// parley as a user writes with it: a `co_await` for each message on both ends, in the shape of the other drivers.

#include "bench/common/driver_main.hpp"
#include "bench/parley_bench/app.hpp"
#include "bench/parley_bench/blocking.hpp"
#include "bench/parley_bench/bystander.hpp"
#include "bench/parley_bench/channels.hpp"
#include "bench/parley_bench/connect.hpp"
#include "bench/parley_bench/conns.hpp"
#include "bench/parley_bench/datagrams.hpp"
#include "bench/parley_bench/inproc.hpp"
#include "bench/parley_bench/latency.hpp"
#include "bench/parley_bench/rpc.hpp"
#include "bench/parley_bench/socket/run.hpp"
#include "bench/parley_bench/throughput.hpp"

namespace {

using namespace bench;
using namespace bench::messages;

using Serve = asio::awaitable<void> (*)(parley::Listener&, const Options&);
using Talk = asio::awaitable<void> (*)(const Options&);

asio::awaitable<void> then_leave(asio::io_context& io, const Options& o, asio::awaitable<void> task) {
  co_await std::move(task);
  leave(io, o);
}

void serve_one(Serve serve, const Options& o) {
  asio::io_context io{1};
  parley::Listener listener = listen_on(io, o);
  say("READY");
  start(io, then_leave(io, o, serve(listener, o)));
  run(io, o);
}

void talk_to_one(Talk talk, const Options& o) {
  asio::io_context io{1};
  start(io, then_leave(io, o, talk(o)));
  run(io, o);
}

template <class Client>
void run_client(const Options& o) {
  asio::io_context io{1};
  Client client(o);
  start(io, client.run_all(io));
  run(io, o);
}

void run_in_process(const Options& o) {
  if (o.scenario == "inproc-throughput") return inproc_throughput(o);
  if (o.scenario == "inproc-latency") return inproc_latency(o);
  not_offered(o);
}

void run_between_processes(const Options& o) {
  const bool server = o.role == Role::server;
  if (o.scenario == "throughput") return server ? serve_one(throughput_server, o) : talk_to_one(throughput_client, o);
  if (o.scenario == "latency") return server ? serve_one(latency_server, o) : talk_to_one(latency_client, o);
  if (o.scenario == "connect" && o.part("connection") == "mux") {
    return server ? channels::ConnectServer(o).run_all() : run_client<channels::ConnectClient>(o);
  }
  if (o.scenario == "connect") return server ? ConnectServer(o).run_all() : run_client<ConnectClient>(o);
  if (o.scenario == "conns") return server ? ConnsServer(o).run_all() : run_client<ConnsClient>(o);
  if (o.scenario == "bystander" && server) return BystanderServer(o).run_all();
  not_offered(o);
}

void run_datagrams(const Options& o) {
  const bool server = o.role == Role::server;
  if (o.scenario == "addresses" && server) return AddressesServer(o).run_all();
  if (o.part("connection") != "connection") not_offered(o);
  if (o.scenario == "datagrams") return server ? serve_one(datagrams_server, o) : talk_to_one(datagrams_client, o);
  if (o.scenario == "echo") return server ? serve_one(echo_server, o) : talk_to_one(echo_client, o);
  not_offered(o);
}

void run_driver(const Options& o) {
  if (o.addr.is_udp()) return run_datagrams(o);
  if (o.part("connection") == "socket") return sockets::run(o);
  if (o.blocking() && o.part("connection") == "connection") return blocking::run(o);
  if (const auto way = requests::find_way(o)) return requests::run(o, *way);
  if (const auto way = echoing::find_way(o)) return echoing::run(o, *way);
  require_way(o);
  const bool in_process = o.addr.scheme == Address::Scheme::inproc;
  if (in_process != (o.role == Role::both)) not_offered(o);
  if (in_process) return run_in_process(o);
  run_between_processes(o);
}

}  // namespace

int main(int argc, char** argv) { return driver_main(argc, argv, run_driver); }
