#include "app/filters/checksums.hpp"
#include "wire/escaped_bytes.hpp"

#include <parley/app/filters/checksum.hpp>
#include <parley/app/filters/deflate.hpp>
#include <parley/app/filters/named.hpp>
#include <parley/app/filters/start_end.hpp>

#include <charconv>
#include <concepts>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley::app {
namespace {

using Words = std::vector<std::string_view>;

/// What the filters share, so that it can be spoken of in the same words.
constexpr std::string_view checksum_options = "hex, big, little, skip=N and drop";
constexpr std::string_view deflate_options = "level=N, context, max=BYTES and drop";
constexpr std::string_view start_end_options = "start=BYTES, end=BYTES and drop";

[[noreturn]] void refuse(const std::string& sentence) { throw std::invalid_argument(sentence); }

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

/// The name, then the options.
Words words_of(std::string_view text) {
  Words words;
  for (;;) {
    const std::size_t comma = text.find(',');
    words.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return words;
    text.remove_prefix(comma + 1);
  }
}

[[noreturn]] void refuse_option(std::string_view name, std::string_view option, std::string_view accepted) {
  refuse("the filter " + std::string{name} + " has the options " + std::string{accepted} + ", not " + quoted(option));
}

/// What stands behind `key` and an equals sign; nothing for another option.
std::optional<std::string_view> value_of(std::string_view option, std::string_view key) {
  if (!option.starts_with(key) || !option.substr(key.size()).starts_with('=')) return std::nullopt;
  return option.substr(key.size() + 1);
}

template <std::integral Number>
Number number_of(std::string_view option, std::string_view digits) {
  Number number{};
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc{} || end != digits.data() + digits.size()) refuse(quoted(option) + " needs a number");
  return number;
}

/// The checksums, and their other names.
std::optional<ChecksumKind> checksum_named(std::string_view name) {
  if (name == "crc16") return ChecksumKind::crc16_modbus;
  for (const detail::ChecksumTraits& each : detail::all_checksums)
    if (each.name == name) return each.kind;
  return std::nullopt;
}

MakeFilter checksum_of(ChecksumKind kind, const Words& words) {
  Checksum options{.kind = kind};
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "hex")
      options.form = ChecksumForm::hexadecimal;
    else if (words[i] == "big")
      options.order = ByteOrder::big;
    else if (words[i] == "little")
      options.order = ByteOrder::little;
    else if (words[i] == "drop")
      options.on_bad_message = OnBadMessage::drop;
    else if (const auto skip = value_of(words[i], "skip"))
      options.skip = number_of<std::size_t>(words[i], *skip);
    else
      refuse_option(words[0], words[i], checksum_options);
  }
  return checksum_filter(options);
}

MakeFilter deflate_of(const Words& words) {
  Deflate options;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "context")
      options.keeps_context = true;
    else if (words[i] == "drop")
      options.on_bad_message = OnBadMessage::drop;
    else if (const auto level = value_of(words[i], "level"))
      options.level = number_of<int>(words[i], *level);
    else if (const auto max = value_of(words[i], "max"))
      options.inflated_size_max = number_of<std::size_t>(words[i], *max);
    else
      refuse_option(words[0], words[i], deflate_options);
  }
  return deflate_filter(options);
}

MakeFilter start_end_of(const Words& words) {
  StartEnd options;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "drop")
      options.on_bad_message = OnBadMessage::drop;
    else if (const auto start = value_of(words[i], "start"))
      options.start = wire::unescape(*start);
    else if (const auto end = value_of(words[i], "end"))
      options.end = wire::unescape(*end);
    else
      refuse_option(words[0], words[i], start_end_options);
  }
  return start_end_filter(options);
}

}  // namespace

MakeFilter filter_named(std::string_view text) {
  const Words words = words_of(text);
  if (const auto kind = checksum_named(words[0])) return checksum_of(*kind, words);
  if (words[0] == "deflate") return deflate_of(words);
  if (words[0] == "start-end") return start_end_of(words);
  std::string names = "crc16";
  for (const detail::ChecksumTraits& each : detail::all_checksums) names += ", " + std::string{each.name};
  refuse("unknown filter " + quoted(words[0]) + "; the filters are " + names + ", deflate and start-end");
}

}  // namespace parley::app
