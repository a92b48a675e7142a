// Two ends of a session of tcpchan, and programs that do anything; a checker reads what is on the wire between them.
// Input: see mux_input.hpp.
#include "mux_input.hpp"

#include <parley/wire/tcpchan.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  fuzz::expect_sound_mux_operations<wire::TcpChan, test::TcpChanWireChecker>(data, size);
  return 0;
}
