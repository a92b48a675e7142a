// parley echo: sends every message back to its sender.
#include "commands.hpp"
#include "socket/session.hpp"

#include <parley/error.hpp>

#include <cstdint>
#include <optional>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

class Echo {
 public:
  explicit Echo(Session& session) : session_{session} {}

  asio::awaitable<void> run() {
    while (!is_enough()) {
      co_await session_.keep_pace();
      const Received received = co_await session_.socket().receive();
      co_await session_.loop().output().room();
      const bool is_good = session_.print(received, false);
      if (is_good) co_await answer(received);
      received.acknowledge();
    }
    co_await session_.drain_and_leave();
  }

 private:
  bool is_enough() const { return session_.options().count && answered_count_ >= *session_.options().count; }

  /// One whose sender has gone meanwhile is told of, and forgotten.
  asio::awaitable<void> answer(const Received& received) {
    std::optional<Error> failure;
    try {
      co_await session_.socket().send_to(received.sender, received.message);
    } catch (const Error& e) {
      failure = e;
    }
    if (!failure) ++answered_count_;
    if (failure && !session_.loop().ending().is_given()) session_.console().warning(failure->what());
  }

  Session& session_;
  std::uint64_t answered_count_ = 0;
};

}  // namespace

ExitCode run_echo(const SocketTalkOptions& options) {
  Session session{options};
  Echo command{session};
  return session.run([&] { return command.run(); });
}

}  // namespace parley::tool
