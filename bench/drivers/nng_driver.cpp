// nng through its C interface, with the protocol that suits each question best, and calls that block.

#include "bench/common/driver_main.hpp"
#include "bench/drivers/nng/connect.hpp"
#include "bench/drivers/nng/conns.hpp"
#include "bench/drivers/nng/latency.hpp"
#include "bench/drivers/nng/throughput.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  return driver_main(argc, argv, [](const Options& o) {
    const bool server = o.role == Role::server;
    if (!o.variant.empty() || !o.addr.over_tcp.empty()) not_offered(o);
    if (o.role == Role::both) {
      if (o.addr.scheme != Address::Scheme::inproc) not_offered(o);
      if (o.scenario == "inproc-throughput") return nng::inproc_throughput(o);
      if (o.scenario == "inproc-latency") return nng::inproc_latency(o);
      not_offered(o);
    }
    if (o.scenario == "throughput") return server ? nng::throughput_server(o) : nng::throughput_client(o);
    if (o.scenario == "latency") return server ? nng::latency_server(o) : nng::latency_client(o);
    if (o.scenario == "connect") return server ? nng::connect_server(o) : nng::connect_client(o);
    if (o.scenario == "conns") return server ? nng::conns_server(o) : nng::conns_client(o);
    not_offered(o);
  });
}
