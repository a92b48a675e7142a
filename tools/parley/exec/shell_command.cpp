#include "shell_command.hpp"

#include "exit_status.hpp"

#include <parley/time.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

using Descriptor = asio::posix::stream_descriptor;
using boost::system::error_code;

/// Of what a command says on its standard error, so much of the end is kept.
constexpr std::size_t complaints_size_max = 4 * 1024;
/// A pipe holds no more than that, unless somebody still writes.
constexpr int last_reads_max = 64;

void check(int error_number, const char* what) {
  if (error_number != 0) throw std::system_error{error_number, std::generic_category(), what};
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe(const asio::any_io_executor& executor) {
  std::array<int, 2> ends{};
  check(::pipe2(ends.data(), O_CLOEXEC) == 0 ? 0 : errno, "pipe");
  return {Descriptor{executor, ends[0]}, Descriptor{executor, ends[1]}};
}

bool have_one_name(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('=')) == b.substr(0, b.find('='));
}

/// That of this process, with these in the place of what has their names. For exec, so that a null is behind them.
std::vector<char*> environment_with(const std::vector<std::string>& added) {
  std::vector<char*> all;
  for (const std::string& each : added) all.push_back(const_cast<char*>(each.c_str()));
  for (char** own = environ; *own != nullptr; ++own) {
    const auto is_replaced = [own](const std::string& each) { return have_one_name(each, *own); };
    if (std::none_of(added.begin(), added.end(), is_replaced)) all.push_back(*own);
  }
  all.push_back(nullptr);
  return all;
}

