// Bodies of messages to send, out of an input that may have faults.
#pragma once

#include "command_loop.hpp"
#include "input.hpp"
#include "voice.hpp"

#include <parley/message.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace parley::tool {

/// The next body of the input, nothing at the end; reports lines that are not bodies and skips them.
[[nodiscard]] boost::asio::awaitable<std::optional<Message>> next_body(Input& input, CommandLoop& loop, Voice& voice);

}  // namespace parley::tool
