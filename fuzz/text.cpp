// The input is a payload of Text, and a string to be quoted: UTF-8 is what both agree on.
#include <parley/codec/codec.hpp>
#include <parley/codec/text.hpp>
#include <parley/codec/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload{reinterpret_cast<const char*>(data), size};
  const bool valid = parley::codec::valid_utf8_size(payload) == size;
  if (valid != parley::codec::is_utf8(payload)) std::abort();
  try {
    if (parley::Text{}.decode(payload) != payload || !valid) std::abort();
  } catch (const parley::Error&) {
    if (valid) std::abort();
  }
  return 0;
}
