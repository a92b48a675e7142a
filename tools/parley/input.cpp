#include "input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_size = 64 * 1024;

bool is_standard_input(const std::string& path) { return path.empty() || path == "-"; }

int open_input(const std::string& path) {
  if (is_standard_input(path)) return STDIN_FILENO;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    throw std::runtime_error(fmt::format("cannot open {}: {}", path, std::strerror(EISDIR)));
  }
  return descriptor;
}

}  // namespace

Input::Input(const asio::any_io_executor& executor, const std::string& path, InputOptions options)
    : descriptor_{open_input(path)},
      owned_{!is_standard_input(path)},
      name_{owned_ ? path : "standard input"},
      options_{options},
      readable_{executor, descriptor_, Readiness::For::reading} {}

Input::~Input() {
  if (owned_) ::close(descriptor_);
}

bool Input::is_terminal() const noexcept { return ::isatty(descriptor_) == 1; }

bool Input::is_piped() const noexcept {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode);
}

asio::awaitable<std::optional<std::string>> Input::next() {
  for (;;) {
    if (std::optional<std::string> text = take_queued()) {
      if (options_.cut == InputCut::chunks) co_return text;
      co_return options_.notation.read(*text);
    }
    if (ended_) co_return std::nullopt;
    check_size();
    co_await readable_.wait();
    read_some();
  }
}

std::optional<std::string> Input::take_queued() {
  if (options_.cut == InputCut::lines) return take_line();
  const bool complete = options_.cut == InputCut::chunks || ended_;
  if (!complete || queued_.empty()) return std::nullopt;
  return std::exchange(queued_, {});
}

std::optional<std::string> Input::take_line() {
  const std::size_t newline = queued_.find('\n', scanned_);
  if (newline == std::string::npos) {
    scanned_ = queued_.size();
    if (!ended_ || taken_ == queued_.size()) return std::nullopt;
  }
  const std::size_t end = newline == std::string::npos ? queued_.size() : newline;
  std::string line = queued_.substr(taken_, end - taken_);
  taken_ = scanned_ = newline == std::string::npos ? end : end + 1;
  return line;
}

void Input::read_some() {
  queued_.erase(0, std::exchange(taken_, 0));
  scanned_ = queued_.size();
  const std::size_t before = queued_.size();
  queued_.resize(before + read_size);
  const ssize_t size = ::read(descriptor_, queued_.data() + before, read_size);
  const int failure = errno;
  queued_.resize(before + (size > 0 ? static_cast<std::size_t>(size) : 0));
  if (size < 0 && failure == EBADF) ended_ = true;  // started with it closed: there is no input
  if (size < 0 && failure != EINTR && failure != EAGAIN && failure != EBADF)
    throw std::runtime_error(fmt::format("cannot read {}: {}", name_, std::strerror(failure)));
  ended_ = ended_ || size == 0;
}

void Input::check_size() const {
  if (queued_.size() - taken_ <= options_.notation.text_size_max(options_.body_size_max)) return;
  throw std::runtime_error(fmt::format("a message in {} is larger than the limit of {} bytes (see --max-size)", name_,
                                       options_.body_size_max));
}

}  // namespace parley::tool
