// Options: none. The messages of this framing are the chunks, so what must agree is the bytes in their order.
#include "framing_input.hpp"

namespace {

std::string joined(const parley::test::Decoded& decoded) {
  std::string bytes;
  for (const std::string& message : decoded.messages) bytes += message;
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::Input input{data, size};
  const std::size_t limit = std::max<std::size_t>(input.u8(), 1);
  const std::uint8_t seed = input.u8();
  const std::string_view stream = input.rest();
  const auto decoded =
      test::decode_chunks(Raw{}, limit, stream, fuzz::ChunkSizes{seed}, (seed & 1) != 0, (seed & 2) != 0);
  if (joined(decoded) != stream || decoded.ending != test::Decoded::Ending::end) std::abort();
  for (const std::string& message : decoded.messages)
    if (message.empty() || message.size() > limit) std::abort();
  return 0;
}
