// Options: width and order (u8: bits 0-1 the logarithm of the width, bit 2 little-endian), offset (i8).
#include "framing_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::Input input{data, size};
  const std::uint8_t shape = input.u8();
  const LengthPrefixed options{.width = std::size_t{1} << (shape & 3),
                               .order = (shape & 4) != 0 ? ByteOrder::little : ByteOrder::big,
                               .offset = static_cast<std::int8_t>(input.u8())};
  fuzz::expect_sound(options, input);
  return 0;
}
