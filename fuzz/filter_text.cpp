// The input is a filter's text form. What is accepted makes filters that undo what they did.
#include "require.hpp"
#include "tests/support/filtering.hpp"

#include <parley/app/filters/named.hpp>
#include <parley/error.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

parley::app::MakeFilter accepted(std::string_view text) {
  try {
    return parley::app::filter_named(text);
  } catch (const std::invalid_argument&) {
    return {};
  }
}

/// What stands behind `key` in the last option that has it; nothing when there is none, or escapes would have to be
/// read.
std::string_view plain_value(std::string_view text, std::string_view key) {
  const std::size_t at = text.rfind(key);
  if (at == std::string_view::npos) return {};
  const std::string_view value = text.substr(at + key.size());
  return value.substr(0, value.find(',')).find('\\') == std::string_view::npos ? value.substr(0, value.find(','))
                                                                               : std::string_view{};
}

/// A limit on what comes in says nothing about what goes out.
bool is_too_large(const parley::app::FilterResult& result) { return result.code() == parley::error::message_too_large; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const app::MakeFilter make = accepted(text);
  if (!make) return 0;
  const auto here = make();
  const auto there = make();
  const bool can_drop = (',' + std::string{text} + ',').find(",drop,") != std::string::npos;
  for (const std::string body : {"some text", "some text, and more of it", ""}) {
    const std::string sent = test::encoded(*here, body);
    if (text.starts_with("start-end,"))
      fuzz::require(sent.starts_with(plain_value(text, ",start=")) && sent.ends_with(plain_value(text, ",end=")));
    const app::FilterResult result = there->decode(sent);
    if (!result.is_message() && (can_drop || is_too_large(result))) return 0;
    fuzz::require(test::text_of(result) == body);
  }
  return 0;
}
