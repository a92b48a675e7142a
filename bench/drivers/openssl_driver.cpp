// What OpenSSL does over blocking sockets with nothing in between: the limit that parley's TLS is compared with.

#include "bench/common/driver_main.hpp"
#include "bench/drivers/openssl/throughput.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  return driver_main(argc, argv, [](const Options& o) {
    const bool fits = o.scenario == "throughput" && o.addr.over_tcp == "tls" && o.variant.empty();
    if (!fits || o.role == Role::both) not_offered(o);
    o.role == Role::server ? openssl::throughput_server(o) : openssl::throughput_client(o);
  });
}
