// Which C++ types can be decoded, and the shape of each.
//
//   bool, integers, float, double          a number has to fit; float and double also take integers
//   std::string                            valid UTF-8
//   std::vector<std::byte>, Message        byte strings; base64 text in JSON
//   std::chrono::duration                  a number, in the duration's own unit
//   described enums                        by name
//   std::optional<T>                       null or T; as a field it may be missing
//   std::monostate                         null
//   std::vector, std::deque, std::list     arrays
//   std::array, std::tuple, std::pair      arrays of just this many elements
//   std::map, std::unordered_map           objects; keys are strings, enums or integers (in JSON: their text)
//   described structs                      objects; see described.hpp
//   std::variant                           the first alternative that takes the kind of value that came
//   boost::json::value                     anything
//
// A variant's alternative that could never be chosen does not compile.
#pragma once

#include <parley/codec/described.hpp>
#include <parley/codec/shapes.hpp>
#include <parley/detail/export.hpp>
#include <parley/message.hpp>

#include <boost/json/fwd.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace parley::codec {

/// bool and the character types are no numbers.
template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                  !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// Whether T is a std::optional.
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// `value`, the Shape, and `kinds`, which it takes.
template <class T>
struct ShapeOf {
  static_assert(!std::same_as<T, std::string_view>, "a view cannot be decoded: nobody would own the text");
  static_assert(!std::same_as<T, T>,
                "parley does not know this type: describe it by BOOST_DESCRIBE_STRUCT (or BOOST_DESCRIBE_ENUM), or use "
                "one of those listed in parley/codec/shape_of.hpp");
};

// --- single values ---------------------------------------------------------------------------------------------------

template <>
struct ShapeOf<bool> {
  static constexpr Kinds kinds = kind_boolean;
  static constexpr BooleanShape value{};
};

template <>
struct ShapeOf<std::monostate> {
  static constexpr Kinds kinds = kind_null;
  static constexpr NullShape value{};
};

template <>
struct ShapeOf<std::string> {
  static constexpr Kinds kinds = kind_string;
  static constexpr StringShape value{};
};

template <>
struct ShapeOf<std::vector<std::byte>> {
  static constexpr Kinds kinds = kind_bytes;
  static constexpr BytesShape value{false};
};

template <>
struct ShapeOf<Message> {
  static constexpr Kinds kinds = kind_bytes;
  static constexpr BytesShape value{true};
};

/// An integer type: what does not fit is out of range.
template <Integer T>
class IntegerShape final : public Shape {
 public:
  void describe(std::string& out) const override { out += "an integer"; }
  bool integer(void* object, std::int64_t value, Decoder& decoder) const override {
    return store(object, value, decoder);
  }
  bool big_integer(void* object, std::uint64_t value, Decoder& decoder) const override {
    return store(object, value, decoder);
  }

 private:
  template <class Wide>
  static bool store(void* object, Wide value, Decoder& decoder) {
    using Limits = std::numeric_limits<T>;
    if (!std::in_range<T>(value))
      return fail_range(decoder, value, static_cast<std::int64_t>(Limits::min()),
                        static_cast<std::uint64_t>(Limits::max()));
    *static_cast<T*>(object) = static_cast<T>(value);
    return true;
  }
};

template <Integer T>
struct ShapeOf<T> {
  static constexpr Kinds kinds = kind_integer;
  static constexpr IntegerShape<T> value{};
};

/// float and double: take integers too, rounding those they cannot hold.
template <std::floating_point T>
class RealShape final : public Shape {
 public:
  void describe(std::string& out) const override { out += "a number"; }
  bool integer(void* object, std::int64_t value, Decoder&) const override {
    *static_cast<T*>(object) = static_cast<T>(value);
    return true;
  }
  bool big_integer(void* object, std::uint64_t value, Decoder&) const override {
    *static_cast<T*>(object) = static_cast<T>(value);
    return true;
  }
  bool real(void* object, double value, Decoder& decoder) const override {
    if constexpr (sizeof(T) < sizeof(double)) {
      if (std::isfinite(value) && std::abs(value) > static_cast<double>(std::numeric_limits<T>::max()))
        return fail_real_range(decoder, value);
    }
    *static_cast<T*>(object) = static_cast<T>(value);
    return true;
  }
};

template <std::floating_point T>
struct ShapeOf<T> {
  static constexpr Kinds kinds = kind_integer | kind_real;
  static constexpr RealShape<T> value{};
};

