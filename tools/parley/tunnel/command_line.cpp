#include "tunnel/command_line.hpp"

#include "option_groups.hpp"

namespace parley::tool {
namespace {

constexpr const char* ways = "Endpoints";

void add_many(CLI::App& app, const char* name, std::vector<std::string>& values, const char* what, const char* type) {
  add_repeated_option(app, name, values, what)->type_name(type)->group(ways);
}

void add_carrier_options(CLI::App& app, CarrierWords& words, const char* time_out_help) {
  constexpr const char* limits = "Limits";
  app.add_option("--max-connections", words.connections_max, "So many connections at once, 15000 at most [1000]")
      ->type_name("N")
      ->group(limits);
  app.add_option("--timeout", words.time_out, time_out_help)->type_name("TIME")->group(limits);
  app.add_option("--stats", words.stats, "Tell totals in that interval; SIGUSR1 makes it tell them at any time")
      ->type_name("TIME")
      ->group("Talk");
}

}  // namespace

void add_options(CLI::App& app, TunnelWords& words, TunnelOptions& options) {
  add_many(app, "--listen", words.listen, "A local port, tcp:// or unix://; may be given several times", "ENDPOINT");
  add_many(app, "--to", words.to, "Where its connections lead; the first --to is that of the first --listen",
           "ENDPOINT");
  app.add_option("--via", words.via, "The gateway that connects there: mux+tcp://, mux+tls:// or mux+unix://")
      ->type_name("ENDPOINT")
      ->group(ways);
  add_carrier_options(app, words, "Wait so long for a gateway, twice as long for its answer, then close [10s]");
  add_tls_options(app, options.tls, TlsSide::connecting);
  add_talk_options(app, words, options);
}

void add_options(CLI::App& app, GatewayWords& words, GatewayOptions& options) {
  app.add_option("--listen", words.listen, "Where tunnels come: mux+tcp://, mux+tls:// or mux+unix://")
      ->type_name("ENDPOINT")
      ->group(ways);
  add_many(app, "--allow", words.allowed, "Connect there if a tunnel asks for it; may be given several times",
           "PATTERN");
  add_carrier_options(app, words, "Refuse when the tunnel does not ask, or nothing answers, for so long [10s]");
  add_tls_options(app, options.tls, TlsSide::listening);
  add_talk_options(app, words, options);
}

}  // namespace parley::tool
