#include "codec_input.hpp"

#include <parley/codec/message_pack.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::expect_sound<parley::MessagePack>(data, size);
  return 0;
}