/// Its count, as its type of count would be decoded.
template <class Rep, class Period>
class DurationShape final : public Shape {
 public:
  void describe(std::string& out) const override { count_shape.describe(out); }
  bool integer(void* object, std::int64_t value, Decoder& decoder) const override {
    Rep count{};
    return count_shape.integer(&count, value, decoder) && store(object, count);
  }
  bool big_integer(void* object, std::uint64_t value, Decoder& decoder) const override {
    Rep count{};
    return count_shape.big_integer(&count, value, decoder) && store(object, count);
  }
  bool real(void* object, double value, Decoder& decoder) const override {
    Rep count{};
    return count_shape.real(&count, value, decoder) && store(object, count);
  }

 private:
  static constexpr const auto& count_shape = ShapeOf<Rep>::value;
  static bool store(void* object, Rep count) {
    using Duration = std::chrono::duration<Rep, Period>;
    *static_cast<Duration*>(object) = Duration{count};
    return true;
  }
};

template <class Rep, class Period>
struct ShapeOf<std::chrono::duration<Rep, Period>> {
  static constexpr Kinds kinds = ShapeOf<Rep>::kinds;
  static constexpr DurationShape<Rep, Period> value{};
};

template <DescribedEnum E>
struct ShapeOf<E> {
  static constexpr Kinds kinds = kind_string;
  static constexpr EnumShape value{EnumTable<E>::names, [](void* object, std::size_t index) {
                                     *static_cast<E*>(object) = EnumTable<E>::values[index];
                                   }};
};

// --- one value or another --------------------------------------------------------------------------------------------

template <class T>
struct ShapeOf<std::optional<T>> {
  static_assert((ShapeOf<T>::kinds & kind_null) == 0, "null would mean two things");
  static constexpr Kinds kinds = kind_null | ShapeOf<T>::kinds;
  static constexpr OptionalShape value{
      ShapeOf<T>::value, [](void* object) { static_cast<std::optional<T>*>(object)->reset(); },
      [](void* object) -> void* { return &static_cast<std::optional<T>*>(object)->emplace(); }};
};

template <class... Ts>
struct ShapeOf<std::variant<Ts...>> {
  static constexpr Kinds kinds = (ShapeOf<Ts>::kinds | ...);

  /// Whether each alternative takes a kind that none before it takes.
  static constexpr bool all_can_be_chosen = [] {
    Kinds taken = 0;
    bool all = true;
    ((all = all && (ShapeOf<Ts>::kinds & ~taken) != 0, taken |= ShapeOf<Ts>::kinds), ...);
    return all;
  }();
  static_assert(all_can_be_chosen,
                "an alternative of this variant is never chosen: those before it take the same kinds of value");

  static constexpr std::array<VariantShape::Alternative, sizeof...(Ts)> alternatives{VariantShape::Alternative{
      ShapeOf<Ts>::kinds, &ShapeOf<Ts>::value,
      [](void* object) -> void* { return &static_cast<std::variant<Ts...>*>(object)->template emplace<Ts>(); }}...};
  static constexpr VariantShape value{alternatives};
};

// --- elements --------------------------------------------------------------------------------------------------------

/// Memory that containers of elements take, roughly, in bytes: for an element beside its own size, and without any.
template <class Container>
inline constexpr std::size_t element_overhead = 0;
template <class T, class Allocator>
inline constexpr std::size_t element_overhead<std::list<T, Allocator>> = 4 * sizeof(void*);
template <class Container>
inline constexpr std::size_t empty_container_size = 0;
template <class T, class Allocator>
inline constexpr std::size_t empty_container_size<std::deque<T, Allocator>> = 640;

/// What the ShapeOf of each container of elements is.
template <class Container>
struct SequenceOf {
  /// Of the container.
  using Element = typename Container::value_type;

  /// One, two, four would be three allocations.
  static constexpr std::size_t first_capacity = sizeof(Element) < 64 ? 4 : 1;

  /// As in ShapeOf.
  static constexpr Kinds kinds = kind_array;
  static constexpr SequenceShape value{sizeof(Element) + element_overhead<Container>,
                                       [](void* object) -> Slot {
                                         Container& container = *static_cast<Container*>(object);
                                         if constexpr (requires { container.reserve(1); }) {
                                           if (container.capacity() == 0) container.reserve(first_capacity);
                                         }
                                         return {&ShapeOf<Element>::value, &container.emplace_back()};
                                       },
                                       [](void* object, std::size_t count) {
                                         Container& container = *static_cast<Container*>(object);
                                         container.clear();
                                         if constexpr (requires { container.reserve(count); }) container.reserve(count);
                                       },
                                       empty_container_size<Container>};
};

