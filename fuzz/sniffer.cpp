// What the first byte is taken for has to fit what the whole beginning is: no greeting and no request for a WebSocket
// is turned away, and nothing else gets as far as their decoders.
#include "require.hpp"

#include <parley/wire/aiomsg.hpp>
#include <parley/wire/sniffer.hpp>

#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  if (size == 0) return 0;
  const wire::Sniffed sniffed = wire::sniff(static_cast<std::byte>(data[0]));
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const wire::PeerFrameStep step = wire::Aiomsg{1000}.decode(std::as_bytes(std::span{data, size}), false);
  using Outcome = wire::PeerFrameStep::Outcome;
  if (step.outcome == Outcome::frame) fuzz::require(sniffed == wire::Sniffed::frames);
  if (text.starts_with("GET ")) fuzz::require(sniffed == wire::Sniffed::web_socket);
  if (sniffed != wire::Sniffed::frames && size >= 4) fuzz::require(step.outcome == Outcome::error);
  if (sniffed == wire::Sniffed::web_socket) fuzz::require(text.front() == 'G');
  return 0;
}
