// What alarm panels and the receiver say to each other; the simulator speaks it from the other end.
//
//   kind      its first message         then, both ways
//   checked   !!100042, and a CRC       lines, each with a CRC: four digits behind the text, Modbus's
//   records   ##200043                  records of 24 bytes, filled up with spaces
//   plain     300044                    lines
//
// The first message is the account, and counts as event 0. Events are `NUMBER NAME`. Each is answered by `ACK NUMBER`;
// what cannot be understood, by `NAK`.
#pragma once

#include <parley/app/filters/checksum.hpp>
#include <parley/parley.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace panels {

inline constexpr std::string_view checked = "checked";
inline constexpr std::string_view records = "records";
inline constexpr std::string_view plain = "plain";

inline constexpr std::string_view checked_prefix = "!!";
inline constexpr std::string_view records_prefix = "##";

inline constexpr std::size_t message_size_max = 256;
inline constexpr std::size_t record_size = 24;
inline constexpr std::string_view refusal = "NAK";
inline constexpr std::array<std::string_view, 4> event_names{"test", "fire", "burglary", "tamper"};

/// A panel that says more than this in a second floods.
inline constexpr unsigned messages_per_second_max = 100;

inline parley::Framing first_framing() { return parley::Separator{"\n"}; }
inline parley::Framing record_framing() { return parley::FixedLength{.size = record_size, .pad = ' ', .strip = true}; }

/// A line that was damaged on the way is left out, and the panel stays: the next may be whole again.
inline parley::app::MakeFilter crc_filter() {
  parley::app::Checksum crc;
  crc.kind = parley::app::ChecksumKind::crc16_modbus;
  crc.form = parley::app::ChecksumForm::hexadecimal;
  crc.on_bad_message = parley::app::OnBadMessage::drop;
  return parley::app::checksum_filter(crc);
}

inline std::optional<unsigned> number_in(std::string_view digits) {
  unsigned number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, number);
  if (failure != std::errc{} || stop != end) return std::nullopt;
  return number;
}

/// What a first message says; 0 is nobody's.
inline std::optional<unsigned> account_in(std::string_view first) {
  if (first.starts_with(checked_prefix) || first.starts_with(records_prefix)) first.remove_prefix(2);
  return number_in(first);
}

struct Event {
  unsigned number;
  std::string_view name;  // one of event_names
};

inline std::optional<Event> event_in(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::optional<unsigned> number = number_in(text.substr(0, space));
  const auto name = std::find(event_names.begin(), event_names.end(), text.substr(space + 1));
  if (!number || name == event_names.end()) return std::nullopt;
  return Event{*number, *name};
}

inline std::string acknowledgement(unsigned number) { return "ACK " + std::to_string(number); }

}  // namespace panels
