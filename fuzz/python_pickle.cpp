#include "codec_input.hpp"

#include <parley/codec/python_pickle.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::expect_sound<parley::PythonPickle>(data, size);
  return 0;
}
