#include "answers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

Answers::Answers(const asio::any_io_executor& executor, std::size_t at_once_max)
    : executor_{executor}, at_once_max_{at_once_max}, place_{executor, asio::steady_timer::time_point::max()} {}

asio::awaitable<CommandResult> Answers::by(ShellCommand command, std::string input, std::shared_ptr<KillSwitch> kill) {
  // Counted by hand: what is destroyed with the loop must not count any more.
  ++due_count_;
  while (running_.size() >= at_once_max_) co_await place_.async_wait(asio::as_tuple(asio::use_awaitable));
  running_.insert(kill);
  CommandResult result = co_await run_shell_command(executor_, std::move(command), std::move(input), kill);
  running_.erase(kill);
  --due_count_;
  place_.cancel_one();
  co_return result;
}

void Answers::kill_all(const std::string& why) {
  for (const std::shared_ptr<KillSwitch>& kill : running_) kill->flip(why);
}

}  // namespace parley::tool
