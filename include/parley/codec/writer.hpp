// Writer: what a format is to values that are being encoded. The counterpart of Decoder.
//
// write.hpp takes a C++ value apart into these events; a format implements them. What a format cannot carry is misuse:
// std::invalid_argument, with the name of the field that was being written.
//
// This header is for those who write a codec of their own.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::codec {

/// A format's side of encoding. Used for one value, by one thread; after an exception it is only good for destroying.
class PARLEY_EXPORT Writer {
 public:
  /// A value by itself: the whole payload, an element, or what belongs to the key that came last.
  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void integer(std::uint64_t value) = 0;
  virtual void real(double value) = 0;
  virtual void real(float value) = 0;
  /// Has to be UTF-8, or is refused.
  virtual void string(std::string_view value) = 0;
  /// A byte string; a format without them writes base64 text.
  virtual void bytes(std::span<const std::byte> value) = 0;

  /// `count` values follow, then end_array().
  virtual void begin_array(std::size_t count) = 0;
  virtual void end_array(std::size_t count) = 0;
  /// `count` keys follow, each with a value, then end_map().
  virtual void begin_map(std::size_t count) = 0;
  virtual void end_map(std::size_t count) = 0;
  /// Of the value that comes next; a format whose keys are text writes an integer's decimal digits.
  virtual void key(std::string_view key) = 0;
  virtual void key(std::int64_t key) = 0;
  virtual void key(std::uint64_t key) = 0;

 protected:
  /// `depth_max` bounds enter().
  explicit Writer(std::size_t depth_max) noexcept : depth_left_{depth_max}, depth_max_{depth_max} {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() = default;

  /// At the beginning of an array or object: throws std::invalid_argument when it would be nested too deeply.
  void enter() {
    if (depth_left_ == 0) fail_depth();
    --depth_left_;
  }
  /// At its end.
  void leave() noexcept { ++depth_left_; }

  /// Throws std::invalid_argument, with the name of the field, for text that is not.
  void require_utf8(std::string_view text) const;
  /// Throws. `about` says what is wrong with the value being written.
  [[noreturn]] void fail(const std::string& about) const;

  /// For the sentence of fail(). The text has to stay until the value has been written.
  void remember_key(std::string_view key) noexcept { last_key_ = key; }

 private:
  [[noreturn]] void fail_depth() const;

  std::size_t depth_left_;
  std::size_t depth_max_;
  std::string_view last_key_;
};

}  // namespace parley::codec
