// parley receive: prints what comes, and acknowledges it when it has been printed.
#include "commands.hpp"
#include "socket/session.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// Printed, and then acknowledged, together.
constexpr std::uint64_t batch_count_max = 256;

class Receive {
 public:
  explicit Receive(Session& session) : session_{session} {}

  asio::awaitable<void> run() {
    while (!is_enough()) {
      co_await session_.keep_pace();
      const std::vector<Received> batch = co_await session_.socket().receive_batch(batch_size());
      session_.idle(true);  // whoever reads our output may take his time
      for (const Received& each : batch)
        if (!session_.print(each, true)) session_.loop().note_rejection();
      received_count_ += batch.size();
      co_await session_.loop().output().drained();
      if (session_.loop().output().failed()) co_return;
      for (const Received& each : batch) each.acknowledge();
      session_.idle(false);
    }
    session_.loop().ending().leave(ExitCode::ok);
  }

 private:
  bool is_enough() const { return session_.options().count && received_count_ >= *session_.options().count; }

  std::size_t batch_size() const {
    if (session_.options().interval) return 1;
    const std::uint64_t left = session_.options().count.value_or(UINT64_MAX) - received_count_;
    return static_cast<std::size_t>(std::min(left, batch_count_max));
  }

  Session& session_;
  std::uint64_t received_count_ = 0;
};

}  // namespace

ExitCode run_receive(const SocketTalkOptions& options) {
  Session session{options};
  Receive command{session};
  return session.run([&] { return command.run(); });
}

}  // namespace parley::tool
