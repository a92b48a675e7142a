// The shapes that C++ types have: compiled once, told by tables and small functions about the type at hand.
// shape_of.hpp says which type has which.
#pragma once

#include <parley/codec/decoder.hpp>
#include <parley/detail/export.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::codec {

/// bool.
class PARLEY_EXPORT BooleanShape final : public Shape {
 public:
  void describe(std::string& out) const override;
  bool boolean(void* object, bool value, Decoder& decoder) const override;
};

/// std::monostate: nothing but null.
class PARLEY_EXPORT NullShape final : public Shape {
 public:
  void describe(std::string& out) const override;
  bool null(void* object, Decoder& decoder) const override;
};

/// std::string.
class PARLEY_EXPORT StringShape final : public Shape {
 public:
  void describe(std::string& out) const override;
  bool string(void* object, std::string_view value, Decoder& decoder) const override;
};

/// std::vector<std::byte> and Message.
class PARLEY_EXPORT BytesShape final : public Shape {
 public:
  /// Which of the two.
  constexpr explicit BytesShape(bool is_message) noexcept : is_message_{is_message} {}

  void describe(std::string& out) const override;
  bool bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const override;
  /// Base64 where the format has only text.
  bool string(void* object, std::string_view value, Decoder& decoder) const override;

 private:
  bool is_message_;
};

/// Null, or what the inner shape takes.
class PARLEY_EXPORT OptionalShape final : public Shape {
 public:
  /// Makes it empty.
  using Reset = void (*)(void* object);
  /// Gives it a value, and says where that is.
  using Emplace = void* (*)(void* object);

  /// `inner` is what it holds.
  constexpr OptionalShape(const Shape& inner, Reset reset, Emplace emplace) noexcept
      : inner_{inner}, reset_{reset}, emplace_{emplace} {}

  void describe(std::string& out) const override;
  bool null(void* object, Decoder& decoder) const override;
  bool boolean(void* object, bool value, Decoder& decoder) const override;
  bool integer(void* object, std::int64_t value, Decoder& decoder) const override;
  bool big_integer(void* object, std::uint64_t value, Decoder& decoder) const override;
  bool real(void* object, double value, Decoder& decoder) const override;
  bool string(void* object, std::string_view value, Decoder& decoder) const override;
  bool bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const override;
  bool begin_array(void* object, std::size_t count, Decoder& decoder) const override;
  bool begin_map(void* object, std::size_t count, Decoder& decoder) const override;

 private:
  const Shape& inner_;
  Reset reset_;
  Emplace emplace_;
};

/// One of several, chosen by the kind of the value: the first alternative that takes this kind.
class PARLEY_EXPORT VariantShape final : public Shape {
 public:
  /// One of the types.
  struct Alternative {
    Kinds kinds;                     ///< that it takes
    const Shape* shape;              ///< of the type
    void* (*emplace)(void* object);  ///< makes the variant hold it, and says where
  };

  /// In the order in which they are asked; the table has to stay.
  constexpr explicit VariantShape(std::span<const Alternative> alternatives) noexcept : alternatives_{alternatives} {}

  void describe(std::string& out) const override;
  bool null(void* object, Decoder& decoder) const override;
  bool boolean(void* object, bool value, Decoder& decoder) const override;
  bool integer(void* object, std::int64_t value, Decoder& decoder) const override;
  bool big_integer(void* object, std::uint64_t value, Decoder& decoder) const override;
  bool real(void* object, double value, Decoder& decoder) const override;
  bool string(void* object, std::string_view value, Decoder& decoder) const override;
  bool bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const override;
  bool begin_array(void* object, std::size_t count, Decoder& decoder) const override;
  bool begin_map(void* object, std::size_t count, Decoder& decoder) const override;

 private:
  [[nodiscard]] const Alternative* taker_of(Kind kind) const noexcept;

  std::span<const Alternative> alternatives_;
};

/// Any number of elements of one type.
class PARLEY_EXPORT SequenceShape final : public Shape {
 public:
  /// Appends an element and says where it goes.
  using Append = Slot (*)(void* object);
  /// Empties the container, and may reserve memory for `count` elements.
  using Prepare = void (*)(void* object, std::size_t count);

  /// `element_size` is charged for each element, in bytes, and `empty_size` for a container that has none yet.
  constexpr SequenceShape(std::size_t element_size, Append append, Prepare reserve, std::size_t empty_size = 0) noexcept
      : element_size_{element_size}, empty_size_{empty_size}, append_{append}, reserve_{reserve} {}

