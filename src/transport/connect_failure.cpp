#include "transport/connect_failure.hpp"

#include "transport/sentence.hpp"

#include <algorithm>
#include <cerrno>

namespace parley::transport::detail {
namespace {

bool is_without_route(const boost::system::error_code& ec) noexcept {
  return ec == from_errno(ENETUNREACH) || ec == from_errno(EHOSTUNREACH) || ec == from_errno(EAFNOSUPPORT) ||
         ec == from_errno(EADDRNOTAVAIL);
}

std::string explain(const FailedAddress& failed) { return failed.what + reason(failed.code); }

std::string join(std::span<const FailedAddress> failed, auto describe, const char* separator) {
  std::string text;
  for (const FailedAddress& each : failed) text += (text.empty() ? "" : separator) + describe(each);
  return text;
}

}  // namespace

Verdict verdict_on(std::span<const FailedAddress> failed, const Endpoint& endpoint) {
  const auto telling = std::find_if(failed.rbegin(), failed.rend(),
                                    [](const FailedAddress& each) { return !is_without_route(each.code); });
  const FailedAddress& decisive = telling != failed.rend() ? *telling : failed.back();

  const std::string why = explain(decisive);
  const bool is_named_already = failed.size() == 1 && endpoint.to_string().ends_with(decisive.address);
  if (is_named_already) return {decisive.code, why};

  const bool all_alike =
      std::all_of(failed.begin(), failed.end(), [&](const auto& each) { return explain(each) == why; });
  if (all_alike) {
    return {decisive.code, why + " (" +
                               join(
                                   failed, [](const auto& each) { return each.address; }, ", ") +
                               ")"};
  }
  return {decisive.code, join(
                             failed, [](const auto& each) { return each.address + ": " + explain(each); }, "; ")};
}

}  // namespace parley::transport::detail
