#include <parley/codec/message_pack_writer.hpp>

#include <parley/wire/bytes.hpp>

#include <bit>
#include <string>
#include <utility>

namespace parley::codec {
namespace {

constexpr std::uint64_t size_limit = std::uint64_t{1} << 32;

}  // namespace

template <class Unsigned>
void MessagePackWriter::put(unsigned tag, Unsigned value) {
  char* const to = out_.room(1 + sizeof value);
  *to = static_cast<char>(tag);
  wire::store_big(reinterpret_cast<std::byte*>(to + 1), value);
  out_.advance(1 + sizeof value);
}

void MessagePackWriter::put_unsigned(std::uint64_t value) {
  if (value < 0x80) return put_tag(static_cast<unsigned>(value));
  if (std::in_range<std::uint8_t>(value)) return put(0xCC, static_cast<std::uint8_t>(value));
  if (std::in_range<std::uint16_t>(value)) return put(0xCD, static_cast<std::uint16_t>(value));
  if (std::in_range<std::uint32_t>(value)) return put(0xCE, static_cast<std::uint32_t>(value));
  put(0xCF, value);
}

void MessagePackWriter::put_text(std::string_view text) {
  require_utf8(text);
  const std::size_t size = text.size();
  if (size < 32) {
    put_tag(0xA0U | static_cast<unsigned>(size));
  } else if (std::in_range<std::uint8_t>(size)) {
    put(0xD9, static_cast<std::uint8_t>(size));
  } else if (std::in_range<std::uint16_t>(size)) {
    put(0xDA, static_cast<std::uint16_t>(size));
  } else if (size < size_limit) {
    put(0xDB, static_cast<std::uint32_t>(size));
  } else {
    fail("a string of 4 GiB or more");
  }
  out_.put(text);
}

void MessagePackWriter::null() { put_tag(0xC0); }
void MessagePackWriter::boolean(bool value) { put_tag(value ? 0xC3 : 0xC2); }

void MessagePackWriter::integer(std::int64_t value) {
  if (value >= 0) return put_unsigned(static_cast<std::uint64_t>(value));
  if (value >= -32) return put_tag(static_cast<std::uint8_t>(value));
  if (std::in_range<std::int8_t>(value)) return put(0xD0, static_cast<std::uint8_t>(value));
  if (std::in_range<std::int16_t>(value)) return put(0xD1, static_cast<std::uint16_t>(value));
  if (std::in_range<std::int32_t>(value)) return put(0xD2, static_cast<std::uint32_t>(value));
  put(0xD3, static_cast<std::uint64_t>(value));
}

void MessagePackWriter::integer(std::uint64_t value) { put_unsigned(value); }
void MessagePackWriter::real(double value) { put(0xCB, std::bit_cast<std::uint64_t>(value)); }
void MessagePackWriter::real(float value) { put(0xCA, std::bit_cast<std::uint32_t>(value)); }
void MessagePackWriter::string(std::string_view value) { put_text(value); }

void MessagePackWriter::bytes(std::span<const std::byte> value) {
  const std::size_t size = value.size();
  if (std::in_range<std::uint8_t>(size)) {
    put(0xC4, static_cast<std::uint8_t>(size));
  } else if (std::in_range<std::uint16_t>(size)) {
    put(0xC5, static_cast<std::uint16_t>(size));
  } else if (size < size_limit) {
    put(0xC6, static_cast<std::uint32_t>(size));
  } else {
    fail("a byte string of 4 GiB or more");
  }
  out_.put(value);
}

void MessagePackWriter::begin_array(std::size_t count) {
  enter();
  if (count < 16) {
    put_tag(0x90U | static_cast<unsigned>(count));
  } else if (std::in_range<std::uint16_t>(count)) {
    put(0xDC, static_cast<std::uint16_t>(count));
  } else if (count < size_limit) {
    put(0xDD, static_cast<std::uint32_t>(count));
  } else {
    fail("an array of 2^32 elements or more");
  }
}

void MessagePackWriter::end_array(std::size_t) { leave(); }

void MessagePackWriter::begin_map(std::size_t count) {
  enter();
  if (count < 16) {
    put_tag(0x80U | static_cast<unsigned>(count));
  } else if (std::in_range<std::uint16_t>(count)) {
    put(0xDE, static_cast<std::uint16_t>(count));
  } else if (count < size_limit) {
    put(0xDF, static_cast<std::uint32_t>(count));
  } else {
    fail("an object of 2^32 fields or more");
  }
}

void MessagePackWriter::end_map(std::size_t) { leave(); }

void MessagePackWriter::key(std::string_view key) {
  remember_key(key);
  put_text(key);
}

void MessagePackWriter::key(std::int64_t key) { integer(key); }
void MessagePackWriter::key(std::uint64_t key) { integer(key); }

}  // namespace parley::codec
