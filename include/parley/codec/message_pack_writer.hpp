// Events to bytes; see message_pack.hpp.
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
class PARLEY_EXPORT MessagePackWriter final : public Writer {
 public:
  /// Nesting beyond `depth_max` is std::invalid_argument.
  explicit MessagePackWriter(std::size_t depth_max) noexcept : Writer{depth_max} {}

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
  /// The tag and `value`, big-endian.
  template <class Unsigned>
  void put(unsigned tag, Unsigned value);
  void put_tag(unsigned tag) { out_.put(static_cast<char>(tag)); }
  void put_unsigned(std::uint64_t value);
  void put_text(std::string_view text);

  Buffer out_;
};

}  // namespace parley::codec
