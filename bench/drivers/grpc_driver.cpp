// gRPC C++, by unary calls on one HTTP/2 connection without TLS.

#include "bench/common/driver_main.hpp"
#include "bench/drivers/grpc/latency.hpp"
#include "bench/drivers/grpc/rpc.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  return driver_main(argc, argv, [](const Options& o) {
    const bool server = o.role == Role::server;
    if (o.role == Role::both || o.blocking() || o.polling() || !o.addr.over_tcp.empty()) not_offered(o);
    if (o.scenario == "rpc") return server ? unary::rpc_server(o) : unary::rpc_client(o);
    if (o.scenario == "latency") return server ? unary::latency_server(o) : unary::latency_client(o);
    not_offered(o);
  });
}
