// The processes of one chapter, and what the narrator says to them and hears from them.
#pragma once

#include "child_process.hpp"
#include "service.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tool::demo {

class Cast {
 public:
  Cast(boost::asio::any_io_executor executor, Deadline deadline);

  /// Starts a process; it stays until the Cast goes.
  ChildProcess& start(const std::string& name, const std::vector<std::string>& arguments);

  [[nodiscard]] boost::asio::awaitable<void> tell(ChildProcess& process, std::string_view order);

  /// The words behind `word` of what the process says next. Throws Failure, with the sentence that explains it best: a
  /// process that was killed rather than the one that missed it.
  [[nodiscard]] boost::asio::awaitable<std::vector<std::string>> hear(ChildProcess& process, std::string word,
                                                                      std::size_t count);

  /// Tells it to leave, and waits until it has, with exit code 0.
  [[nodiscard]] boost::asio::awaitable<void> dismiss(ChildProcess& process);

 private:
  [[nodiscard]] boost::asio::awaitable<std::string> explain(ChildProcess& process, std::string otherwise);
  [[nodiscard]] boost::asio::awaitable<void> pause();

  boost::asio::any_io_executor executor_;
  Deadline deadline_;
  std::vector<std::unique_ptr<ChildProcess>> processes_;
};

}  // namespace parley::tool::demo
