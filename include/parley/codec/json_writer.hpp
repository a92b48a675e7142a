// Events to bytes; see json.hpp.
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
class PARLEY_EXPORT JsonWriter final : public Writer {
 public:
  /// Nesting beyond `depth_max` is std::invalid_argument.
  explicit JsonWriter(std::size_t depth_max) noexcept : Writer{depth_max} {}

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
  [[nodiscard]] Message message() const { return out_.message(); }

 private:
  void begin_value() {
    if (needs_comma_) out_.put(',');
    needs_comma_ = true;
  }
  void end_key();
  void put_text(std::string_view text);
  void put_escaped_text(std::string_view text);
  template <class Number>
  void put_number(Number value);
  template <class Real>
  void put_real(Real value);

  Buffer out_;
  bool needs_comma_ = false;
};

}  // namespace parley::codec
