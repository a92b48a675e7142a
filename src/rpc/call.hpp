// Call: a request of this side's that waits for its answer, and who is told.
#pragma once

#include "detail/block_cache.hpp"

#include <parley/detail/handler.hpp>
#include <parley/rpc/requester.hpp>
#include <parley/time.hpp>
#include <parley/wire/request_metadata.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace parley::rpc::detail {

inline constexpr std::size_t kept_calls_max = 1024;

struct Call : parley::detail::MadeOverAndOver<Call, kept_calls_max> {
  Call(parley::detail::Handler<Reply>&& handler_, const boost::asio::any_io_executor& io, const RouteName& by)
      : handler{std::move(handler_)}, work{work_of(handler.executor_or(io), io)}, route{by.quoted()} {}

  parley::detail::Handler<Reply> handler;
  boost::asio::any_io_executor work;
  /// The node's own context has work as long as requests wait: their deadlines, and the connection.
  static boost::asio::any_io_executor work_of(const boost::asio::any_io_executor& handlers,
                                              const boost::asio::any_io_executor& io) {
    if (handlers == io) return {};
    return boost::asio::prefer(handlers, boost::asio::execution::outstanding_work.tracked);
  }

  std::string route;                // in quotes; empty without one
  std::optional<Duration> allowed;  // where that is not the default
};

}  // namespace parley::rpc::detail
