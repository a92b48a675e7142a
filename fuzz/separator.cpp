// Options: size of the separator and keep (u8: bits 0-2 the size less one, bit 3 keep), the separator.
#include "framing_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::Input input{data, size};
  const std::uint8_t shape = input.u8();
  Separator options{.bytes = std::string{input.text(1 + (shape & 7))}, .keep = (shape & 8) != 0};
  if (options.bytes.empty()) return 0;
  fuzz::expect_sound(options, input);
  return 0;
}
