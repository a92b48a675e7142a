// What a payload looks like that could not be read: the commonest mistake is that the peer speaks another format.
#include "codec/ending.hpp"
#include "codec/parsers.hpp"

#include <parley/codec/codec.hpp>

namespace parley::codec {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view{}
                                         : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Something in brackets or quotes; bare numbers and words look like many things.
bool looks_like_json(std::string_view payload) {
  const std::string_view text = trimmed(payload);
  if (text.size() < 2) return false;
  const char first = text.front();
  const char last = text.back();
  return (first == '{' && last == '}') || (first == '[' && last == ']') || (first == '"' && last == '"');
}

bool looks_like_pickle(std::string_view payload) {
  return payload.size() >= 4 && payload[0] == '\x80' && payload[1] >= 2 && payload[1] <= 5 && payload.back() == '.';
}

/// One whole value that does not begin with what could be text.
bool looks_like_message_pack(std::string_view payload) {
  if (payload.empty() || static_cast<unsigned char>(payload[0]) < 0x80) return false;
  const Payload bytes{payload};
  const Rules rules;
  Decoder decoder{{&skipping(), nullptr}, bytes, rules};
  return read_message_pack(bytes, decoder);
}

}  // namespace

std::string guessed_format(std::span<const std::byte> payload) {
  const std::string_view text = Payload{payload}.view();
  if (looks_like_pickle(text)) return "a Python pickle (protocol " + std::to_string(text[1]) + ")";
  if (looks_like_json(text)) return "JSON";
  if (text.starts_with("\x1f\x8b")) return "gzip";
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return "UTF-16";
  if (text.starts_with("GET ") || text.starts_with("POST ") || text.starts_with("HTTP/")) return "HTTP";
  if (trimmed(text).starts_with('<') && trimmed(text).ends_with('>')) return "XML or HTML";
  if (looks_like_message_pack(text)) return "MessagePack";
  return {};
}

std::string ending_of(const Decoder& decoder, std::string_view format) {
  if (!decoder.failed()) return {};
  const std::span<const std::byte> payload = decoder.payload().bytes();
  if (payload.empty()) return "$: the payload is empty";
  // A pickle begins as MessagePack's empty object does, which may well be what failed.
  if (decoder.failed_at_root() || looks_like_pickle(decoder.payload().view())) {
    const std::string guess = guessed_format(payload);
    if (!guess.empty() && !guess.starts_with(format))
      return "$: this looks like " + guess + ", not " + std::string{format};
  }
  return decoder.sentence();
}

}  // namespace parley::codec
