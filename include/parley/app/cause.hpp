// Why something has ended or failed, as handlers of events are told.
#pragma once

#include <boost/system/error_code.hpp>

#include <exception>
#include <string>

namespace parley::app {

/// For on_disconnect and on_error.
struct Cause {
  /// For the program. error::closed: the peer, or this side, ended the connection in order.
  boost::system::error_code code{};
  /// For people: one line, with the peer's endpoint and the numbers.
  std::string sentence{};
  /// What a function of the program's has thrown; null where it was not that.
  std::exception_ptr thrown{};
};

}  // namespace parley::app
