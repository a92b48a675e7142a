#include "command_loop.hpp"

#include <parley/run.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// Longest pause between two looks at an activity counter.
constexpr Seconds look_interval_max{0.25};

bool is_ignored(int signal) {
  struct sigaction now {};
  return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

CommandLoop::CommandLoop(const CommonOptions& options, CommandHooks hooks)
    : poll_{options.poll},
      hooks_{std::move(hooks)},
      output_{context_.get_executor(),
              [this](int error_number) {
                // A reader that has gone, as `head` does, is no news to anyone.
                if (error_number != EPIPE)
                  report_error(fmt::format("cannot write: {}", std::strerror(error_number)), ExitCode::failure, false);
                ending_.leave(ExitCode::failure);
              }},
      voice_{output_, options} {}

ExitCode CommandLoop::run(std::function<asio::awaitable<ExitCode>()> command) {
  ExitCode code = ExitCode::failure;
  asio::co_spawn(context_, run_to_end(std::move(command)), [&](std::exception_ptr failure, ExitCode result) {
    context_.stop();
    if (failure) std::rethrow_exception(failure);
    code = result;
  });
  leave_at_signal();
  parley::run(context_, {.poll = poll_});
  if (output_.failed()) return ExitCode::failure;
  if (code != ExitCode::ok) return code;
  if (rejected_) return ExitCode::refused;
  return failed_ ? ExitCode::failure : ExitCode::ok;
}

asio::awaitable<ExitCode> CommandLoop::run_to_end(std::function<asio::awaitable<ExitCode>()> command) {
  const ExitCode code = co_await command();
  co_await output_.drained();
  co_return code;
}

void CommandLoop::leave_at_signal() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  // The terminal has gone, and commands at work are not of its process group. Under nohup it is ignored, and stays so.
  if (!is_ignored(SIGHUP)) signals_.add(SIGHUP);
  signals_.async_wait([this](boost::system::error_code ec, int) {
    if (ec) return;
    ending_.leave(ExitCode::ok);
    spawn(bound_leaving());
    die_at_signal();
  });
}

/// The second signal kills, whatever the drain waits for.
void CommandLoop::die_at_signal() {
  if (!hooks_.before_dying) {
    signals_.clear();
    return;
  }
  signals_.async_wait([this](boost::system::error_code ec, int number) {
    if (ec) return;
    hooks_.before_dying();
    signals_.clear();
    std::raise(number);
  });
}

/// Peers get their time first; then whoever reads standard output.
asio::awaitable<void> CommandLoop::bound_leaving() {
  asio::steady_timer timer{executor(), 2 * drain_max};
  co_await timer.async_wait(asio::use_awaitable);
  if (!output_.has_backlog()) co_return;
  report_error("standard output is not read; what was still to be printed is dropped", ExitCode::failure, false);
  output_.give_up();
}

asio::awaitable<void> CommandLoop::pause() {
  co_await asio::post(executor(), asio::use_awaitable);
  co_await output_.room();
}

void CommandLoop::spawn(asio::awaitable<void> work) {
  asio::co_spawn(context_, std::move(work), [this](std::exception_ptr failure) {
    if (!failure || ending_.is_given()) return;
    ExitCode code = ExitCode::failure;
    try {
      std::rethrow_exception(failure);
    } catch (const std::invalid_argument& e) {  // what the library finds wrong about an endpoint
      code = ExitCode::usage;
      voice_.error(e.what(), code);
    } catch (const std::exception& e) {
      voice_.error(e.what(), code);
    }
    ending_.leave(code);
  });
}

asio::awaitable<void> CommandLoop::stillness(std::optional<Seconds> span, std::function<std::uint64_t()> activity,
                                             std::function<bool()> enough) {
  const Seconds limit = span.value_or(Seconds::max());
  const Seconds interval = std::clamp(limit / 20, Seconds{0.001}, look_interval_max);
  asio::steady_timer timer{executor()};
  std::uint64_t seen = activity();
  auto since = std::chrono::steady_clock::now();
  while (!enough() && std::chrono::steady_clock::now() - since < limit) {
    timer.expires_after(std::chrono::ceil<std::chrono::steady_clock::duration>(interval));
    co_await timer.async_wait(asio::use_awaitable);
    const std::uint64_t now_seen = activity();
    const bool is_busy = hooks_.is_busy && hooks_.is_busy();
    // Messages that wait for a slow reader of standard output are not silence.
    if (now_seen == seen && !output_.has_backlog() && !is_busy) continue;
    seen = now_seen;
    since = std::chrono::steady_clock::now();
  }
}

}  // namespace parley::tool
