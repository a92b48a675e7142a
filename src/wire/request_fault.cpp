#include <parley/wire/request_fault.hpp>

#include "wire/json_scanner.hpp"

#include <parley/wire/utf8.hpp>

#include <charconv>

namespace parley::wire {
namespace {

constexpr std::size_t message_size_max = 64 * 1024;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// `text` with what is not UTF-8 replaced, a byte at a time, and cut where it is too long.
std::string readable(std::string_view text) {
  if (text.size() > message_size_max) {
    text = text.substr(0, message_size_max);
    if (const std::size_t valid = valid_utf8_size(text); text.size() - valid < 4) text = text.substr(0, valid);
  }
  std::string readable;
  while (!text.empty()) {
    const std::size_t valid = valid_utf8_size(text);  // looks no further than to the first bad byte
    readable += text.substr(0, valid);
    text.remove_prefix(valid);
    if (text.empty()) break;
    readable += replacement;
    text.remove_prefix(1);
  }
  return readable;
}

}  // namespace

std::string put_fault(const RequestFault& fault) {
  std::string text = "{\"code\": ";
  text += fault.code ? std::to_string(*fault.code) : "null";
  text += ", \"message\": ";
  text += json_quoted(readable(fault.message));
  if (!fault.reason.empty()) text += ", \"reason\": " + json_quoted(fault.reason);
  if (!fault.data.empty() && is_json(fault.data)) text += ", \"data\": " + fault.data;
  return text += '}';
}

std::string put_rejection(std::string_view message) { return "{\"message\": " + json_quoted(readable(message)) + '}'; }

std::optional<RequestFault> read_fault(std::string_view text) {
  std::string decoded;
  JsonScanner json{text, decoded};
  RequestFault fault;
  bool has_message = false;
  const auto take_text = [&](std::string& to) {
    std::string_view found;
    if (!json.text(found)) return false;
    to = found;
    return true;
  };
  const auto take_value = [&](std::string_view& to) {
    const std::size_t begin = json.position();
    if (!json.value()) return false;
    to = text.substr(begin, json.position() - begin);
    return true;
  };
  const auto member = [&](std::string_view key) {
    if (key == "message") return has_message = take_text(fault.message);
    if (key == "reason") return take_text(fault.reason);
    std::string_view value;
    if (!take_value(value)) return false;
    if (key == "data") fault.data = value;
    if (key == "code") {
      std::int64_t code = 0;
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), code);
      if (ec == std::errc{} && end == value.data() + value.size()) fault.code = code;
    }
    return true;
  };
  if (!json.encoding() || !json.object(member) || !json.end() || !has_message) return std::nullopt;
  return fault;
}

}  // namespace parley::wire
