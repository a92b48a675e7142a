#include <parley/app/history.hpp>

#include <ostream>
#include <string_view>

namespace parley::app {
namespace {

constexpr std::size_t shown_size_max = 200;

std::string shown(const Message& message) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : message.view().substr(0, shown_size_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      text += "\\n";
    } else if (c == '\r') {
      text += "\\r";
    } else if (c == '\\') {
      text += "\\\\";
    } else if (byte < 0x20 || byte >= 0x7F) {
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 0xF]};
    } else {
      text += c;
    }
  }
  if (message.size() > shown_size_max) text += "… (" + std::to_string(message.size()) + " bytes)";
  return text;
}

}  // namespace

std::string to_string(const HistoryEntry& entry) {
  std::string line = entry.from == HistoryEntry::From::peer ? "peer: " : "here: ";
  line += shown(entry.in_program);
  if (entry.on_wire != entry.in_program) line += " (on the wire: " + shown(entry.on_wire) + ")";
  return line;
}

std::string to_string(const History& history) {
  std::string text;
  if (history.forgotten_count > 0) text = "(" + std::to_string(history.forgotten_count) + " older messages)\n";
  for (const HistoryEntry& entry : history.entries) text += to_string(entry) + "\n";
  return text;
}

std::ostream& operator<<(std::ostream& out, const HistoryEntry& entry) { return out << to_string(entry); }
std::ostream& operator<<(std::ostream& out, const History& history) { return out << to_string(history); }

}  // namespace parley::app
