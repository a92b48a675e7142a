#include "crowd.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace parley::tool::demo {

namespace asio = boost::asio;

std::size_t count_sockets() {
  std::size_t count = 0;
  for (const auto& each : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code ignored;  // the directory itself is among them, and then is not
    if (std::filesystem::read_symlink(each.path(), ignored).string().starts_with("socket:")) ++count;
  }
  return count;
}

asio::awaitable<Rate> converse_at_once(Endpoint endpoint, ConnectOptions how, Deadline deadline, std::size_t& sockets) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Connection> connections;
  for (std::size_t i = 0; i < crowd_size; ++i) connections.push_back(co_await connect(endpoint, how));
  sockets = count_sockets();
  for (std::size_t i = 0; i < crowd_size; ++i) co_await connections[i].send(fmt::format("! {}", i), deadline);
  for (std::size_t i = 0; i < crowd_size; ++i) {
    const Message back = co_await connections[i].receive(deadline);
    if (back.view() != fmt::format("! {}", i)) throw Failure(fmt::format("conversation {} was answered wrongly", i));
  }
  for (Connection& each : connections) static_cast<void>(co_await each.close(deadline));
  co_return Rate{crowd_size, std::chrono::steady_clock::now() - begin};
}

}  // namespace parley::tool::demo
