// From what the user wrote to what `parley proxy` is told.
#pragma once

#include "proxy/options.hpp"
#include "read_common.hpp"

#include <optional>
#include <string>

namespace parley::tool {

struct ProxyWords : CommonWords {
  std::string front;
  std::string back;
  bool front_connects = false;
  bool back_connects = false;
  std::optional<std::string> dialect;
  std::optional<std::string> delivery;
  std::optional<std::string> cut;
  std::optional<std::string> delay;
  std::optional<std::string> drop;
  std::optional<std::string> throttle;
  std::optional<std::string> seed;
};

/// Throws UsageError. `options` has what needs no reading already.
void read_proxy(const ProxyWords& words, ProxyOptions& options);

}  // namespace parley::tool