  void describe(std::string& out) const override;
  bool begin_array(void* object, std::size_t count, Decoder& decoder) const override;
  bool element(Frame& frame, Decoder& decoder) const override;

 private:
  std::size_t element_size_;
  std::size_t empty_size_;
  Append append_;
  Prepare reserve_;
};

/// What std::vector<bool> has for elements.
class PARLEY_EXPORT BooleanAppender final : public Shape {
 public:
  void describe(std::string& out) const override;
  bool boolean(void* object, bool value, Decoder& decoder) const override;
};

/// A fixed number of elements: array, tuple, pair.
class PARLEY_EXPORT TupleShape final : public Shape {
 public:
  /// Says where an element goes.
  using At = Slot (*)(void* object, std::size_t index);

  /// `count` is how many there are.
  constexpr TupleShape(std::size_t count, At at) noexcept : count_{count}, at_{at} {}

  void describe(std::string& out) const override;
  bool begin_array(void* object, std::size_t count, Decoder& decoder) const override;
  bool element(Frame& frame, Decoder& decoder) const override;
  bool end(Frame& frame, Decoder& decoder) const override;

 private:
  std::size_t count_;
  At at_;
};

/// A member of a struct.
struct Field {
  std::string_view name;  ///< its key
  const Shape* shape;     ///< of its type
  std::ptrdiff_t offset;  ///< from the beginning of the object, in bytes
  bool may_lack;          ///< it is optional
};

/// Named fields: each once, none missing but optional ones.
class PARLEY_EXPORT StructShape final : public Shape {
 public:
  /// Fields that a struct may have: Frame::seen has a bit for each.
  static constexpr std::size_t field_count_max = 64;

  /// The table, made when it is first asked for. Offsets and no functions: an indirect call for each field is what
  /// would cost most.
  using Fields = const Field* (*)();

  /// `count` is how many fields the table has.
  constexpr StructShape(std::size_t count, Fields fields) noexcept : count_{count}, fields_{fields} {}

  void describe(std::string& out) const override;
  bool begin_map(void* object, std::size_t count, Decoder& decoder) const override;
  bool key(Frame& frame, std::string_view key, Decoder& decoder) const override;
  bool end(Frame& frame, Decoder& decoder) const override;
  void append_step(const Frame& frame, std::string& path) const override;

 private:
  [[nodiscard]] std::size_t find(const Field* fields, std::string_view key, std::size_t likely) const noexcept;
  bool unknown(Frame& frame, std::string_view key, Decoder& decoder) const;

  std::size_t count_;
  Fields fields_;
};

/// A described enum, by the names of its enumerators.
class PARLEY_EXPORT EnumShape final : public Shape {
 public:
  /// Stores the enumerator of that number.
  using Store = void (*)(void* object, std::size_t index);

  /// The names have to stay.
  constexpr EnumShape(std::span<const std::string_view> names, Store store) noexcept : names_{names}, store_{store} {}

  void describe(std::string& out) const override;
  bool string(void* object, std::string_view value, Decoder& decoder) const override;

 private:
  std::span<const std::string_view> names_;
  Store store_;
};

/// The number of a name, or the number of names.
[[nodiscard]] PARLEY_EXPORT std::size_t index_of(std::span<const std::string_view> names,
                                                 std::string_view name) noexcept;
/// "none of red, green, blue".
[[nodiscard]] PARLEY_EXPORT std::string none_of(std::span<const std::string_view> names);

/// For the templates of shape_of.hpp: failures, always false.
PARLEY_EXPORT bool fail_range(Decoder& decoder, std::int64_t found, std::int64_t min, std::uint64_t max);
PARLEY_EXPORT bool fail_range(Decoder& decoder, std::uint64_t found, std::int64_t min, std::uint64_t max);
PARLEY_EXPORT bool fail_real_range(Decoder& decoder, double found);

/// A map's key as the step of a path, and as words.
[[nodiscard]] PARLEY_EXPORT std::string key_step(std::string_view key);
[[nodiscard]] PARLEY_EXPORT std::string key_step(std::int64_t key);
[[nodiscard]] PARLEY_EXPORT std::string key_step(std::uint64_t key);
PARLEY_EXPORT bool fail_key(Decoder& decoder, std::string_view expected, std::string_view found);
PARLEY_EXPORT bool fail_key(Decoder& decoder, std::string_view expected, std::int64_t found);
PARLEY_EXPORT bool fail_key(Decoder& decoder, std::string_view expected, std::uint64_t found);

}  // namespace parley::codec
