// Why a connect failed that tried one address or several: the code, and the part of the sentence after the colon.
#pragma once

#include <parley/endpoint.hpp>

#include <boost/system/error_code.hpp>

#include <span>
#include <string>

namespace parley::transport::detail {

struct FailedAddress {
  std::string address;
  boost::system::error_code code;
  /// Put before the reason, if it needs saying.
  std::string what;
};

struct Verdict {
  boost::system::error_code code;
  std::string why;
};

/// The code is that of the last address whose failure says more than that there is no way to it. The addresses are
/// named unless the endpoint itself names the only one. There is at least one.
[[nodiscard]] Verdict verdict_on(std::span<const FailedAddress> failed, const Endpoint& endpoint);

}  // namespace parley::transport::detail
