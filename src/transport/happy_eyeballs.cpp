#include "transport/happy_eyeballs.hpp"

#include <algorithm>
#include <cassert>

namespace parley::transport {
namespace {

using Family = HappyEyeballs::Family;

/// Families in turn, beginning with that of the first address; within a family the order stays.
std::vector<std::size_t> interleave(std::span<const Family> addresses) {
  std::vector<std::size_t> first_family;
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    (addresses[i] == addresses.front() ? first_family : others).push_back(i);
  }
  std::vector<std::size_t> order;
  order.reserve(addresses.size());
  for (std::size_t i = 0; i < std::max(first_family.size(), others.size()); ++i) {
    if (i < first_family.size()) order.push_back(first_family[i]);
    if (i < others.size()) order.push_back(others[i]);
  }
  return order;
}

}  // namespace

HappyEyeballs::HappyEyeballs(std::span<const Family> addresses, Duration attempt_delay)
    : attempt_delay_{std::max(attempt_delay, Duration::zero())}, order_{interleave(addresses)} {}

std::optional<std::size_t> HappyEyeballs::next_start(TimePoint now) {
  if (next_ == order_.size() || now < due_) return std::nullopt;
  // A delay too long for the clock means: only when an attempt fails.
  due_ = attempt_delay_ < TimePoint::max() - now ? now + attempt_delay_ : TimePoint::max();
  ++running_;
  return order_[next_++];
}

void HappyEyeballs::failed(TimePoint now) {
  assert(running_ > 0);
  --running_;
  due_ = std::min(due_, now);
}

TimePoint HappyEyeballs::next_deadline() const noexcept { return next_ == order_.size() ? TimePoint::max() : due_; }

}  // namespace parley::transport
