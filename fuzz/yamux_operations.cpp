// Two ends of a session of yamux, and programs that do anything; a checker reads what is on the wire between them.
// Input: see mux_input.hpp.
#include "mux_input.hpp"

#include <parley/wire/yamux.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::expect_sound_mux_operations<wire::Yamux, test::YamuxWireChecker>(data, size);
  return 0;
}
