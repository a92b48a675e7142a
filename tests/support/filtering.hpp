// Messages through a filter, for tests that expect them to come out.
#pragma once

#include <parley/app/filter.hpp>

#include <stdexcept>
#include <string>

namespace parley::test {

inline std::string text_of(const app::FilterResult& result) {
  if (!result.is_message()) throw std::logic_error{"the filter let no message through: " + result.sentence()};
  return result.message().text();
}

/// Throws std::logic_error, with the filter's sentence, when no message comes out.
inline std::string encoded(app::Filter& filter, const std::string& body) { return text_of(filter.encode(body)); }
inline std::string decoded(app::Filter& filter, const std::string& received) {
  return text_of(filter.decode(received));
}

}  // namespace parley::test
