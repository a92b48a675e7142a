#include <parley/codec/text.hpp>

#include <parley/wire/utf8.hpp>

#include <stdexcept>

namespace parley::codec {

Message encode_text(std::string_view text) {
  const std::size_t size = wire::valid_utf8_size(text);
  if (size == text.size()) return Message{text};
  throw std::invalid_argument{"cannot encode: the text is not valid UTF-8 at its byte " + std::to_string(size)};
}

std::string_view decode_text(const Payload& payload) {
  const std::string_view text = payload.view();
  const std::size_t size = wire::valid_utf8_size(text);
  if (size == text.size()) return text;
  const std::string guess = guessed_format(payload.bytes());
  if (!guess.empty()) reject("$: this looks like " + guess + ", not text");
  reject("byte " + std::to_string(size) + ": the text is not valid UTF-8");
}

}  // namespace parley::codec
