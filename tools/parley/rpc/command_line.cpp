#include "rpc/command_line.hpp"

#include "option_groups.hpp"

namespace parley::tool {
namespace {

constexpr const char* asking = "Requests";

void add_endpoint(CLI::App& app, RpcWords& words) {
  app.add_option("endpoint", words.endpoint)->required()->type_name("ENDPOINT");
}

void add_client_id_option(CLI::App& app, AskingOptions& options) {
  app.add_option("--client-id", options.client_id, "Who this client is to the server [random]")
      ->type_name("ID")
      ->group(asking);
}

void add_time_out_option(CLI::App& app, CommonWords& words, const char* what) {
  app.add_option("--timeout", words.time_out, what)->type_name("TIME")->group("Ending");
}

}  // namespace

void add_options(CLI::App& app, RequestWords& words, RequestCommandOptions& options) {
  app.allow_extras();
  add_endpoint(app, words);
  app.add_flag("--unnamed", words.is_unnamed, "Name no route: the argument is the value")->group(asking);
  app.add_flag("--notify", options.notifies, "Tell, and wait for no answer")->group(asking);
  app.add_option("--count", words.count, "Ask N times, and tell how fast that was [1]")->type_name("N")->group(asking);
  app.add_option("--concurrency", words.concurrency, "Have so many requests wait for their answers at a time [1]")
      ->type_name("N")
      ->group(asking);
  add_client_id_option(app, options);
  add_notation_options(app, words);
  add_size_option(app, words);
  add_discard_option(app, options);
  add_time_out_option(app, words, "Give up connecting [10s], and each request [1min], with exit code 3");
  add_tls_options(app, options.tls, TlsSide::connecting);
  add_talk_options(app, words, options);
}

void add_options(CLI::App& app, ServeWords& words, ServeOptions& options) {
  add_endpoint(app, words);
  add_repeated_option(app, "--route", words.routes,
                      "Answer requests by that name with a command; may be given several times")
      ->type_name("NAME=COMMAND")
      ->group(asking);
  app.add_option("--any", words.any, "Answer requests that name no route with this command")
      ->type_name("COMMAND")
      ->group(asking);
  add_concurrency_option(app, words.concurrency)->group(asking);
  add_notation_options(app, words);
  add_size_option(app, words);
  add_time_out_option(app, words, "Kill a command that works for longer [1min]");
  add_tls_options(app, options.tls, TlsSide::either);
  add_talk_options(app, words, options);
}

void add_options(CLI::App& app, RoutesWords& words, RoutesOptions& options) {
  add_endpoint(app, words);
  add_client_id_option(app, options);
  add_time_out_option(app, words, "Give up with exit code 3 after so long [10s]");
  add_tls_options(app, options.tls, TlsSide::connecting);
  add_talk_options(app, words, options);
}

}  // namespace parley::tool
