// Options: size (u8), strip (u8: bit 0), pad (u8).
#include "framing_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::Input input{data, size};
  const std::size_t fixed_size = std::max<std::size_t>(input.u8(), 1);
  const bool strip = (input.u8() & 1) != 0;
  const FixedLength options{.size = fixed_size, .pad = static_cast<char>(input.u8()), .strip = strip};
  fuzz::expect_same_however_cut(options, input, fixed_size);
  return 0;
}
