// The input is a framing's text form. What is accepted must be written so that it reads as the same again.
#include <parley/wire/framing_text.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace {

std::optional<parley::Framing> accepted(std::string_view text) {
  try {
    return parley::parse_framing(text);
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto framing = accepted(text);
  if (!framing) return 0;
  const std::string written = to_string(*framing);
  if (written != framing->name() || parley::parse_framing(written) != *framing) std::abort();
  for (const char c : written)
    if (c <= ' ' || c > '~') std::abort();
  return 0;
}
