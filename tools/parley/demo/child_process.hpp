// A process of the demo: this program once more, with other arguments.
#pragma once

#include <parley/connection/connection.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace parley::tool::demo {

class ChildProcess {
 public:
  /// Starts it. Throws std::system_error.
  ChildProcess(const boost::asio::any_io_executor& executor, std::string name,
               const std::vector<std::string>& arguments);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Kills it if it still runs.
  ~ChildProcess();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Such as "ada (process 4711)".
  [[nodiscard]] std::string title() const;
  [[nodiscard]] Connection& channel() noexcept { return *channel_; }

  /// Its wait status, once it has ended.
  [[nodiscard]] std::optional<int> poll_status();

 private:
  std::string name_;
  pid_t process_ = 0;
  std::optional<Connection> channel_;
  std::optional<int> status_;
};

}  // namespace parley::tool::demo
