// Numeric addresses, by hand: the standard library has none, and resolvers are too lenient (they take "1.2.3" and
// "0x7f.1" for addresses).
#include "endpoint_parts.hpp"

#include <algorithm>
#include <cstdio>

namespace parley {
namespace {

/// Up to four hexadecimal digits at the front of `text`, which are removed from it.
std::optional<std::uint16_t> take_group(std::string_view& text) noexcept {
  unsigned value = 0;
  std::size_t digit_count = 0;
  while (digit_count < text.size() && percent::hex_value(text[digit_count]) >= 0) {
    if (digit_count == 4) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(percent::hex_value(text[digit_count]));
    ++digit_count;
  }
  if (digit_count == 0) return std::nullopt;
  text.remove_prefix(digit_count);
  return static_cast<std::uint16_t>(value);
}

struct GroupRun {
  std::array<std::uint16_t, 8> groups{};
  std::size_t count = 0;

  [[nodiscard]] bool push(std::uint32_t group) noexcept {
    if (count == groups.size()) return false;
    groups[count++] = static_cast<std::uint16_t>(group);
    return true;
  }
};

/// Groups between single colons; the last two may be a dotted quad. Empty text is no groups.
std::optional<GroupRun> parse_run(std::string_view text, bool may_end_in_ipv4) noexcept {
  GroupRun run;
  while (!text.empty()) {
    if (const auto quad = may_end_in_ipv4 ? parse_ipv4(text) : std::nullopt) {
      if (!run.push(*quad >> 16) || !run.push(*quad & 0xFFFF)) return std::nullopt;
      return run;
    }
    const auto group = take_group(text);
    if (!group || !run.push(*group)) return std::nullopt;
    if (text.empty()) return run;
    if (text.front() != ':' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  return run;
}

struct ZeroRun {
  std::size_t begin = 0;
  std::size_t count = 0;
};

/// The first of the longest runs of at least two zero groups (RFC 5952, 4.2.2 and 4.2.3).
ZeroRun longest_zero_run(const Ipv6Groups& groups) noexcept {
  ZeroRun best;
  for (std::size_t begin = 0; begin < groups.size(); ++begin) {
    std::size_t end = begin;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - begin >= 2 && end - begin > best.count) best = {begin, end - begin};
  }
  return best;
}

std::string format_mapped_ipv4(const Ipv6Groups& groups) {
  char text[sizeof "::ffff:255.255.255.255"];
  std::snprintf(text, sizeof text, "::ffff:%d.%d.%d.%d", groups[6] >> 8, groups[6] & 0xFF, groups[7] >> 8,
                groups[7] & 0xFF);
  return text;
}

}  // namespace

std::optional<std::uint32_t> parse_ipv4(std::string_view text) noexcept {
  std::uint32_t address = 0;
  for (int octet_count = 0; octet_count < 4; ++octet_count) {
    if (octet_count > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const std::size_t digit_count = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digit_count == 0 || digit_count > 3 || (digit_count > 1 && text.front() == '0')) return std::nullopt;
    std::uint32_t octet = 0;
    for (const char digit : text.substr(0, digit_count)) octet = octet * 10 + static_cast<std::uint32_t>(digit - '0');
    if (octet > 255) return std::nullopt;
    address = address << 8 | octet;
    text.remove_prefix(digit_count);
  }
  if (!text.empty()) return std::nullopt;
  return address;
}

std::optional<Ipv6Groups> parse_ipv6(std::string_view text) noexcept {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto run = parse_run(text, true);
    if (!run || run->count != 8) return std::nullopt;
    return run->groups;
  }
  const auto head = parse_run(text.substr(0, gap), false);
  const auto tail = parse_run(text.substr(gap + 2), true);
  // RFC 4291 lets `::` stand for one group and more, never for none.
  if (!head || !tail || head->count + tail->count > 7) return std::nullopt;
  Ipv6Groups groups = head->groups;
  std::copy_n(tail->groups.begin(), tail->count, groups.end() - static_cast<std::ptrdiff_t>(tail->count));
  return groups;
}

std::string format_ipv6(const Ipv6Groups& groups) {
  const bool is_mapped =
      std::all_of(groups.begin(), groups.begin() + 5, [](auto group) { return group == 0; }) && groups[5] == 0xFFFF;
  if (is_mapped) return format_mapped_ipv4(groups);

  const ZeroRun zeros = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (zeros.count > 0 && i == zeros.begin) {
      text += "::";
      i += zeros.count - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char group[5];
    std::snprintf(group, sizeof group, "%x", static_cast<unsigned>(groups[i]));
    text += group;
  }
  return text;
}

}  // namespace parley
