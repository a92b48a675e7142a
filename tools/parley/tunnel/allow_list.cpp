#include "tunnel/allow_list.hpp"

#include "read_values.hpp"
#include "tunnel/destination.hpp"

#include <algorithm>
#include <string_view>

namespace parley::tool {
namespace {

constexpr std::string_view any_port = ":*";
constexpr std::string_view tcp_prefix = "tcp://";

}  // namespace

void AllowList::add(const std::string& pattern) {
  const bool takes_any_port = pattern.starts_with(tcp_prefix) && pattern.ends_with(any_port);
  if (!takes_any_port) {
    endpoints_.push_back(read_destination("--allow", pattern));
    return;
  }
  // Any port will do to read the host.
  const std::string with_a_port = pattern.substr(0, pattern.size() - any_port.size()) + ":1";
  hosts_.emplace_back(read_destination("--allow", with_a_port).host());
}

bool AllowList::allows(const Endpoint& asked) const {
  if (!is_destination(asked)) return false;
  if (std::find(endpoints_.begin(), endpoints_.end(), asked) != endpoints_.end()) return true;
  return asked.scheme() == Scheme::tcp && std::find(hosts_.begin(), hosts_.end(), asked.host()) != hosts_.end();
}

}  // namespace parley::tool
