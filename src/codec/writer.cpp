#include <parley/codec/writer.hpp>

#include <parley/wire/utf8.hpp>

#include "codec/words.hpp"

#include <stdexcept>

namespace parley::codec {

void Writer::require_utf8(std::string_view text) const {
  if (wire::is_utf8(text)) return;
  const std::size_t size = wire::valid_utf8_size(text);
  fail("a string is not valid UTF-8 at its byte " + std::to_string(size) +
       "; bytes that are not text go into a std::vector<std::byte>");
}

void Writer::fail(const std::string& about) const {
  if (last_key_.empty()) throw std::invalid_argument{"cannot encode: " + about};
  throw std::invalid_argument{"cannot encode: " + about + " (at or after " + quoted(last_key_) + ")"};
}

void Writer::fail_depth() const { fail("nested deeper than " + std::to_string(depth_max_) + " arrays and objects"); }

}  // namespace parley::codec
