// One end of a session of tcpchan, and a peer that says anything. Input: see mux_input.hpp.
#include "mux_input.hpp"

#include <parley/wire/tcpchan.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::expect_sound_mux_bytes<parley::wire::TcpChan>(data, size);
  return 0;
}
