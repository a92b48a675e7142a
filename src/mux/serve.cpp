#include <parley/mux/serve.hpp>

#include "detail/handler_end.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace parley::mux {

namespace asio = boost::asio;

namespace {

struct Serving {
  ChannelHandler handler;
  std::optional<std::string> peer;  // the same for all channels: written before the first handler starts
};
using ServingPtr = std::shared_ptr<Serving>;

/// Holds the user's function for as long as a coroutine of it runs: a lambda's captures live in it. And what it throws
/// before it is a coroutine is the handler's exception too.
asio::awaitable<void> handle(ServingPtr serving, Channel channel) { co_await serving->handler(std::move(channel)); }

void start(const asio::any_io_executor& executor, const ServingPtr& serving, Channel channel) {
  asio::co_spawn(executor, handle(serving, std::move(channel)), [serving](const std::exception_ptr& thrown) {
    if (thrown) parley::detail::log_handler_end(thrown, parley::detail::HandlerOf::channel, *serving->peer);
  });
}

/// None when there will be no more.
asio::awaitable<Channel> accept(Session& session) {
  try {
    co_return co_await session.accept();
  } catch (const boost::system::system_error&) {
    co_return Channel{};
  }
}

}  // namespace

asio::awaitable<void> serve(Session& session, ChannelHandler handler) {
  const auto executor = session.get_executor();
  const auto serving = std::make_shared<Serving>(Serving{std::move(handler), {}});
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    Channel channel = co_await accept(session);
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (!channel || cancellation.cancelled() != asio::cancellation_type::none) co_return;
    if (!serving->peer) serving->peer = channel.remote_endpoint().to_string();
    start(executor, serving, std::move(channel));
  }
}

}  // namespace parley::mux
