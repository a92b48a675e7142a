// Kinds of peers, by the names that a classifier gives them.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::app {

/// The kind of a peer that has not been classified, or that the classifier has no other name for. A kind as others are:
/// handlers may be for it.
inline constexpr std::string_view unclassified = "unclassified";

/// One or several of them, for what is registered for some kinds alone.
class Kinds {
 public:
  /// One.
  Kinds(std::string_view one) : names_{std::string{one}} {}  // NOLINT(google-explicit-constructor)
  Kinds(const char* one) : Kinds{std::string_view{one}} {}   // NOLINT(google-explicit-constructor)
  Kinds(const std::string& one) : names_{one} {}             // NOLINT(google-explicit-constructor)
  /// Several.
  Kinds(std::initializer_list<std::string_view> several) : names_(several.begin(), several.end()) {}
  /// The same.
  Kinds(std::vector<std::string> several) : names_{std::move(several)} {}  // NOLINT(google-explicit-constructor)

  /// As they were given.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace parley::app
