#include "rpc/read_options.hpp"

#include "read_values.hpp"
#include "schemes.hpp"
#include "text.hpp"

#include <parley/rpc/routes.hpp>
#include <parley/wire/communica_greeting.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace parley::tool {
namespace {

/// As many as may wait for their answers at one peer.
constexpr std::uint64_t concurrency_limit = limits::calls_max;

void read_rpc(const RpcWords& words, RpcOptions& options) {
  options.endpoint = read_rpc_endpoint(words.endpoint);
  read_common(words, options);
}

void read_asking(const RpcWords& words, AskingOptions& options) {
  read_rpc(words, options);
  check_can_be_dialled(options.endpoint);
  check_tls(options.tls, {}, {options.endpoint});
  if (options.client_id.empty()) return;
  try {
    static_cast<void>(wire::client_greeting(options.client_id));
  } catch (const std::invalid_argument& e) {
    refuse(fmt::format("--client-id {}: {}", excerpt(options.client_id), e.what()));
  }
}

std::string read_route_name(const std::string& name) {
  if (!is_utf8(name)) refuse("the name of a route has to be UTF-8, and " + excerpt(name) + " is not");
  return name;
}

ServeOptions::Service read_service(const std::string& text) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size())
    refuse("--route is NAME=COMMAND, not " + quote(text));
  return {read_route_name(text.substr(0, sign)), text.substr(sign + 1)};
}

void add_service(ServeOptions& options, ServeOptions::Service service) {
  if (service.route == rpc::routes_route)
    refuse(fmt::format("--route {}: that is the route by which the others are listed", rpc::routes_route));
  const bool is_known = std::any_of(options.services.begin(), options.services.end(),
                                    [&](const ServeOptions::Service& each) { return each.route == service.route; });
  if (is_known) refuse(fmt::format("--route {} is given twice", *service.route));
  options.services.push_back(std::move(service));
}

}  // namespace

void read_request(const RequestWords& words, RequestCommandOptions& options) {
  read_asking(words, options);
  const std::size_t before_value = words.is_unnamed ? 0 : 1;
  if (words.arguments.size() > before_value + 1)
    refuse(fmt::format("request takes {}, and {} is too much; see parley request --help",
                       words.is_unnamed ? "one value" : "a route and one value",
                       excerpt(words.arguments[before_value + 1])));
  if (!words.is_unnamed && !words.arguments.empty()) options.route = read_route_name(words.arguments.front());
  if (words.arguments.size() > before_value) {
    const std::string& value = words.arguments.back();
    options.takes_any_input = value == "-";
    if (!options.takes_any_input) options.body = read_body(options.notation(), value);
  }
  if (words.concurrency)
    options.concurrency = read_whole_number("--concurrency", *words.concurrency, 1, concurrency_limit);
  if (options.notifies && words.concurrency) refuse("--concurrency is about answers, and --notify waits for none");
}

void read_serve(const ServeWords& words, ServeOptions& options) {
  read_rpc(words, options);
  if (uses_broker(options.endpoint)) {
    check_can_be_dialled(options.endpoint);
    check_tls(options.tls, {}, {options.endpoint});
  } else {
    check_tls(options.tls, {options.endpoint}, {});
  }
  for (const std::string& text : words.routes) add_service(options, read_service(text));
  if (words.any && words.any->empty()) refuse("--any needs a command for /bin/sh");
  if (words.any) options.services.push_back({std::nullopt, *words.any});
  if (options.services.empty())
    refuse("nothing is served: --route NAME=COMMAND for each route, or --any COMMAND for requests without one");
  if (words.concurrency) options.commands_max = read_commands_max(*words.concurrency);
}

void read_routes(const RoutesWords& words, RoutesOptions& options) { read_asking(words, options); }

}  // namespace parley::tool
