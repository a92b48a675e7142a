// A header that is accepted is the only spelling of what it says.
#include <parley/wire/websocket.hpp>

#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::wire;
  const auto bytes = std::as_bytes(std::span{data, size});
  const WsHeaderStep step = decode_ws_header(bytes);
  if (step.kind == WsHeaderStep::Kind::need && size >= WsFrame::header_size_max) std::abort();
  if (step.kind != WsHeaderStep::Kind::frame) return 0;
  std::array<std::byte, WsFrame::header_size_max> again{};
  const std::size_t again_size = encode_ws_header(step.frame, again);
  if (again_size != step.consumed || std::memcmp(again.data(), data, again_size) != 0) std::abort();
  return 0;
}
