// The example of a custom framing, and the checks around custom decoders. Options: none.
#include "framing_input.hpp"

#include "examples/2_recipes/start_end_checksum.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::Input input{data, size};
  parley::fuzz::expect_sound(std::make_shared<StartEndChecksum>(), input);
  return 0;
}
