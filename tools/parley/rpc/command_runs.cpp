#include "rpc/command_runs.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

/// Of a command that is at work, however that ends.
class CommandRuns::Place {
 public:
  Place(std::shared_ptr<CommandRuns> runs, std::shared_ptr<KillSwitch> kill)
      : runs_{std::move(runs)}, kill_{std::move(kill)} {
    runs_->running_.insert(kill_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    runs_->running_.erase(kill_);
    if (runs_->is_abandoned_) return;
    kill_->flip("was killed, as nobody waits for its answer any more");
    runs_->changed_.cancel();
  }

 private:
  std::shared_ptr<CommandRuns> runs_;
  std::shared_ptr<KillSwitch> kill_;
};

CommandRuns::CommandRuns(const asio::any_io_executor& executor, std::size_t count_max)
    : executor_{executor}, count_max_{count_max}, changed_{executor, asio::steady_timer::time_point::max()} {}

asio::awaitable<CommandResult> CommandRuns::run(ShellCommand command, std::string input) {
  const std::shared_ptr<CommandRuns> self = shared_from_this();
  while (running_.size() >= count_max_) co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
  const auto kill = std::make_shared<KillSwitch>();
  const Place place{self, kill};
  co_return co_await run_shell_command(executor_, std::move(command), std::move(input), kill);
}

void CommandRuns::kill_all(const std::string& why) {
  for (const std::shared_ptr<KillSwitch>& kill : running_) kill->flip(why);
}

asio::awaitable<void> CommandRuns::all_ended() {
  while (!running_.empty()) co_await changed_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace parley::tool
