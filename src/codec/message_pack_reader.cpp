// MessagePack: each value is a tag byte, perhaps a length or number (big-endian), perhaps bytes.
#include "codec/ending.hpp"
#include "codec/parsers.hpp"

#include <parley/codec/message_pack.hpp>
#include <parley/wire/bytes.hpp>

#include <bit>

namespace parley::codec {
namespace {

class Reader {
 public:
  Reader(std::span<const std::byte> payload, Decoder& decoder) noexcept : payload_{payload}, decoder_{decoder} {}

  bool whole() {
    if (!value()) return false;
    if (at_ == payload_.size()) return true;
    return decoder_.fail_format(at_, std::to_string(left()) + " more bytes follow after the value");
  }

 private:
  [[nodiscard]] std::size_t left() const noexcept { return payload_.size() - at_; }

  /// The next number; false at the end of the payload.
  template <class Unsigned>
  bool take(Unsigned& number) {
    if (left() < sizeof number) return fail_end();
    number = wire::load_big<Unsigned>(payload_.data() + at_);
    at_ += sizeof number;
    return true;
  }

  bool fail_end() { return decoder_.fail_format(payload_.size(), "the payload ends inside a value"); }

  bool fail_short(const char* what, std::uint64_t wanted) {
    return decoder_.fail_format(at_, std::string{what} + std::to_string(wanted) + " is announced, but only " +
                                         std::to_string(left()) + " bytes follow");
  }

  bool value() {
    const std::size_t begin = at_;
    std::uint8_t tag = 0;
    if (!take(tag)) return false;
    if (tag < 0x80) return decoder_.integer(std::int64_t{tag});
    if (tag < 0x90) return map(tag & 0x0FU);
    if (tag < 0xA0) return array(tag & 0x0FU);
    if (tag < 0xC0) return string(tag & 0x1FU);
    if (tag >= 0xE0) return decoder_.integer(std::int64_t{static_cast<std::int8_t>(tag)});
    return tagged(tag, begin);
  }

  bool tagged(std::uint8_t tag, std::size_t begin) {
    switch (tag) {
      case 0xC0: return decoder_.null();
      case 0xC1: return decoder_.fail_format(begin, "0xc1 begins no value of MessagePack");
      case 0xC2: return decoder_.boolean(false);
      case 0xC3: return decoder_.boolean(true);
      case 0xC4: return sized<std::uint8_t>(&Reader::bytes);
      case 0xC5: return sized<std::uint16_t>(&Reader::bytes);
      case 0xC6: return sized<std::uint32_t>(&Reader::bytes);
      case 0xC7: return extension<std::uint8_t>();
      case 0xC8: return extension<std::uint16_t>();
      case 0xC9: return extension<std::uint32_t>();
      case 0xCA: return real<std::uint32_t, float>();
      case 0xCB: return real<std::uint64_t, double>();
      case 0xCC: return integer<std::uint8_t, std::uint64_t>();
      case 0xCD: return integer<std::uint16_t, std::uint64_t>();
      case 0xCE: return integer<std::uint32_t, std::uint64_t>();
      case 0xCF: return integer<std::uint64_t, std::uint64_t>();
      case 0xD0: return integer<std::uint8_t, std::int8_t>();
      case 0xD1: return integer<std::uint16_t, std::int16_t>();
      case 0xD2: return integer<std::uint32_t, std::int32_t>();
      case 0xD3: return integer<std::uint64_t, std::int64_t>();
      case 0xD9: return sized<std::uint8_t>(&Reader::string);
      case 0xDA: return sized<std::uint16_t>(&Reader::string);
      case 0xDB: return sized<std::uint32_t>(&Reader::string);
      case 0xDC: return sized<std::uint16_t>(&Reader::array);
      case 0xDD: return sized<std::uint32_t>(&Reader::array);
      case 0xDE: return sized<std::uint16_t>(&Reader::map);
      case 0xDF: return sized<std::uint32_t>(&Reader::map);
      default: return fail_extension();  // 0xD4 to 0xD8: of fixed sizes
    }
  }

  template <class Unsigned, class Value>
  bool integer() {
    Unsigned bits = 0;
    if (!take(bits)) return false;
    if constexpr (std::same_as<Value, std::uint64_t>) return decoder_.integer(std::uint64_t{bits});
    return decoder_.integer(static_cast<std::int64_t>(static_cast<Value>(bits)));
  }

