// Decoder: values as a parser meets them, put into the C++ object they are meant for, and checked on the way.
//
//   parser (JSON, MessagePack, pickle) ── null, integer, string, begin_array … ──> Decoder ──> Shape of the C++ type
//
// A parser calls the Decoder's events in order and stops when one returns false; sentence() then says what was wrong
// and where, as in `$.items[3].price: expected a number, found string "x"`. The Decoder keeps a stack of the arrays and
// objects that are open, and knows for each where the next value goes: a Slot, which is an object and its Shape. A
// Shape is a table for one C++ type that says what to do with each kind of value; everything it does not override is a
// mismatch. So all rules, and all sentences, are written once for every format and every type, and a type costs a
// program only its tables.
//
// The path is built when something is wrong, and costs nothing before.
//
// This header is for those who write a codec or a shape of their own.
#pragma once

#include <parley/codec/payload.hpp>
#include <parley/detail/export.hpp>
#include <parley/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace parley::codec {

class Decoder;
class Shape;

/// The kinds of value there are in payloads, as bits.
enum Kind : unsigned {
  kind_null = 1,
  kind_boolean = 2,
  kind_integer = 4,
  kind_real = 8,
  kind_string = 16,
  kind_bytes = 32,
  kind_array = 64,
  kind_object = 128,
};
/// A set of kinds: the sum of their bits.
using Kinds = unsigned;

/// Where a value goes.
struct Slot {
  const Shape* shape;  ///< of the object; null after a failure
  void* object;        ///< of the type that the shape is for
};

/// An array or object that has begun and not ended.
struct Frame {
  const Shape* shape;  ///< of the container
  void* object;        ///< the container
  Slot slot;           ///< of the value that comes next, or came last
  std::size_t count;   ///< elements that have begun; for a struct, the number of the field that came last, plus one
  std::uint64_t seen;  ///< for a struct: a bit for each field that came
  const void* key;     ///< for a map: the key that came last; for a struct: its table of fields
  bool is_array;       ///< its values have no keys
};

/// What decoding insists on.
struct Rules {
  bool strict = false;  ///< a field the struct does not have is an error; otherwise it is skipped
  /// Arrays and objects that may be open at a time.
  std::size_t depth_max = limits::payload_depth_max;
  std::size_t size_max = limits::decoded_size_max;  ///< of the decoded value, in bytes of memory
  /// Keys are always text, and byte strings travel as base64 text: JSON.
  bool text_only = false;
};

/// How values get into objects of one C++ type. Constant tables: no Shape is ever made while decoding.
///
/// Each event returns false after Decoder::fail. A container overrides begin_array or begin_map to call open_…, and
/// then is asked for the slot of each value.
class PARLEY_EXPORT Shape {
 public:
  /// Puts into words what a value has to be: "a number", "an array or null".
  virtual void describe(std::string& out) const = 0;

  /// A value of this kind has come for `object`. Until overridden: a mismatch, with what describe() says.
  virtual bool null(void* object, Decoder& decoder) const;
  virtual bool boolean(void* object, bool value, Decoder& decoder) const;
  virtual bool integer(void* object, std::int64_t value, Decoder& decoder) const;
  /// Only for values that the other one cannot hold.
  virtual bool big_integer(void* object, std::uint64_t value, Decoder& decoder) const;
  /// What the format marks as a real: in JSON a number with a fraction or an exponent.
  virtual bool real(void* object, double value, Decoder& decoder) const;
  /// Valid UTF-8. The text is gone after the call.
  virtual bool string(void* object, std::string_view value, Decoder& decoder) const;
  /// A part of the payload.
  virtual bool bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const;
  /// `count` elements follow if the format says, else 0. It is at most the number of bytes that follow.
  virtual bool begin_array(void* object, std::size_t count, Decoder& decoder) const;
  virtual bool begin_map(void* object, std::size_t count, Decoder& decoder) const;

  /// Of an open container: sets frame.slot for the value to come.
  virtual bool element(Frame& frame, Decoder& decoder) const;
  virtual bool key(Frame& frame, std::string_view key, Decoder& decoder) const;
  virtual bool key(Frame& frame, std::int64_t key, Decoder& decoder) const;
  /// Only for keys that the one above cannot hold.
  virtual bool big_key(Frame& frame, std::uint64_t key, Decoder& decoder) const;
  /// All values have come.
  virtual bool end(Frame& frame, Decoder& decoder) const;
  /// The step of the path from this container to the value that came last.
  virtual void append_step(const Frame& frame, std::string& path) const;

