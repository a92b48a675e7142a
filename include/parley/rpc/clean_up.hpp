// What a client or a server over a broker leaves behind there, and how it goes.
//
//   parley::Endpoint panel{"amqp://broker.example?address=sensors&client=panel-7"};
//   co_await parley::rpc::clean_up(panel);  // the client panel-7 will not come again
//
// Each client that has ever been connected has two queues, which outlive it and keep what was meant for it, and each
// address has one at which clients knock. Nothing of that goes by itself.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/endpoint.hpp>
#include <parley/rpc/options.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <utility>

namespace parley::rpc {

/// How long clean_up() takes at most, where nobody has said otherwise.
inline constexpr std::chrono::seconds clean_up_time_max{10};

namespace detail {
PARLEY_EXPORT void start_clean_up(boost::asio::any_io_executor, Endpoint, EndpointOptions, Deadline,
                                  parley::detail::Handler<>);
}

/// Removes both queues of the client that the endpoint names, with what is in them; or, where it names none, the queue
/// at which clients of its address knock. Those that are not there count as removed. Whoever uses them meanwhile loses
/// its connection, and makes them again when it connects anew. Runs on the executor of the awaiting coroutine. Throws
/// Error: timed_out, refused_by_peer (by name or password, or because somebody else's connection owns a queue), or why
/// the broker cannot be reached; some of it may have gone by then, as also when it is cancelled. Throws
/// std::invalid_argument for an endpoint that is not a broker's, or names no address.
[[nodiscard]] PARLEY_EXPORT boost::asio::awaitable<void> clean_up(Endpoint endpoint, EndpointOptions options = {},
                                                                  Deadline deadline = clean_up_time_max);

/// The same on an executor and with a completion token; completes with (error_code).
template <boost::asio::completion_token_for<void(boost::system::error_code)> Token>
auto clean_up(boost::asio::any_io_executor executor, Endpoint endpoint, EndpointOptions options, Deadline deadline,
              Token&& token) {
  return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
      [](auto handler, boost::asio::any_io_executor io, Endpoint where, EndpointOptions how, Deadline when) {
        detail::start_clean_up(std::move(io), std::move(where), std::move(how), when,
                               parley::detail::Handler<>{std::move(handler)});
      },
      token, std::move(executor), std::move(endpoint), std::move(options), deadline);
}

}  // namespace parley::rpc
