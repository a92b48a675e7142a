// From what the user wrote to what `parley request`, `parley serve` and `parley routes` are told.
#pragma once

#include "read_common.hpp"
#include "rpc/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

struct RpcWords : CommonWords {
  std::string endpoint;
};

struct RequestWords : RpcWords {
  std::vector<std::string> arguments;  ///< the route and the value, as far as they were given
  bool is_unnamed = false;             ///< the value alone
  std::optional<std::string> concurrency;
};

struct ServeWords : RpcWords {
  std::vector<std::string> routes;  ///< NAME=COMMAND
  std::optional<std::string> any;
  std::optional<std::string> concurrency;
};

struct RoutesWords : RpcWords {};

/// All throw UsageError. `options` has what needs no reading already.
void read_request(const RequestWords& words, RequestCommandOptions& options);
void read_serve(const ServeWords& words, ServeOptions& options);
void read_routes(const RoutesWords& words, RoutesOptions& options);

}  // namespace parley::tool
