// libzmq through its C interface, with the socket type that suits each question best.

#include "bench/common/driver_main.hpp"
#include "bench/drivers/zmq/connect.hpp"
#include "bench/drivers/zmq/conns.hpp"
#include "bench/drivers/zmq/fanout.hpp"
#include "bench/drivers/zmq/latency.hpp"
#include "bench/drivers/zmq/rpc.hpp"
#include "bench/drivers/zmq/throughput.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  return driver_main(argc, argv, [](const Options& o) {
    const bool server = o.role == Role::server;
    if (!o.variant.empty()) not_offered(o);
    if (o.role == Role::both) {
      if (o.addr.scheme != Address::Scheme::inproc) not_offered(o);
      if (o.scenario == "inproc-throughput") return zmq::inproc_throughput(o);
      if (o.scenario == "inproc-latency") return zmq::inproc_latency(o);
      not_offered(o);
    }
    if (o.scenario == "throughput") return server ? zmq::throughput_server(o) : zmq::throughput_client(o);
    if (o.scenario == "latency") return server ? zmq::latency_server(o) : zmq::latency_client(o);
    if (o.scenario == "rpc") return server ? zmq::rpc_server(o) : zmq::rpc_client(o);
    if (o.scenario == "connect") return server ? zmq::connect_server(o) : zmq::connect_client(o);
    if (o.scenario == "conns") return server ? zmq::conns_server(o) : zmq::conns_client(o);
    if (o.scenario == "fanout") return server ? zmq::fanout_server(o) : zmq::fanout_client(o);
    not_offered(o);
  });
}
