#include "bodies.hpp"

#include <string>
#include <utility>

namespace parley::tool {

boost::asio::awaitable<std::optional<Message>> next_body(Input& input, CommandLoop& loop, Voice& voice) {
  for (;;) {
    std::string fault;
    try {
      std::optional<std::string> body = co_await input.next();
      if (!body) co_return std::nullopt;
      co_return Message{std::move(*body)};
    } catch (const BadBody& e) {
      fault = e.what();
    }
    voice.error(fault + "; not sent", ExitCode::failure);
    loop.note_failure();
    co_await loop.pause();
  }
}

}  // namespace parley::tool
