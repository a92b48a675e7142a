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
    if (key == "timeout_ms") return once(has_timeout_) && json_.whole_number(metadata_.timeout_ms);
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
  bool has_timeout_ = false;
};

char* put(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

constexpr std::size_t number_size_max = 11;  // of 32 bits

char* put(char* out, std::int32_t number) noexcept { return std::to_chars(out, out + number_size_max, number).ptr; }
char* put(char* out, RequestType type) noexcept { return put(out, static_cast<std::int32_t>(type)); }

/// Metadata as put_metadata() writes it, as nearly all is; false for any other, of which nothing is said then.
class UsualMetadata {
 public:
  explicit UsualMetadata(std::string_view text) noexcept : text_{text} {}

  bool scan(RequestMetadata& metadata) noexcept {
    if (!pass(id_begin)) return false;
    metadata.id = digits();
    if (metadata.id.empty() || !pass(type_begin)) return false;
    metadata.type_begin = at_;
    std::int32_t type = 0;
    if (!number(type)) return false;
    metadata.type = static_cast<RequestType>(type);
    metadata.type_end = at_;
    if (pass(route_begin)) {
      metadata.has_route = true;
      metadata.route = plain();
      if (!pass("\"")) return false;
    }
    if (pass(timeout_begin) && !number(metadata.timeout_ms)) return false;
    return pass("}") && at_ == text_.size();
  }

 private:
  static constexpr std::string_view id_begin = "{\"id\": \"";
  static constexpr std::string_view type_begin = "\", \"type\": ";
  static constexpr std::string_view route_begin = ", \"route\": \"";
  static constexpr std::string_view timeout_begin = ", \"timeout_ms\": ";

  bool pass(std::string_view wanted) noexcept {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    return true;
  }
  /// JSON has no 01, and what else may be wrong with a number the other scanner tells.
  bool number(std::int32_t& to) noexcept {
    if (at_ == text_.size() || text_[at_] == '0' || text_[at_] == '-') return false;
    const auto [end, ec] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), to);
    at_ = static_cast<std::size_t>(end - text_.data());
    return ec == std::errc{};
  }
  /// Those of an id, or none.
  std::string_view digits() noexcept {
    RequestId ignored;
    const std::string_view id = text_.substr(at_, RequestId::text_size);
    if (!RequestId::parse(id, ignored)) return {};
    at_ += id.size();
    return id;
  }
  /// As far as it is ASCII and stands for itself.
  std::string_view plain() noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= ' ' && text_[at_] < '\x7f' && text_[at_] != '"' && text_[at_] != '\\')
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

RequestMetadataScan scan_metadata(std::string_view text, std::string& decoded) {
  RequestMetadataScan usual;
  if (UsualMetadata{text}.scan(usual.metadata)) return usual;
  return MetadataScanner{text, decoded}.scan();
}

std::string quoted_route(std::string_view route) {
  if (!is_utf8(route)) {
    throw std::invalid_argument{"a route's name has to be UTF-8, and byte " + std::to_string(valid_utf8_size(route)) +
                                " of this one is not"};
  }
  return json_quoted(route);
}

std::size_t put_metadata(char* out, const RequestId& id, RequestType type, std::string_view quoted_route,
                         std::int32_t timeout_ms) noexcept {
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
  if (timeout_ms != 0) {
    at = wire::put(at, ", \"timeout_ms\": ");
    at = wire::put(at, timeout_ms);
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
