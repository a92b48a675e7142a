// What `parley tunnel` and `parley gateway` are told.
#pragma once

#include "common_options.hpp"
#include "tunnel/allow_list.hpp"

#include <parley/endpoint.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace parley::tool {

/// What both ends have.
struct CarrierOptions : CommonOptions {
  std::size_t connections_max = 1000;       ///< open at once
  std::optional<Seconds> stats_interval{};  ///< between two lines of totals

  /// How long a step may take that something waits for.
  [[nodiscard]] Seconds patience() const { return time_out.value_or(Seconds{10}); }
};

/// A local port, and where its connections come out.
struct Forward {
  Endpoint listen;
  Endpoint to;
};

struct TunnelOptions : CarrierOptions {
  std::optional<Endpoint> via{};  ///< always there when it has been read
  std::vector<Forward> forwards{};
};

struct GatewayOptions : CarrierOptions {
  std::optional<Endpoint> listen{};  ///< always there when it has been read
  AllowList allowed{};
};

}  // namespace parley::tool
