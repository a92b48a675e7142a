#include "codec/pickle_opcodes.hpp"

#include <parley/codec/python_pickle_writer.hpp>
#include <parley/wire/bytes.hpp>

#include <bit>
#include <utility>

namespace parley::codec {
namespace {

using pickle::Opcode;
using enum pickle::Opcode;

char code(Opcode opcode) { return static_cast<char>(opcode); }

/// PROTO 4, FRAME and its size.
constexpr std::size_t header_size = 11;

}  // namespace

PythonPickleWriter::PythonPickleWriter(std::size_t depth_max) : Writer{depth_max} {
  out_.put(code(op_proto));
  out_.put('\x04');
  put(code(op_frame), std::uint64_t{0});
}

Message PythonPickleWriter::message() {
  out_.put(code(op_stop));
  wire::store_little(reinterpret_cast<std::byte*>(out_.data() + 3), std::uint64_t{out_.size() - header_size});
  return out_.message();
}

template <class Unsigned>
void PythonPickleWriter::put(char opcode, Unsigned value) {
  char* const to = out_.room(1 + sizeof value);
  *to = opcode;
  wire::store_little(reinterpret_cast<std::byte*>(to + 1), value);
  out_.advance(1 + sizeof value);
}

void PythonPickleWriter::put_text(std::string_view text) {
  require_utf8(text);
  if (std::in_range<std::uint8_t>(text.size())) {
    put(code(op_short_binunicode), static_cast<std::uint8_t>(text.size()));
  } else if (std::in_range<std::uint32_t>(text.size())) {
    put(code(op_binunicode), static_cast<std::uint32_t>(text.size()));
  } else {
    put(code(op_binunicode8), std::uint64_t{text.size()});
  }
  out_.put(text);
}

void PythonPickleWriter::null() { out_.put(code(op_none)); }
void PythonPickleWriter::boolean(bool value) { out_.put(code(value ? op_newtrue : op_newfalse)); }

void PythonPickleWriter::integer(std::int64_t value) {
  if (std::in_range<std::uint8_t>(value)) return put(code(op_binint1), static_cast<std::uint8_t>(value));
  if (std::in_range<std::uint16_t>(value)) return put(code(op_binint2), static_cast<std::uint16_t>(value));
  if (std::in_range<std::int32_t>(value)) return put(code(op_binint), static_cast<std::uint32_t>(value));
  put_long(static_cast<std::uint64_t>(value), value < 0);
}

void PythonPickleWriter::integer(std::uint64_t value) {
  if (std::in_range<std::int64_t>(value)) return integer(static_cast<std::int64_t>(value));
  put_long(value, false);
}

/// As few bytes as hold the number and its sign.
void PythonPickleWriter::put_long(std::uint64_t bits, bool is_negative) {
  const auto width = static_cast<std::size_t>(std::bit_width(is_negative ? ~bits : bits));
  const std::size_t size = width / 8 + 1;
  char* const to = out_.room(2 + 9);
  to[0] = code(op_long1);
  to[1] = static_cast<char>(size);
  wire::store_little(reinterpret_cast<std::byte*>(to + 2), bits);
  to[10] = is_negative ? '\xFF' : '\0';
  out_.advance(2 + size);
}

void PythonPickleWriter::real(double value) {
  char* const to = out_.room(9);
  *to = code(op_binfloat);
  wire::store_big(reinterpret_cast<std::byte*>(to + 1), std::bit_cast<std::uint64_t>(value));
  out_.advance(9);
}

void PythonPickleWriter::real(float value) { real(static_cast<double>(value)); }
void PythonPickleWriter::string(std::string_view value) { put_text(value); }

void PythonPickleWriter::bytes(std::span<const std::byte> value) {
  if (std::in_range<std::uint8_t>(value.size())) {
    put(code(op_short_binbytes), static_cast<std::uint8_t>(value.size()));
  } else if (std::in_range<std::uint32_t>(value.size())) {
    put(code(op_binbytes), static_cast<std::uint32_t>(value.size()));
  } else {
    put(code(op_binbytes8), std::uint64_t{value.size()});
  }
  out_.put(value);
}

void PythonPickleWriter::begin_array(std::size_t count) {
  enter();
  out_.put(code(op_empty_list));
  if (count > 0) out_.put(code(op_mark));
}

void PythonPickleWriter::end_array(std::size_t count) {
  leave();
  if (count > 0) out_.put(code(op_appends));
}

void PythonPickleWriter::begin_map(std::size_t count) {
  enter();
  out_.put(code(op_empty_dict));
  if (count > 0) out_.put(code(op_mark));
}

void PythonPickleWriter::end_map(std::size_t count) {
  leave();
  if (count > 0) out_.put(code(op_setitems));
}

void PythonPickleWriter::key(std::string_view key) {
  remember_key(key);
  put_text(key);
}

void PythonPickleWriter::key(std::int64_t key) { integer(key); }
void PythonPickleWriter::key(std::uint64_t key) { integer(key); }

}  // namespace parley::codec
