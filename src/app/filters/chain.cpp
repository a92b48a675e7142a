#include <parley/app/filters/chain.hpp>

#include <parley/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley::app {
namespace {

void check_filters(std::span<const MakeFilter> filters) {
  for (const MakeFilter& make : filters)
    if (!make) throw std::invalid_argument("a filter of a chain is an empty function");
}

}  // namespace

FilterChain::FilterChain(std::span<const MakeFilter> filters) {
  check_filters(filters);
  filters_.reserve(filters.size());
  for (const MakeFilter& make : filters) {
    filters_.push_back(make());
    if (!filters_.back()) throw std::invalid_argument("a filter of a chain was made as a null pointer");
  }
}

FilterResult FilterChain::decode(Message message) {
  FilterResult result{std::move(message)};
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    result = filters_[i]->decode(std::move(result.message()));
    if (result.is_message()) continue;
    if (result.kind() == FilterResult::Kind::dropped && is_needed_behind(i))
      return FilterResult::failed(error::malformed,
                                  "a message was dropped that the next ones build on: " + result.sentence());
    break;
  }
  return result;
}

bool FilterChain::is_needed_behind(std::size_t index) const {
  return std::any_of(filters_.begin() + static_cast<std::ptrdiff_t>(index) + 1, filters_.end(),
                     [](const auto& filter) { return filter->needs_every_message(); });
}

FilterResult FilterChain::encode(Message message) {
  FilterResult result{std::move(message)};
  std::size_t first_done = filters_.size();  // of those that have encoded it
  const auto forget = [&] {
    while (first_done < filters_.size()) filters_[first_done++]->not_sent();
  };
  try {
    for (; first_done > 0; --first_done) {
      result = filters_[first_done - 1]->encode(std::move(result.message()));
      if (result.is_message()) continue;
      forget();
      break;
    }
  } catch (...) {
    forget();
    throw;
  }
  return result;
}

void FilterChain::not_sent() {
  for (const auto& filter : filters_) filter->not_sent();
}

bool FilterChain::needs_every_message() const {
  return std::any_of(filters_.begin(), filters_.end(),
                     [](const auto& filter) { return filter->needs_every_message(); });
}

MakeFilter chain(std::vector<MakeFilter> filters) {
  check_filters(filters);
  return [filters = std::move(filters)] { return std::make_unique<FilterChain>(filters); };
}

}  // namespace parley::app
