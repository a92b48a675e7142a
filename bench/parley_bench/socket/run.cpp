#include "bench/parley_bench/socket/run.hpp"

#include "bench/common/driver_main.hpp"
#include "bench/parley_bench/socket/connect.hpp"
#include "bench/parley_bench/socket/conns.hpp"
#include "bench/parley_bench/socket/fanout.hpp"
#include "bench/parley_bench/socket/inproc.hpp"
#include "bench/parley_bench/socket/latency.hpp"
#include "bench/parley_bench/socket/stalled.hpp"
#include "bench/parley_bench/socket/throughput.hpp"

namespace bench::sockets {
namespace {

using Task = asio::awaitable<void> (*)(asio::io_context&, const Options&);

void run_task(Task task, const Options& o) {
  asio::io_context io{1};
  start(io, task(io, o));
  messages::run(io, o);
}

/// The same for an object that its coroutines share.
template <class Side>
void run_side(const Options& o) {
  asio::io_context io{1};
  Side side{io, o};
  start(io, side.run_all());
  messages::run(io, o);
}

void run_in_process(const Options& o) {
  if (o.scenario == "inproc-throughput") return inproc_throughput(o);
  if (o.scenario == "inproc-latency") return inproc_latency(o);
  not_offered(o);
}

void run_server(const Options& o) {
  if (o.scenario == "throughput") return run_task(throughput_server, o);
  if (o.scenario == "latency") return run_task(latency_server, o);
  if (o.scenario == "connect") return run_task(connect_server, o);
  if (o.scenario == "conns") return run_task(conns_server, o);
  if (o.scenario == "fanout") return run_task(fanout_server, o);
  if (o.scenario == "stalled") return run_side<StalledServer>(o);
  not_offered(o);
}

void run_client(const Options& o) {
  if (o.scenario == "throughput") return run_task(throughput_client, o);
  if (o.scenario == "latency") return run_task(latency_client, o);
  if (o.scenario == "connect") return run_side<ConnectClient>(o);
  if (o.scenario == "conns") return run_side<ConnsClient>(o);
  if (o.scenario == "fanout") return run_side<FanoutClient>(o);
  if (o.scenario == "stalled") return run_side<StalledClient>(o);
  if (o.scenario == "deaf") return run_task(deaf_client, o);
  not_offered(o);
}

}  // namespace

void run(const Options& o) {
  if (o.part("socket") != "socket" || o.blocking()) not_offered(o);
  const bool in_process = o.addr.scheme == Address::Scheme::inproc;
  if (in_process != (o.role == Role::both)) not_offered(o);
  if (in_process) return run_in_process(o);
  return o.role == Role::server ? run_server(o) : run_client(o);
}

}  // namespace bench::sockets
