// From what the user wrote to what `parley tunnel` and `parley gateway` are told.
#pragma once

#include "read_common.hpp"
#include "tunnel/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

struct CarrierWords : CommonWords {
  std::optional<std::string> connections_max;
  std::optional<std::string> stats;
};

struct TunnelWords : CarrierWords {
  std::optional<std::string> via;
  std::vector<std::string> listen;
  std::vector<std::string> to;
};

struct GatewayWords : CarrierWords {
  std::optional<std::string> listen;
  std::vector<std::string> allowed;
};

/// Both throw UsageError. `options` has what needs no reading already.
void read_tunnel(const TunnelWords& words, TunnelOptions& options);
void read_gateway(const GatewayWords& words, GatewayOptions& options);

}  // namespace parley::tool
