// Bodies with places that are filled in for each message: {{count}}, {{time}}, {{random N}}.
//
// Everything else stays as it is, other words in braces included; {{{{ stands for {{ itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parley::tool {

class BodyTemplate {
 public:
  /// Throws BadBody for a {{random}} that does not say how much, or says more than `size_max`.
  BodyTemplate(std::string_view text, std::size_t size_max);

  /// The same text each time.
  [[nodiscard]] bool is_fixed() const noexcept;

  /// `count`: of the message, from 1. The time is told in UTC.
  [[nodiscard]] std::string fill_in(std::uint64_t count, std::chrono::system_clock::time_point now,
                                    std::mt19937_64& random) const;

 private:
  struct Count {};
  struct Time {};
  struct Random {
    std::size_t size;
  };
  using Part = std::variant<std::string, Count, Time, Random>;

  /// What the words between braces stand for; a string if nothing.
  [[nodiscard]] static Part read(std::string_view words, std::size_t size_max);
  /// At a "{{". Gives how much of the text is done with.
  std::size_t take_place(std::string_view text, std::size_t size_max);
  void add(std::string_view literal);

  std::vector<Part> parts_;
};

}  // namespace parley::tool
