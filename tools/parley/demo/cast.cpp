#include "cast.hpp"

#include "exit_status.hpp"
#include "words.hpp"

#include <parley/error.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace parley::tool::demo {

namespace asio = boost::asio;

namespace {

/// Sockets of a process that is killed close a little before its parent can learn of its death.
constexpr int looks_for_the_dead = 50;
constexpr std::chrono::milliseconds look_interval{4};

}  // namespace

Cast::Cast(asio::any_io_executor executor, Deadline deadline) : executor_{std::move(executor)}, deadline_{deadline} {}

ChildProcess& Cast::start(const std::string& name, const std::vector<std::string>& arguments) {
  processes_.push_back(std::make_unique<ChildProcess>(executor_, name, arguments));
  return *processes_.back();
}

asio::awaitable<void> Cast::tell(ChildProcess& process, std::string_view order) {
  // If it is not there any more, listening to it says so.
  process.channel().post(Message{order});
  co_return;
}

asio::awaitable<std::vector<std::string>> Cast::hear(ChildProcess& process, std::string word, std::size_t count) {
  std::string trouble;
  std::vector<std::string> words;
  try {
    const Message told = co_await process.channel().receive(deadline_);
    words = split_words(told.view());
    if (words.size() == count + 1 && words.front() == word) {
      words.erase(words.begin());
      co_return words;
    }
    trouble =
        process.title() + ": " + (words.empty() || words.front() != "failed" ? told.text() : told.text().substr(7));
  } catch (const Error& e) {
    trouble = process.title() + (e.code() == error::timed_out ? " did not answer in time" : " has gone");
  }
  const std::string sentence = co_await explain(process, trouble);
  throw Failure(sentence);
}

asio::awaitable<void> Cast::dismiss(ChildProcess& process) {
  co_await tell(process, "leave");
  while (!process.poll_status()) {
    if (Clock::now() > deadline_.when()) throw Failure(process.title() + " did not leave in time");
    co_await pause();
  }
  const int status = *process.poll_status();
  if (status == 0) co_return;
  const std::string otherwise = process.title() + " " + describe_status(status);
  const std::string sentence = co_await explain(process, otherwise);
  throw Failure(sentence);
}

asio::awaitable<std::string> Cast::explain(ChildProcess& process, std::string otherwise) {
  for (int look = 0; look < looks_for_the_dead; ++look) {
    for (const std::unique_ptr<ChildProcess>& each : processes_)
      if (const std::optional<int> status = each->poll_status(); status && was_killed(*status))
        co_return each->title() + " " + describe_status(*status);
    co_await pause();
  }
  const std::optional<int> status = process.poll_status();
  co_return status ? otherwise + "; it " + describe_status(*status) : otherwise;
}

asio::awaitable<void> Cast::pause() {
  asio::steady_timer timer{executor_, look_interval};
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace parley::tool::demo
