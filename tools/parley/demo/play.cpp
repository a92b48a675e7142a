#include "play.hpp"

#include "channel.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <string>
#include <utility>

namespace parley::tool::demo {

namespace asio = boost::asio;

namespace {

/// Plays the role, and tells the narrator why if that fails.
asio::awaitable<ExitCode> play_telling(Role role) {
  Connection narrator = narrator_channel(co_await asio::this_coro::executor);
  std::string failure;
  try {
    co_await role(narrator);
  } catch (const std::exception& e) {
    failure = e.what();
  }
  if (!failure.empty()) narrator.post("failed " + failure);
  co_await narrator.close();
  co_return failure.empty() ? ExitCode::ok : ExitCode::failure;
}

}  // namespace

ExitCode play(Role role) {
  asio::io_context context{1};
  ExitCode code = ExitCode::failure;
  asio::co_spawn(context, play_telling(std::move(role)), [&](std::exception_ptr failure, ExitCode result) {
    if (!failure) code = result;
    context.stop();
  });
  context.run();
  return code;
}

}  // namespace parley::tool::demo
