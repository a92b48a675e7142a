// Events to bytes; see python_pickle.hpp.
#pragma once

#include <parley/codec/buffer.hpp>
#include <parley/codec/writer.hpp>
#include <parley/detail/export.hpp>
#include <parley/message.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::codec {

/// Encodes one value: give it to codec::write, then take message().
class PARLEY_EXPORT PythonPickleWriter final : public Writer {
 public:
  /// Nesting beyond `depth_max` is std::invalid_argument.
  explicit PythonPickleWriter(std::size_t depth_max);

  void null() override;
  void boolean(bool value) override;
  void integer(std::int64_t value) override;
  void integer(std::uint64_t value) override;
  void real(double value) override;
  void real(float value) override;
  void string(std::string_view value) override;
  void bytes(std::span<const std::byte> value) override;
  void begin_array(std::size_t count) override;
  void end_array(std::size_t count) override;
  void begin_map(std::size_t count) override;
  void end_map(std::size_t count) override;
  void key(std::string_view key) override;
  void key(std::int64_t key) override;
  void key(std::uint64_t key) override;

  /// The payload, once the value has been written.
  [[nodiscard]] Message message();

 private:
  /// The opcode and `value`, little-endian.
  template <class Unsigned>
  void put(char opcode, Unsigned value);
  void put_long(std::uint64_t bits, bool is_negative);
  void put_text(std::string_view text);

  Buffer out_;
};

}  // namespace parley::codec
