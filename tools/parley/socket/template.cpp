#include "socket/template.hpp"

#include "body_format.hpp"
#include "text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace parley::tool {
namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";
constexpr std::string_view doubled = "{{{{";
constexpr std::string_view characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string random_text(std::size_t size, std::mt19937_64& random) {
  std::uniform_int_distribution<std::size_t> any{0, characters.size() - 1};
  std::string text(size, '\0');
  std::generate(text.begin(), text.end(), [&] { return characters[any(random)]; });
  return text;
}

/// As in 2024-02-29T12:00:00.000001Z.
std::string time_text(std::chrono::system_clock::time_point now) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(now);
  const auto rest = std::chrono::floor<std::chrono::microseconds>(now - whole);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     rest.count());
}

}  // namespace

BodyTemplate::BodyTemplate(std::string_view text, std::size_t size_max) {
  while (!text.empty()) {
    const std::size_t at = std::min(text.find(opening), text.size());
    add(text.substr(0, at));
    text.remove_prefix(at);
    if (text.starts_with(doubled)) {
      add(opening);
      text.remove_prefix(doubled.size());
    } else if (!text.empty()) {
      text.remove_prefix(take_place(text, size_max));
    }
  }
}

std::size_t BodyTemplate::take_place(std::string_view text, std::size_t size_max) {
  const std::size_t end = text.find(closing, opening.size());
  Part part;
  if (end != std::string_view::npos) part = read(text.substr(opening.size(), end - opening.size()), size_max);
  if (std::holds_alternative<std::string>(part)) {
    add(text.substr(0, 1));  // the next two braces may be it
    return 1;
  }
  parts_.push_back(std::move(part));
  return end + closing.size();
}

BodyTemplate::Part BodyTemplate::read(std::string_view words, std::size_t size_max) {
  words = trimmed(words);
  if (words == "count") return Count{};
  if (words == "time") return Time{};
  constexpr std::string_view random = "random";
  if (words != random && !words.starts_with("random ")) return std::string{};
  const std::string_view number = trimmed(words.substr(random.size()));
  std::size_t size = 0;
  const auto [stop, failure] = std::from_chars(number.data(), number.data() + number.size(), size);
  const bool is_number = failure == std::errc{} && stop == number.data() + number.size();
  if (!is_number || size == 0 || size > size_max)
    throw BadBody(
        fmt::format("{{{{random N}}}} wants a number of characters from 1 to {} (see --max-size), not {}; "
                    "--literal sends bodies as they are",
                    size_max, quote(number)));
  return Random{size};
}

void BodyTemplate::add(std::string_view literal) {
  if (literal.empty()) return;
  if (parts_.empty() || !std::holds_alternative<std::string>(parts_.back())) parts_.emplace_back(std::string{});
  std::get<std::string>(parts_.back()) += literal;
}

bool BodyTemplate::is_fixed() const noexcept {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return std::holds_alternative<std::string>(part); });
}

std::string BodyTemplate::fill_in(std::uint64_t count, std::chrono::system_clock::time_point now,
                                  std::mt19937_64& random) const {
  std::string body;
  for (const Part& part : parts_) {
    if (const auto* const literal = std::get_if<std::string>(&part)) body += *literal;
    if (std::holds_alternative<Count>(part)) body += std::to_string(count);
    if (std::holds_alternative<Time>(part)) body += time_text(now);
    if (const auto* const wanted = std::get_if<Random>(&part)) body += random_text(wanted->size, random);
  }
  return body;
}

}  // namespace parley::tool
