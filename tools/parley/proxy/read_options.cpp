#include "proxy/read_options.hpp"

#include "named.hpp"
#include "socket/read_options.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string_view>

namespace parley::tool {
namespace {

constexpr Named<double, 6> size_units{
    {{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"Ki", 1024}, {"Mi", 1024.0 * 1024}, {"Gi", 1024.0 * 1024 * 1024}}};

PartyOptions read_side(const ProxyWords& words, const std::string& endpoint, bool connects) {
  PartyWords side;
  (connects ? side.dialled : side.bound).push_back(endpoint);
  side.dialect = words.dialect;
  side.delivery = words.delivery.value_or("at-least-once");
  PartyOptions party = read_party(side);
  if (party.socket.delivery == Delivery::at_least_once) party.socket.acknowledge = Acknowledge::by_application;
  return party;
}

FaultOptions::Delay read_delay(const std::string& text) {
  const std::size_t dots = text.find("..");
  const std::optional<Seconds> least = parse_time(std::string_view{text}.substr(0, dots));
  const std::optional<Seconds> most =
      dots == std::string::npos ? least : parse_time(std::string_view{text}.substr(dots + 2));
  if (!least || !most || *most < *least || *most == Seconds::zero())
    refuse(fmt::format("--delay is a time, such as 20ms, or two of them, such as 5ms..50ms, not {}", quote(text)));
  return {*least, *most};
}

double read_chance(const std::string& text) {
  const std::string_view number = std::string_view{text}.substr(0, text.size() - (text.ends_with('%') ? 1 : 0));
  const std::optional<double> percent = parse_decimal(number);
  if (!percent || *percent == 0 || *percent > 100)
    refuse(fmt::format("--drop is a percentage above 0 and up to 100, not {}", quote(text)));
  return *percent / 100;
}

double read_throttle(const std::string& text) {
  std::string_view rest = text;
  if (rest.ends_with("/s")) rest.remove_suffix(2);
  if (rest.ends_with('B')) rest.remove_suffix(1);
  const std::size_t digits_end = rest.find_last_of("0123456789.") + 1;
  const std::string_view unit = rest.substr(digits_end);
  const std::optional<double> factor = unit.empty() ? 1 : find_named(size_units, unit);
  const std::optional<double> number = parse_decimal(rest.substr(0, digits_end));
  if (!factor || !number || *number == 0)
    refuse(fmt::format("--throttle is a number of bytes a second above 0, such as 5000, 64Ki or 10M, not {}",
                       quote(text)));
  return *number * *factor;
}

}  // namespace

void read_proxy(const ProxyWords& words, ProxyOptions& options) {
  read_common(words, options);
  options.front = read_side(words, words.front, words.front_connects);
  options.back = read_side(words, words.back, words.back_connects);
  FaultOptions& faults = options.faults;
  if (words.cut) faults.cut_interval = read_time("--cut", *words.cut);
  if (words.delay) faults.delay = read_delay(*words.delay);
  if (words.drop) faults.drop_chance = read_chance(*words.drop);
  if (words.throttle) faults.throttle = read_throttle(*words.throttle);
  if (words.seed && !faults.any()) refuse("--seed chooses among faults; give --cut, --delay, --drop or --throttle");
  faults.seed = words.seed ? read_whole_number("--seed", *words.seed, 0, UINT64_MAX) : std::random_device{}();
  check_parties(options.tls, {&options.front, &options.back});
}

}  // namespace parley::tool
