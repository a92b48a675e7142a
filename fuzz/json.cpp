#include "codec_input.hpp"

#include <parley/codec/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::expect_sound<parley::Json>(data, size);
  return 0;
}
