#include "output.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

constexpr std::size_t backlog_max = 256 * 1024;

/// A pipe that can be written takes this much without blocking; a plain file takes anything.
std::size_t unblocked_write_size(int descriptor) {
  struct stat status {};
  const bool plain = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  return plain ? 1024 * 1024 : PIPE_BUF;
}

}  // namespace

Output::Output(asio::any_io_executor executor, std::function<void(int)> on_failure)
    : executor_{std::move(executor)},
      on_failure_{std::move(on_failure)},
      writable_{executor_, STDOUT_FILENO, Readiness::For::writing},
      progress_{executor_, asio::steady_timer::time_point::max()},
      write_size_max_{unblocked_write_size(STDOUT_FILENO)} {}

void Output::write(std::string_view text) {
  if (failed_ || text.empty()) return;
  queued_ += text;
  if (std::exchange(writing_, true)) return;
  asio::co_spawn(executor_, write_all_queued(), asio::detached);
}

asio::awaitable<void> Output::room() {
  while (!failed_ && queued_.size() > backlog_max) co_await progress_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Output::drained() {
  while (!failed_ && writing_) co_await progress_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Output::write_all_queued() {
  while (!failed_ && !queued_.empty()) {
    const std::string batch = std::exchange(queued_, {});
    progress_.cancel();
    co_await write_out(batch);
  }
  writing_ = false;
  progress_.cancel();
}

asio::awaitable<void> Output::write_out(std::string_view text) {
  while (!text.empty() && !failed_) {
    co_await writable_.wait();
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), std::min(text.size(), write_size_max_));
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      fail(errno);
    }
  }
}

void Output::give_up() {
  failed_ = true;
  queued_.clear();
  progress_.cancel();
}

void Output::fail(int error_number) {
  failed_ = true;
  queued_.clear();
  on_failure_(error_number);
}

}  // namespace parley::tool