template <class T, class Allocator>
struct ShapeOf<std::vector<T, Allocator>> : SequenceOf<std::vector<T, Allocator>> {};
template <class T, class Allocator>
struct ShapeOf<std::deque<T, Allocator>> : SequenceOf<std::deque<T, Allocator>> {};
template <class T, class Allocator>
struct ShapeOf<std::list<T, Allocator>> : SequenceOf<std::list<T, Allocator>> {};

template <>
struct ShapeOf<std::vector<bool>> {
  static constexpr Kinds kinds = kind_array;
  static constexpr BooleanAppender appender{};
  static constexpr SequenceShape value{1,
                                       [](void* object) -> Slot {
                                         return {&appender, object};
                                       },
                                       [](void* object, std::size_t count) {
                                         static_cast<std::vector<bool>*>(object)->clear();
                                         static_cast<std::vector<bool>*>(object)->reserve(count);
                                       }};
};

template <class T, std::size_t size>
struct ShapeOf<std::array<T, size>> {
  static constexpr Kinds kinds = kind_array;
  static constexpr TupleShape value{size, [](void* object, std::size_t index) -> Slot {
                                      return {&ShapeOf<T>::value, &(*static_cast<std::array<T, size>*>(object))[index]};
                                    }};
};

/// What the ShapeOf of tuple and pair is.
template <class Tuple>
struct TupleOf {
  /// How many elements.
  static constexpr std::size_t size = std::tuple_size_v<Tuple>;
  /// Says where one of them goes.
  using At = Slot (*)(Tuple&);

  /// One for each element.
  template <std::size_t... indices>
  static constexpr std::array<At, size> table(std::index_sequence<indices...>) {
    return {[](Tuple& tuple) -> Slot {
      return {&ShapeOf<std::tuple_element_t<indices, Tuple>>::value, &std::get<indices>(tuple)};
    }...};
  }

  /// As in ShapeOf.
  static constexpr Kinds kinds = kind_array;
  static constexpr TupleShape value{size, [](void* object, std::size_t index) -> Slot {
                                      static constexpr auto slots = table(std::make_index_sequence<size>{});
                                      return slots[index](*static_cast<Tuple*>(object));
                                    }};
};

template <class... Ts>
struct ShapeOf<std::tuple<Ts...>> : TupleOf<std::tuple<Ts...>> {};
template <class First, class Second>
struct ShapeOf<std::pair<First, Second>> : TupleOf<std::pair<First, Second>> {};

// --- fields ----------------------------------------------------------------------------------------------------------

template <DescribedStruct T>
struct ShapeOf<T> {
  static_assert(boost::mp11::mp_size<Members<T>>::value <= StructShape::field_count_max,
                "a described struct may have 64 members, those of its bases included");

  /// How far a member is from the beginning of the object: what a pointer to a data member is (Itanium C++ ABI).
  template <class Type>
  static std::ptrdiff_t offset_of(Type T::*member) noexcept {
    static_assert(sizeof member == sizeof(std::ptrdiff_t));
    return std::bit_cast<std::ptrdiff_t>(member);
  }

  template <class Member>
  static Field field_of() {
    using Type = TypeOfMember<T, Member>;
    return {Member::name, &ShapeOf<Type>::value, offset_of<Type>(Member::pointer), is_optional<Type>};
  }

  template <template <class...> class List, class... D>
  static std::array<Field, sizeof...(D)> fields_of(List<D...>) {
    return {field_of<D>()...};
  }

  static const Field* fields() {
    static const auto table = fields_of(Members<T>{});
    return table.data();
  }

  static constexpr Kinds kinds = kind_object;
  static constexpr StructShape value{boost::mp11::mp_size<Members<T>>::value, &fields};
};

/// How a key of a map is made of what came: by `parse` from a string, by `convert` from an integer.
template <class K>
struct MapKey;

template <>
struct MapKey<std::string> {
  static constexpr std::string_view expected = "a string";
  static bool parse(std::string_view text, std::string& key, const Rules&) { return key.assign(text), true; }
  template <class Wide>
  static bool convert(Wide, std::string&) {
    return false;
  }
  static std::string step(const std::string& key) { return key_step(std::string_view{key}); }
};

