// Where a gateway connects to for others: nowhere else.
//
// A pattern is an endpoint, or a host with any port: tcp://127.0.0.1:*. What is asked for is compared as it is written,
// in the canonical form of endpoints, and before any name is looked up: `localhost` is not `127.0.0.1`.
#pragma once

#include <parley/endpoint.hpp>

#include <string>
#include <vector>

namespace parley::tool {

class AllowList {
 public:
  /// Throws UsageError for what is no pattern.
  void add(const std::string& pattern);

  [[nodiscard]] bool is_empty() const noexcept { return endpoints_.empty() && hosts_.empty(); }
  /// Whether one may connect there. Never to a wildcard host or port 0, which lead nowhere.
  [[nodiscard]] bool allows(const Endpoint& asked) const;

 private:
  std::vector<Endpoint> endpoints_;
  std::vector<std::string> hosts_;  ///< with any port, over TCP
};

}  // namespace parley::tool
