// Awaiting an operation given by its initiation, with the error_code as a value.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <type_traits>
#include <utility>

namespace parley::detail {

inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::deferred);

/// `initiation` is called with the completion handler. The awaitable gives a tuple of the signature's arguments; what
/// the initiation refers to must stay alive until then.
template <class Signature, class Initiation>
auto await_result(Initiation initiation) {
  return boost::asio::async_initiate<decltype(as_result), Signature>(std::move(initiation), as_result);
}

}  // namespace parley::detail
