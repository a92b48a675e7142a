// What the kernel's sockets can do with nothing in between: the limit that everything else is compared with.

#include "bench/common/driver_main.hpp"
#include "bench/drivers/raw/bystander.hpp"
#include "bench/drivers/raw/connect.hpp"
#include "bench/drivers/raw/conns.hpp"
#include "bench/drivers/raw/datagrams.hpp"
#include "bench/drivers/raw/fanout.hpp"
#include "bench/drivers/raw/hostile.hpp"
#include "bench/drivers/raw/latency.hpp"
#include "bench/drivers/raw/rpc.hpp"
#include "bench/drivers/raw/throughput.hpp"

namespace {

void run_datagrams(const bench::Options& o) {
  using namespace bench;
  const bool server = o.role == Role::server;
  if (o.role == Role::both || o.part("batched") != "batched") not_offered(o);
  if (o.scenario == "datagrams") return server ? raw::datagrams_server(o) : raw::datagrams_client(o);
  if (o.scenario == "echo") return server ? raw::echo_server(o) : raw::echo_client(o);
  if (o.scenario == "addresses" && !server) return raw::addresses_client(o);
  not_offered(o);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace bench;
  return driver_main(argc, argv, [](const Options& o) {
    const bool server = o.role == Role::server;
    if (o.addr.is_udp()) return run_datagrams(o);
    if (o.role == Role::both || o.blocking() || !o.addr.over_tcp.empty()) not_offered(o);
    if (o.scenario == "throughput") return server ? raw::throughput_server(o) : raw::throughput_client(o);
    if (o.scenario == "latency") return server ? raw::latency_server(o) : raw::latency_client(o);
    if (o.scenario == "rpc") return server ? raw::rpc_server(o) : raw::rpc_client(o);
    if (o.scenario == "connect") return server ? raw::connect_server(o) : raw::connect_client(o);
    if (o.scenario == "conns") return server ? raw::conns_server(o) : raw::conns_client(o);
    if (o.scenario == "fanout" && !o.polling()) return server ? raw::fanout_server(o) : raw::fanout_client(o);
    if (o.scenario == "bystander" && server) return raw::bystander_server(o);
    if (o.scenario == "hostile" && !server) return raw::hostile_client(o);
    not_offered(o);
  });
}