/// What happens between fork and exec.
class SpawnPlan {
 public:
  /// `err` is negative for the standard error of this process.
  SpawnPlan(int in, int out, int err) {
    check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    check(::posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    ::posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    if (err >= 0) ::posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    // Ours are closed on exec anyway; those that we have inherited are not.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    // That we ignore SIGPIPE would be inherited, and `yes | head` would never end.
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  pid_t spawn(const ShellCommand& command) const {
    std::array<char*, 4> argv{const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>(command.line.c_str()),
                              nullptr};
    const std::vector<char*> environment = environment_with(command.environment);
    pid_t process = 0;
    check(::posix_spawn(&process, "/bin/sh", &actions_, &attributes_, argv.data(), environment.data()), "/bin/sh");
    return process;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Shared by its handlers, of which any may be the last to run.
class Run : public std::enable_shared_from_this<Run> {
 public:
  Run(const asio::any_io_executor& executor, ShellCommand command, std::string input)
      : executor_{executor},
        command_{std::move(command)},
        input_{std::move(input)},
        in_{executor},
        out_{executor},
        err_{executor},
        exit_{executor},
        deadline_{executor, Deadline::never().when()},
        ended_{executor, Deadline::never().when()} {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    kill_group();
    reap();
  }

  /// Throws std::system_error and boost::system::system_error.
  void begin() {
    start();
    asio::async_write(in_, asio::buffer(input_), [self = shared_from_this()](error_code, std::size_t) {
      self->close(self->in_);  // EPIPE as well: a command need not read what it is not interested in
    });
    read_more();
    if (err_.is_open()) read_complaints();
    exit_.async_wait(Descriptor::wait_read, [self = shared_from_this()](error_code ec) {
      if (!ec) self->note_exit();
    });
    if (!command_.time_out) return;
    deadline_.expires_at(Deadline{*command_.time_out}.when());
    deadline_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->cut(fmt::format("was killed, having worked for {:g} s", self->command_.time_out->count()));
    });
  }

  /// Kills it; the reason is its result.
  void cut(std::string why) {
    if (!why_cut_.empty() || process_ == 0) return;
    why_cut_ = std::move(why);
    kill_group();
    close(out_);  // whatever has left the group may have it open for ever
    end_if_over();
  }

  asio::awaitable<void> ended() {
    while (process_ != 0) co_await ended_.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  CommandResult take_result() {
    if (!why_cut_.empty()) return {{}, std::move(why_cut_), last_line(), {}};
    if (status_ != 0) return {{}, describe_status(status_), last_line(), exit_code_of_status(status_)};
    return {std::move(output_), {}, {}, 0};
  }

 private:
  void start() {
    Pipe in = make_pipe(executor_);
    Pipe out = make_pipe(executor_);
    std::optional<Pipe> err;
    if (command_.keeps_complaint) err = make_pipe(executor_);
    const SpawnPlan plan{in.read.native_handle(), out.write.native_handle(), err ? err->write.native_handle() : -1};
    process_ = plan.spawn(command_);
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    if (err) err_ = std::move(err->read);
    // Not by glibc's function, which its header declares for C alone.
    const int exit = static_cast<int>(::syscall(SYS_pidfd_open, process_, 0));
    check(exit >= 0 ? 0 : errno, "pidfd_open");
    exit_.assign(exit);
  }

  void read_more() {
    out_.async_read_some(asio::buffer(chunk_),
                         [self = shared_from_this()](error_code ec, std::size_t size) { self->take(ec, size); });
  }

  void take(error_code ec, std::size_t size) {
    if (!out_.is_open()) return;
    output_.append(chunk_.data(), size);
    if (output_.size() > command_.output_size_max)
      return cut(
          fmt::format("was killed, having printed more than {} bytes (see --max-size)", command_.output_size_max));
    if (!ec) return read_more();
    close(out_);
    end_if_over();
  }

  void read_complaints() {
    err_.async_read_some(asio::buffer(err_chunk_), [self = shared_from_this()](error_code ec, std::size_t size) {
      if (!self->err_.is_open()) return;
      self->pass_on({self->err_chunk_.data(), size});
      if (!ec) self->read_complaints();
    });
  }

  /// To where it would have gone, the end of it being kept.
  void pass_on(std::string_view text) {
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) break;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    complaints_ += text;
    if (complaints_.size() > complaints_size_max) complaints_.erase(0, complaints_.size() - complaints_size_max);
  }

  /// What is there when the shell has ended; whatever it has left behind may keep the pipe open for ever.
  void read_last_complaints() {
    if (!err_.is_open()) return;
    error_code ec;
    err_.non_blocking(true, ec);
    for (int i = 0; i < last_reads_max && !ec; ++i) {
      const std::size_t size = err_.read_some(asio::buffer(err_chunk_), ec);
      if (!ec) pass_on({err_chunk_.data(), size});
    }
    close(err_);
  }

  std::string last_line() const {
    const std::size_t end = complaints_.find_last_not_of(" \t\r\n") + 1;
    const std::size_t before = end == 0 ? std::string::npos : complaints_.rfind('\n', end - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return complaints_.substr(begin, end - begin);
  }

  void note_exit() {
    exited_ = true;
    end_if_over();
  }

  void end_if_over() {
    if (!exited_ || out_.is_open() || process_ == 0) return;
    reap();
    read_last_complaints();
    deadline_.cancel();
    close(in_);
    close(exit_);
    ended_.cancel();
  }

  /// Never after the shell was reaped: its number, and that of the group, may then be another's.
  void kill_group() const noexcept {
    if (process_ != 0) ::kill(-process_, SIGKILL);
  }

  void reap() noexcept {
    while (process_ != 0 && ::waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
  }

  static void close(Descriptor& descriptor) {
    error_code ignored;
    descriptor.close(ignored);
  }

  asio::any_io_executor executor_;
  ShellCommand command_;
  std::string input_;
  Descriptor in_;
  Descriptor out_;
  Descriptor err_;   // open where its complaints are kept
  Descriptor exit_;  // of the process: readable when it has ended
  asio::steady_timer deadline_;
  asio::steady_timer ended_;  // never expires
  std::array<char, 16 * 1024> chunk_;
  std::array<char, 2 * 1024> err_chunk_;
  std::string output_;
  std::string complaints_;
  std::string why_cut_;
  pid_t process_ = 0;  // 0 once it has been waited for
  int status_ = 0;
  bool exited_ = false;
};

}  // namespace

asio::awaitable<CommandResult> run_shell_command(asio::any_io_executor executor, ShellCommand command,
                                                 std::string input, std::shared_ptr<KillSwitch> kill) {
  if (kill->is_flipped()) co_return CommandResult{{}, kill->why()};
  const auto run = std::make_shared<Run>(executor, std::move(command), std::move(input));
  std::string failure;
  try {
    run->begin();
  } catch (const std::exception& e) {
    failure = std::string{"could not be started: "} + e.what();
  }
  kill->connect([weak = std::weak_ptr{run}](const std::string& why) {
    if (const auto begun = weak.lock()) begun->cut(why);
  });
  if (!failure.empty()) co_return CommandResult{{}, std::move(failure)};
  co_await run->ended();
  co_return run->take_result();
}

}  // namespace parley::tool
