#include <parley/app/classify.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace parley::app {

ByPrefix::ByPrefix(std::initializer_list<Entry> table, std::string_view otherwise)
    : ByPrefix{std::span<const Entry>{table.begin(), table.size()}, otherwise} {}

ByPrefix::ByPrefix(std::span<const Entry> table, std::string_view otherwise) : otherwise_{otherwise} {
  for (const auto& [prefix, kind] : table) {
    if (std::ranges::any_of(rows_, [&](const Row& row) { return row.prefix == prefix; })) {
      throw std::invalid_argument("the prefix \"" + std::string{prefix} + "\" is in the table twice");
    }
    const auto length_of = [](const Row& row) { return row.prefix.size(); };
    const auto place = std::ranges::upper_bound(rows_, prefix.size(), std::ranges::greater{}, length_of);
    rows_.insert(place, {std::string{prefix}, std::string{kind}});
  }
}

std::string_view ByPrefix::kind_of(std::string_view first) const noexcept {
  for (const Row& row : rows_) {
    if (first.starts_with(row.prefix)) return row.kind;
  }
  return otherwise_;
}

Kinds ByPrefix::kinds() const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const Row& row : rows_) add(row.kind);
  add(otherwise_);
  return Kinds{std::move(names)};
}

}  // namespace parley::app
