#include "app/classification.hpp"

#include <chrono>

namespace parley::app::detail {

std::string Classification::why_not_open(TimePoint now) const {
  const std::string what = "its first " + std::to_string(held_.size()) + " messages do not tell what the peer is";
  if (now >= deadline_) {
    const auto allowed = std::chrono::duration_cast<std::chrono::milliseconds>(limits_.time_max).count();
    return what + ", and the " + std::to_string(allowed) + " ms for that are over";
  }
  if (held_.size() >= limits_.count_max) {
    return what + ", and no more than " + std::to_string(limits_.count_max) + " are held";
  }
  if (size_ > limits_.size_max) {
    return what + ", and their " + std::to_string(size_) + " bytes exceed the limit of " +
           std::to_string(limits_.size_max);
  }
  return {};
}

}  // namespace parley::app::detail
