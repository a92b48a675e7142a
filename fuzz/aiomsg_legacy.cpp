// The wire of older aiomsg packages. Input: see dialect_input.hpp.
#include "dialect_input.hpp"

#include <parley/wire/aiomsg_legacy.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::expect_sound_dialect<parley::wire::AiomsgLegacy>(data, size);
  // Whatever a peer calls itself, it is known by something.
  const auto name = std::as_bytes(std::span{data, size});
  parley::fuzz::require(parley::wire::legacy_identity(name) == parley::wire::legacy_identity(name));
  return 0;
}
