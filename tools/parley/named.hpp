// What an option's value may be: names, and what each stands for.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace parley::tool {

template <class T, std::size_t N>
using Named = std::array<std::pair<std::string_view, T>, N>;

template <class T, std::size_t N>
[[nodiscard]] constexpr std::optional<T> find_named(const Named<T, N>& all, std::string_view name) noexcept {
  for (const auto& [known, value] : all)
    if (known == name) return value;
  return std::nullopt;
}

}  // namespace parley::tool
