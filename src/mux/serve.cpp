#include <parley/mux/serve.hpp>

#include "detail/handler_end.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace parley::mux {

namespace asio = boost::asio;

namespace {

using SharedHandler = std::shared_ptr<const ChannelHandler>;

/// Holds the user's function for as long as a coroutine of it runs: a lambda's captures live in it. And what it throws
/// before it is a coroutine is the handler's exception too.
asio::awaitable<void> handle(SharedHandler handler, Channel channel) { co_await (*handler)(std::move(channel)); }

void start(const asio::any_io_executor& executor, const SharedHandler& handler, Channel channel) {
  auto on_end = [where = channel.remote_endpoint().to_string()](const std::exception_ptr& thrown) {
    if (thrown) parley::detail::log_handler_end(thrown, where);
  };
  asio::co_spawn(executor, handle(handler, std::move(channel)), std::move(on_end));
}

}  // namespace

asio::awaitable<void> serve(Session& session, ChannelHandler handler) {
  const auto executor = session.get_executor();
  const auto shared = std::make_shared<const ChannelHandler>(std::move(handler));
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    auto [ec, channel] = co_await session.accept(Deadline::never(), asio::as_tuple(asio::use_awaitable));
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (ec || cancellation.cancelled() != asio::cancellation_type::none) co_return;
    start(executor, shared, std::move(channel));
  }
}

}  // namespace parley::mux
