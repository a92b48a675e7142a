#include <parley/wire/amqp_field.hpp>

#include <limits>
#include <stdexcept>
#include <string>

namespace parley::wire {
namespace {

constexpr unsigned bits_of_an_octet = 8;

std::string_view characters_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Of a value whose type alone says how long it is. Where RabbitMQ and the specification differ, RabbitMQ is followed:
/// there `s` is an integer of two bytes (docs/protocols/amqp.md, section 3).
std::optional<std::size_t> fixed_size_of(char type) noexcept {
  switch (type) {
    case 'V': return 0;
    case 't':
    case 'b':
    case 'B': return 1;
    case 's':
    case 'U':
    case 'u': return 2;
    case 'I':
    case 'i':
    case 'f': return 4;
    case 'D': return 5;
    case 'l':
    case 'L':
    case 'd':
    case 'T': return 8;
    default: return std::nullopt;
  }
}

}  // namespace

// --- reading ---------------------------------------------------------------------------------------------------------

void AmqpReader::fail() noexcept {
  is_good_ = false;
  rest_ = {};
}

std::span<const std::byte> AmqpReader::take(std::size_t size) noexcept {
  bits_left_ = 0;
  if (size > rest_.size()) {
    fail();
    return {};
  }
  const std::span<const std::byte> taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

bool AmqpReader::bit() noexcept {
  if (bits_left_ == 0) {
    bits_ = integer<std::uint8_t>();
    bits_left_ = bits_of_an_octet;
  }
  const bool value = (bits_ & 1U) != 0;
  bits_ = static_cast<std::uint8_t>(bits_ >> 1U);
  --bits_left_;
  return value;
}

std::string_view AmqpReader::short_string() noexcept { return characters_of(take(integer<std::uint8_t>())); }

std::string_view AmqpReader::long_string() noexcept { return characters_of(take(integer<std::uint32_t>())); }

AmqpTable AmqpReader::table() noexcept { return {value('F', amqp_table_depth_max)}; }

std::span<const std::byte> AmqpReader::value(char type, unsigned depth_left) noexcept {
  if (const auto size = fixed_size_of(type)) return take(*size);
  switch (type) {
    case 'S':
    case 'x': return take(integer<std::uint32_t>());
    case 'A':
    case 'F': {
      const std::span<const std::byte> bytes = take(integer<std::uint32_t>());
      AmqpReader inner{bytes};
      if (depth_left == 0) {
        fail();
      } else if (type == 'F') {
        inner.skip_table(depth_left - 1);
      } else {
        inner.skip_array(depth_left - 1);
      }
      if (!inner.is_good()) fail();
      return is_good_ ? bytes : std::span<const std::byte>{};
    }
    default: fail(); return {};
  }
}

void AmqpReader::skip_array(unsigned depth_left) noexcept {
  while (!rest_.empty()) (void)value(static_cast<char>(integer<std::uint8_t>()), depth_left);
}

void AmqpReader::skip_table(unsigned depth_left) noexcept {
  while (!rest_.empty()) {
    (void)short_string();
    (void)value(static_cast<char>(integer<std::uint8_t>()), depth_left);
  }
}

std::string_view AmqpField::text() const noexcept { return type == 'S' ? characters_of(value) : std::string_view{}; }

std::optional<AmqpField> AmqpTableReader::next() noexcept {
  if (reader_.rest().empty()) return std::nullopt;
  AmqpField field;
  field.name = reader_.short_string();
  field.type = static_cast<char>(reader_.integer<std::uint8_t>());
  field.value = reader_.value(field.type, amqp_table_depth_max);
  if (!reader_.is_good()) return std::nullopt;
  return field;
}

std::optional<AmqpField> AmqpTableReader::find(AmqpTable table, std::string_view name) noexcept {
  AmqpTableReader reader{table};
  while (const auto field = reader.next()) {
    if (field->name == name) return field;
  }
  return std::nullopt;
}

// --- writing ---------------------------------------------------------------------------------------------------------

void AmqpWriter::bit(bool value) {
  if (bits_used_ % bits_of_an_octet == 0) {
    out_.push_back(std::byte{0});
    bits_used_ = 0;
  }
  if (value) out_.back() |= std::byte{1} << bits_used_;
  ++bits_used_;
}

void AmqpWriter::bytes(std::span<const std::byte> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

void AmqpWriter::short_string(std::string_view text) {
  if (text.size() > amqp_short_string_max) {
    throw std::invalid_argument("a text of " + std::to_string(text.size()) + " bytes, where AMQP has room for 255");
  }
  integer(static_cast<std::uint8_t>(text.size()));
  bytes(std::as_bytes(std::span{text}));
}

void AmqpWriter::long_string(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument("a text of " + std::to_string(text.size()) + " bytes, where AMQP has room for 4 GiB");
  }
  integer(static_cast<std::uint32_t>(text.size()));
  bytes(std::as_bytes(std::span{text}));
}

void AmqpWriter::table(AmqpTable table) { long_string(characters_of(table.fields)); }

AmqpTableWriter& AmqpTableWriter::add(std::string_view name, std::string_view text) {
  AmqpWriter writer{fields_};
  writer.short_string(name);
  writer.integer(static_cast<std::uint8_t>('S'));
  writer.long_string(text);
  return *this;
}

AmqpTableWriter& AmqpTableWriter::add(std::string_view name, bool value) {
  AmqpWriter writer{fields_};
  writer.short_string(name);
  writer.integer(static_cast<std::uint8_t>('t'));
  writer.integer(static_cast<std::uint8_t>(value ? 1 : 0));
  return *this;
}

AmqpTableWriter& AmqpTableWriter::add(std::string_view name, AmqpTable table) {
  AmqpWriter writer{fields_};
  writer.short_string(name);
  writer.integer(static_cast<std::uint8_t>('F'));
  writer.table(table);
  return *this;
}

}  // namespace parley::wire
