// Options: size (u8), strip (u8: bit 0), pad (u8).
#include "framing_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::Input input{data, size};
  const std::size_t fixed_size = std::max<std::size_t>(input.u8(), 1);
  const bool strip = (input.u8() & 1) != 0;
  const FixedLength options{.size = fixed_size, .pad = static_cast<char>(input.u8()), .strip = strip};
  for (const std::string& message : fuzz::expect_sound(options, input, fixed_size).messages)
    fuzz::require(message.size() <= fixed_size && !(strip && message.ends_with(options.pad)));
  return 0;
}
