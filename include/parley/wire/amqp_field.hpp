// What the methods and properties of AMQP 0-9-1 are made of (docs/protocols/amqp.md, section 3): integers, bits,
// strings and tables, read and written one behind the other.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/bytes.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace parley::wire {

/// How deeply tables and arrays may be nested in a table that is read.
inline constexpr unsigned amqp_table_depth_max = 16;

/// The longest text of a short string, in bytes.
inline constexpr std::size_t amqp_short_string_max = 255;

/// A text whose length is 32 bits on the wire. (Those of 8 bits are plain string views.)
struct AmqpLongString {
  std::string_view text{};  ///< any bytes

  /// The same text.
  friend bool operator==(const AmqpLongString&, const AmqpLongString&) = default;
};

/// The fields of a table as they are on the wire, without the length before them.
struct AmqpTable {
  std::span<const std::byte> fields{};  ///< names and values; see AmqpTableReader, AmqpTableWriter
};

/// Reads fields from the front of bytes. What is not there reads as zero or as empty, and is_good() says so: it is
/// enough to ask at the end. Views are into the bytes.
class PARLEY_EXPORT AmqpReader final {
 public:
  /// Of all of `bytes`.
  explicit AmqpReader(std::span<const std::byte> bytes) noexcept : rest_{bytes} {}

  /// An integer.
  template <std::unsigned_integral T>
  [[nodiscard]] T integer() noexcept {
    const std::span<const std::byte> bytes = take(sizeof(T));
    return bytes.empty() ? T{} : load_big<T>(bytes.data());
  }
  /// A bit. Those that follow each other share octets, from the lowest bit on.
  [[nodiscard]] bool bit() noexcept;
  /// A text of up to 255 bytes.
  [[nodiscard]] std::string_view short_string() noexcept;
  /// A text of any size that is there.
  [[nodiscard]] std::string_view long_string() noexcept;
  /// A table, looked through to its end: its fields are whole, of known types, and nested no deeper than allowed.
  [[nodiscard]] AmqpTable table() noexcept;
  /// The value of a field of this type, looked through, of tables and arrays up to `depth_left` deep.
  [[nodiscard]] std::span<const std::byte> value(char type, unsigned depth_left) noexcept;

  /// Whether all that was read was there.
  [[nodiscard]] bool is_good() const noexcept { return is_good_; }
  /// What has not been read.
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }

 private:
  [[nodiscard]] std::span<const std::byte> take(std::size_t size) noexcept;
  void skip_array(unsigned depth_left) noexcept;
  void skip_table(unsigned depth_left) noexcept;
  void fail() noexcept;

  std::span<const std::byte> rest_;
  std::uint8_t bits_ = 0;
  unsigned bits_left_ = 0;
  bool is_good_ = true;
};

/// One field of a table.
struct PARLEY_EXPORT AmqpField {
  std::string_view name{};             ///< its key
  char type = 0;                       ///< what the value is, by the letter on the wire: `S` a text, `F` a table, …
  std::span<const std::byte> value{};  ///< as it is on the wire; of `S`, `F`, `A` and `x` without the length

  /// The value of `S`; empty for other types.
  [[nodiscard]] std::string_view text() const noexcept;
  /// Whether it is `t`, and true.
  [[nodiscard]] bool is_true() const noexcept { return type == 't' && !value.empty() && value[0] != std::byte{0}; }
  /// The value of `F`; empty for other types.
  [[nodiscard]] AmqpTable table() const noexcept { return type == 'F' ? AmqpTable{value} : AmqpTable{}; }
};

/// Goes through a table.
class PARLEY_EXPORT AmqpTableReader final {
 public:
  /// Of a table that was read, or that was written here.
  explicit AmqpTableReader(AmqpTable table) noexcept : reader_{table.fields} {}

  /// The next field; none: there are no more that can be read.
  [[nodiscard]] std::optional<AmqpField> next() noexcept;

  /// The first field of this name.
  [[nodiscard]] static std::optional<AmqpField> find(AmqpTable table, std::string_view name) noexcept;

 private:
  AmqpReader reader_;
};

/// Writes fields behind what is in a vector.
class PARLEY_EXPORT AmqpWriter final {
 public:
  /// `out` is there as long as this.
  explicit AmqpWriter(std::vector<std::byte>& out) noexcept : out_{out} {}

  /// An integer.
  template <std::unsigned_integral T>
  void integer(T value) {
    bits_used_ = 0;
    const std::size_t at = out_.size();
    out_.resize(at + sizeof(T));
    store_big(out_.data() + at, value);
  }
  /// A bit; see AmqpReader.
  void bit(bool value);
  /// A text of up to 255 bytes, and of any size. Throws std::invalid_argument for one that is too long.
  void short_string(std::string_view text);
  void long_string(std::string_view text);
  /// A table, with its length.
  void table(AmqpTable table);

 private:
  void bytes(std::span<const std::byte> bytes);

  std::vector<std::byte>& out_;
  unsigned bits_used_ = 0;
};

/// Makes a table, of what this library says in tables.
class PARLEY_EXPORT AmqpTableWriter final {
 public:
  /// Add a field: a text, a truth, a table.
  AmqpTableWriter& add(std::string_view name, std::string_view text);
  AmqpTableWriter& add(std::string_view name, const char* text) { return add(name, std::string_view{text}); }
  AmqpTableWriter& add(std::string_view name, bool value);
  AmqpTableWriter& add(std::string_view name, AmqpTable table);

  /// As long as this is there and unchanged.
  [[nodiscard]] AmqpTable table() const noexcept { return {fields_}; }

 private:
  std::vector<std::byte> fields_;
};

}  // namespace parley::wire
