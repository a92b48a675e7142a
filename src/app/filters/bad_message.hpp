// What the filters of the library answer for a received message that is not as it should be.
#pragma once

#include <parley/app/filter.hpp>
#include <parley/error.hpp>

#include <string>
#include <utility>

namespace parley::app::detail {

inline FilterResult bad_message(OnBadMessage rule, std::string sentence, error code = error::malformed) {
  if (rule == OnBadMessage::drop) return FilterResult::dropped(std::move(sentence));
  return FilterResult::failed(code, std::move(sentence));
}

inline std::string of_size(std::size_t size) { return "message of " + std::to_string(size) + " bytes"; }

}  // namespace parley::app::detail
