// The aiomsg protocol, version 1. Input: see dialect_input.hpp.
#include "dialect_input.hpp"

#include <parley/wire/aiomsg.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::expect_sound_dialect<parley::wire::Aiomsg>(data, size);
  return 0;
}