 protected:
  constexpr Shape() noexcept = default;
  constexpr ~Shape() = default;  // never destroyed by this name
  constexpr Shape(const Shape&) noexcept = default;
  constexpr Shape& operator=(const Shape&) noexcept = default;
};

/// Puts one value into one object. Used once, by one thread; the object, the payload and the rules have to stay.
class PARLEY_EXPORT Decoder {
 public:
  /// Decodes one value into `root`. `payload` is what byte strings are parts of.
  Decoder(Slot root, const Payload& payload, const Rules& rules) noexcept
      : root_{root}, payload_{payload}, rules_{rules}, left_{rules.size_max} {}

  // --- what a parser calls: true to go on ---------------------------------------------------------------------------

  /// A value.
  bool null();
  bool boolean(bool value);
  bool integer(std::int64_t value);
  bool integer(std::uint64_t value);
  bool real(double value);
  /// Text not known to be UTF-8 is checked by string(); checked_string() is for parsers that have done so.
  bool string(std::string_view value);
  bool checked_string(std::string_view value);
  /// A byte string, which is a part of the payload.
  bool bytes(std::span<const std::byte> value);
  /// `count` elements, or keys each with its value, follow, and then end(); 0 if the format does not say how many.
  bool begin_array(std::size_t count);
  bool begin_map(std::size_t count);
  /// Of the value that comes next. As with strings, checked_key() is for text that is known to be UTF-8.
  bool key(std::string_view value);
  bool checked_key(std::string_view value);
  bool key(std::int64_t value);
  bool key(std::uint64_t value);
  /// Ends the array or object that began last.
  bool end();

  /// Whether the value is whole.
  [[nodiscard]] bool complete() const noexcept { return begun_ && depth_ == 0 && sentence_.empty(); }

  // --- what shapes call ---------------------------------------------------------------------------------------------

  /// From begin_array or begin_map: the values to come go to `shape`, into `object`.
  bool open_array(const Shape& shape, void* object);
  bool open_map(const Shape& shape, void* object, const void* key = nullptr);

  /// Accounts for memory about to be taken; false when it would be too much.
  bool charge(std::size_t size) {
    if (size > left_) return fail_size();
    left_ -= size;
    return true;
  }

  /// As given to the constructor.
  [[nodiscard]] const Rules& rules() const noexcept { return rules_; }
  [[nodiscard]] const Payload& payload() const noexcept { return payload_; }

  // --- failing: always false; the first sentence stays --------------------------------------------------------------

  /// About the value that came last.
  bool fail(std::string_view reason);
  /// About the open container.
  bool fail_container(std::string_view reason);
  /// About a field of the open container.
  bool fail_field(std::string_view name, std::string_view reason);
  /// About a part of the open container, given as the step of a path: `.price`, `[3]`.
  bool fail_step(std::string_view step, std::string_view reason);
  /// For parsers: the bytes themselves are wrong at this offset.
  bool fail_format(std::size_t offset, std::string_view reason);
  /// `expected …, found …`.
  bool mismatch(const Shape& shape, std::string_view found);

  /// Whether something was wrong.
  [[nodiscard]] bool failed() const noexcept { return !sentence_.empty(); }
  /// Whether nothing was accepted before the failure, so that the payload may well be of another format.
  [[nodiscard]] bool failed_at_root() const noexcept { return failed_at_root_; }
  /// What was wrong, and where; empty if nothing was.
  [[nodiscard]] const std::string& sentence() const noexcept { return sentence_; }

 private:
  /// Grows only for payloads that are nested deeply.
  class Frames {
   public:
    [[nodiscard]] Frame& operator[](std::size_t i) noexcept { return i < near_count ? near_[i] : far_[i - near_count]; }
    void make_room(std::size_t i);

   private:
    static constexpr std::size_t near_count = 12;
    Frame near_[near_count];
    std::unique_ptr<Frame[]> far_;
    std::size_t far_count_ = 0;
  };

  /// The slot of the value to come; its shape is null after a failure.
  Slot next();
  bool open(const Shape& shape, void* object, const void* key, bool is_array);
  bool fail_size();
  bool fail_at(std::string path, std::string_view reason);
  bool fail_utf8(std::string_view text);
  [[nodiscard]] std::string path_to(std::size_t depth);

  Slot root_;
  const Payload& payload_;
  const Rules& rules_;
  std::size_t left_;
  std::size_t depth_ = 0;
  Frame* top_ = nullptr;
  bool begun_ = false;
  bool failed_at_root_ = false;
  std::string sentence_;
  Frames frames_;
};

/// Skips whatever comes.
[[nodiscard]] PARLEY_EXPORT const Shape& skipping() noexcept;

}  // namespace parley::codec
