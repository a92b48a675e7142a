// Options: none.
#include "framing_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::Input input{data, size};
  parley::fuzz::expect_sound(parley::UntilEof{}, input);
  return 0;
}
