// What every command runs in: one thread with an event loop, standard output, signals, and the reasons to leave.
//
// A command spawns its coroutines, waits for the Ending, closes its peers, and leaves; what still waits then is
// destroyed with the loop.
#pragma once

#include "common_options.hpp"
#include "ending.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "voice.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace parley::tool {

/// How long what is queued is still written when the tool leaves.
inline constexpr std::chrono::seconds drain_max{5};

/// What a command may want to have a say in.
struct CommandHooks {
  std::function<bool()> is_busy{};       ///< work is under way that moves no bytes yet
  std::function<void()> before_dying{};  ///< at the second signal, by which the tool dies
};

class CommandLoop {
 public:
  explicit CommandLoop(const CommonOptions& options, CommandHooks hooks = {});
  CommandLoop(const CommandLoop&) = delete;
  CommandLoop& operator=(const CommandLoop&) = delete;
  ~CommandLoop() = default;

  /// Runs `command` to its end on this thread and gives the exit code; SIGINT and SIGTERM meanwhile give the Ending.
  ExitCode run(std::function<boost::asio::awaitable<ExitCode>()> command);

  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }
  [[nodiscard]] Ending& ending() noexcept { return ending_; }
  [[nodiscard]] Output& output() noexcept { return output_; }

  /// Runs beside the command; an exception that leaves it is reported and ends the command.
  void spawn(boost::asio::awaitable<void> work);

  /// Completes when `activity` has not changed for `span` (never, if empty), or `enough` says so.
  [[nodiscard]] boost::asio::awaitable<void> stillness(
      std::optional<Seconds> span, std::function<std::uint64_t()> activity,
      std::function<bool()> enough = [] { return false; });

  /// After a failure that the next message may have too: gives signals and time limits their turn, and the output its
  /// time, so that an endless input of faults can be stopped and takes no memory.
  [[nodiscard]] boost::asio::awaitable<void> pause();

  /// Something failed, or was rejected: the exit code is not ok, though the command goes on.
  void note_failure() noexcept { failed_ = true; }
  void note_rejection() noexcept { rejected_ = true; }

 private:
  [[nodiscard]] boost::asio::awaitable<ExitCode> run_to_end(std::function<boost::asio::awaitable<ExitCode>()> command);
  void leave_at_signal();
  void die_at_signal();
  [[nodiscard]] boost::asio::awaitable<void> bound_leaving();

  std::chrono::microseconds poll_;
  CommandHooks hooks_;
  boost::asio::io_context context_{1};
  Ending ending_{context_.get_executor()};
  Output output_;
  Voice voice_;
  boost::asio::signal_set signals_{context_};
  bool failed_ = false;
  bool rejected_ = false;
};

}  // namespace parley::tool
