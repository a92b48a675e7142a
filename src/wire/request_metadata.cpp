#include <parley/wire/request_metadata.hpp>

#include "wire/hex_digits.hpp"
#include "wire/json_scanner.hpp"

#include <parley/wire/utf8.hpp>

#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace parley::wire {
namespace {

/// The members that are known here, each at most once.
class MetadataScanner {
 public:
  MetadataScanner(std::string_view text, std::string& decoded) : json_{text, decoded} {}

  RequestMetadataScan scan() {
    const bool is_whole =
        json_.encoding() && json_.object([this](std::string_view key) { return member(key); }) && json_.end();
    if (is_whole && !has_type_) json_.fail("has no type");
    return {metadata_, json_.what(), json_.offset()};
  }

 private:
  bool member(std::string_view key) {
    if (key == "id") return once(has_id_) && json_.text(metadata_.id);
    if (key == "type") return once(has_type_) && type();
    if (key == "route") return once(metadata_.has_route) && json_.text(metadata_.route);
    return json_.value();
  }
  bool once(bool& seen) noexcept {
    if (seen) return json_.fail("has a key twice");
    return seen = true;
  }
  bool type() noexcept {
    metadata_.type_begin = json_.position();
    std::int32_t number = 0;
    if (!json_.whole_number(number)) return false;
    metadata_.type = static_cast<RequestType>(number);
    metadata_.type_end = json_.position();
    return true;
  }

  JsonScanner json_;
  RequestMetadata metadata_;
  bool has_id_ = false;
  bool has_type_ = false;
};

char* put(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

constexpr std::size_t type_size_max = 11;  // of any number of 32 bits

char* put(char* out, RequestType type) noexcept {
  return std::to_chars(out, out + type_size_max, static_cast<std::int32_t>(type)).ptr;
}

}  // namespace

RequestMetadataScan scan_metadata(std::string_view text, std::string& decoded) {
  return MetadataScanner{text, decoded}.scan();
}

void RequestId::put(char* out) const noexcept {
  for (const std::uint64_t half : {origin, number}) {
    for (int shift = 60; shift >= 0; shift -= 4) *out++ = hex_digits[half >> shift & 15];
  }
}

bool RequestId::parse(std::string_view text, RequestId& id) noexcept {
  if (text.size() != text_size) return false;
  std::array<std::uint64_t, 2> halves{};
  for (std::size_t i = 0; i < text_size; ++i) {
    const int digit = text[i] >= 'A' && text[i] <= 'F' ? -1 : hex_digit(text[i]);
    if (digit < 0) return false;
    halves[i / 16] = halves[i / 16] << 4 | static_cast<std::uint64_t>(digit);
  }
  id = {halves[0], halves[1]};
  return true;
}

std::string quoted_route(std::string_view route) {
  if (!is_utf8(route)) {
    throw std::invalid_argument{"a route's name has to be UTF-8, and byte " + std::to_string(valid_utf8_size(route)) +
                                " of this one is not"};
  }
  return json_quoted(route);
}

std::size_t put_metadata(char* out, const RequestId& id, RequestType type, std::string_view quoted_route) noexcept {
  char* at = wire::put(out, "{\"id\": \"");
  if (type != RequestType::notice) {
    id.put(at);
    at += RequestId::text_size;
  }
  at = wire::put(at, "\", \"type\": ");
  at = wire::put(at, type);
  if (!quoted_route.empty()) {
    at = wire::put(at, ", \"route\": ");
    at = wire::put(at, quoted_route);
  }
  *at++ = '}';
  return static_cast<std::size_t>(at - out);
}

std::size_t put_answer_metadata(char* out, std::string_view text, const RequestMetadata& request,
                                RequestType type) noexcept {
  char* at = wire::put(out, text.substr(0, request.type_begin));
  at = wire::put(at, type);
  at = wire::put(at, text.substr(request.type_end));
  return static_cast<std::size_t>(at - out);
}

}  // namespace parley::wire