  template <class Unsigned, class Real>
  bool real() {
    Unsigned bits = 0;
    return take(bits) && decoder_.real(static_cast<double>(std::bit_cast<Real>(bits)));
  }

  template <class Size>
  bool sized(bool (Reader::*read)(std::size_t)) {
    Size size = 0;
    return take(size) && (this->*read)(size);
  }

  template <class Size>
  bool extension() {
    Size size = 0;
    return take(size) && fail_extension();
  }

  bool fail_extension() {
    std::uint8_t type = 0;
    if (!take(type)) return false;
    const int number = static_cast<std::int8_t>(type);
    return decoder_.fail_format(at_ - 1, "an extension of type " + std::to_string(number) +
                                             (number == -1 ? " (a timestamp)" : "") + ", which is not supported");
  }

  std::string_view text(std::size_t size) {
    const std::span<const std::byte> part = payload_.subspan(at_, size);
    at_ += size;
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

  bool string(std::size_t size) {
    if (size > left()) return fail_short("a string of ", size);
    return decoder_.string(text(size));
  }

  bool bytes(std::size_t size) {
    if (size > left()) return fail_short("a byte string of ", size);
    const std::span<const std::byte> part = payload_.subspan(at_, size);
    at_ += size;
    return decoder_.bytes(part);
  }

  bool array(std::size_t count) {
    if (count > left()) return fail_short("an array of ", count);
    if (!decoder_.begin_array(count)) return false;
    for (std::size_t i = 0; i < count; ++i)
      if (!value()) return false;
    return decoder_.end();
  }

  bool map(std::size_t count) {
    if (count > left() / 2) return fail_short("an object of ", count);
    if (!decoder_.begin_map(count)) return false;
    for (std::size_t i = 0; i < count; ++i)
      if (!key() || !value()) return false;
    return decoder_.end();
  }

  bool key() {
    const std::size_t begin = at_;
    std::uint8_t tag = 0;
    if (!take(tag)) return false;
    if (tag < 0x80) return decoder_.key(std::int64_t{tag});
    if (tag >= 0xE0) return decoder_.key(std::int64_t{static_cast<std::int8_t>(tag)});
    if (tag >= 0xA0 && tag < 0xC0) return string_key(tag & 0x1FU);
    switch (tag) {
      case 0xCC: return integer_key<std::uint8_t, std::uint64_t>();
      case 0xCD: return integer_key<std::uint16_t, std::uint64_t>();
      case 0xCE: return integer_key<std::uint32_t, std::uint64_t>();
      case 0xCF: return integer_key<std::uint64_t, std::uint64_t>();
      case 0xD0: return integer_key<std::uint8_t, std::int8_t>();
      case 0xD1: return integer_key<std::uint16_t, std::int16_t>();
      case 0xD2: return integer_key<std::uint32_t, std::int32_t>();
      case 0xD3: return integer_key<std::uint64_t, std::int64_t>();
      case 0xD9: return sized<std::uint8_t>(&Reader::string_key);
      case 0xDA: return sized<std::uint16_t>(&Reader::string_key);
      case 0xDB: return sized<std::uint32_t>(&Reader::string_key);
      default: return decoder_.fail_format(begin, "a key that is neither a string nor an integer");
    }
  }

  template <class Unsigned, class Value>
  bool integer_key() {
    Unsigned bits = 0;
    if (!take(bits)) return false;
    if constexpr (std::same_as<Value, std::uint64_t>) return decoder_.key(std::uint64_t{bits});
    return decoder_.key(static_cast<std::int64_t>(static_cast<Value>(bits)));
  }

  bool string_key(std::size_t size) {
    if (size > left()) return fail_short("a string of ", size);
    return decoder_.key(text(size));
  }

  std::span<const std::byte> payload_;
  Decoder& decoder_;
  std::size_t at_ = 0;
};

}  // namespace

bool read_message_pack(const Payload& payload, Decoder& decoder) { return Reader{payload.bytes(), decoder}.whole(); }

std::string parse_message_pack(const Payload& payload, Slot root, const Rules& rules) {
  Decoder decoder{root, payload, rules};
  read_message_pack(payload, decoder);
  return ending_of(decoder, MessagePack::name);
}

}  // namespace parley::codec