template <Integer K>
struct MapKey<K> {
  static constexpr std::string_view expected = "an integer in range";
  static bool parse(std::string_view text, K& key, const Rules& rules) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), key);
    return rules.text_only && failure == std::errc{} && end == text.data() + text.size();
  }
  template <class Wide>
  static bool convert(Wide value, K& key) {
    key = static_cast<K>(value);
    return std::in_range<K>(value);
  }
  static std::string step(K key) {
    if constexpr (std::signed_integral<K>) return key_step(std::int64_t{key});
    return key_step(static_cast<std::uint64_t>(key));
  }
};

template <DescribedEnum K>
struct MapKey<K> {
  static constexpr std::string_view expected = "a name of the enum";
  static bool parse(std::string_view text, K& key, const Rules&) {
    const std::size_t i = index_of(EnumTable<K>::names, text);
    if (i == EnumTable<K>::count) return false;
    key = EnumTable<K>::values[i];
    return true;
  }
  template <class Wide>
  static bool convert(Wide, K&) {
    return false;
  }
  static std::string step(K key) {
    const auto& values = EnumTable<K>::values;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == key) return key_step(EnumTable<K>::names[i]);
    return {};
  }
};

/// A map: each key once, and made by its MapKey.
template <class Map>
class MapShape final : public Shape {
 public:
  void describe(std::string& out) const override { out += "an object"; }
  bool begin_map(void* object, std::size_t, Decoder& decoder) const override {
    static_cast<Map*>(object)->clear();
    return decoder.open_map(*this, object);
  }
  bool key(Frame& frame, std::string_view text, Decoder& decoder) const override {
    Key key{};
    if (!MapKey<Key>::parse(text, key, decoder.rules())) return fail_key(decoder, MapKey<Key>::expected, text);
    return decoder.charge(text.size()) && add(frame, std::move(key), decoder);
  }
  bool key(Frame& frame, std::int64_t number, Decoder& decoder) const override {
    return add_integer(frame, number, decoder);
  }
  bool big_key(Frame& frame, std::uint64_t number, Decoder& decoder) const override {
    return add_integer(frame, number, decoder);
  }
  void append_step(const Frame& frame, std::string& path) const override {
    if (frame.key != nullptr) path += MapKey<Key>::step(*static_cast<const Key*>(frame.key));
  }

 private:
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;

  /// A node of the usual containers, roughly.
  static constexpr std::size_t entry_size = sizeof(typename Map::value_type) + 4 * sizeof(void*);

  template <class Wide>
  static bool add_integer(Frame& frame, Wide number, Decoder& decoder) {
    Key key{};
    if (!MapKey<Key>::convert(number, key)) return fail_key(decoder, MapKey<Key>::expected, number);
    return add(frame, std::move(key), decoder);
  }

  static bool add(Frame& frame, Key key, Decoder& decoder) {
    if (!decoder.charge(entry_size)) return false;
    const auto [entry, is_new] = static_cast<Map*>(frame.object)->try_emplace(std::move(key));
    frame.key = &entry->first;
    if (!is_new) return decoder.fail("the key is there twice");
    frame.slot = {&ShapeOf<Value>::value, &entry->second};
    return true;
  }
};

template <class K, class V, class... More>
struct ShapeOf<std::map<K, V, More...>> {
  static constexpr Kinds kinds = kind_object;
  static constexpr MapShape<std::map<K, V, More...>> value{};
};

template <class K, class V, class... More>
struct ShapeOf<std::unordered_map<K, V, More...>> {
  static constexpr Kinds kinds = kind_object;
  static constexpr MapShape<std::unordered_map<K, V, More...>> value{};
};

// --- anything --------------------------------------------------------------------------------------------------------

/// boost::json::value. Byte strings become base64 text, integer keys their text, in every format.
class PARLEY_EXPORT JsonValueShape final : public Shape {
 public:
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
  bool element(Frame& frame, Decoder& decoder) const override;
  bool key(Frame& frame, std::string_view key, Decoder& decoder) const override;
  bool key(Frame& frame, std::int64_t key, Decoder& decoder) const override;
  bool big_key(Frame& frame, std::uint64_t key, Decoder& decoder) const override;
  void append_step(const Frame& frame, std::string& path) const override;
};

template <>
struct ShapeOf<boost::json::value> {
  static constexpr Kinds kinds = ~Kinds{0};
  static constexpr JsonValueShape value{};
};

}  // namespace parley::codec
