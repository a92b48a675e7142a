// JSON Schemas (draft 2020-12) of C++ types: what the JSON of a T looks like, for programs and people elsewhere.
//
//   std::string text = parley::codec::json_schema<Order>();
//
// They say what decoding asks for: integers have the bounds of their types, optional fields may be missing, byte
// strings are base64 text. A struct that stands below another is described once, under "$defs", so that types which
// contain themselves have an end. A type with a ShapeOf of its own is anything: {}.
#pragma once

#include <parley/codec/described.hpp>
#include <parley/codec/shape_of.hpp>
#include <parley/detail/export.hpp>
#include <parley/message.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace parley::codec {

/// Writes one schema, of which the templates below tell it the parts.
class PARLEY_EXPORT SchemaWriter {
 public:
  /// Writes the schema of one type: the `write` of its SchemaOf.
  using Part = void (*)(SchemaWriter& out);
  /// A member of a struct.
  struct Member {
    std::string_view name;  ///< its key
    Part part;              ///< of its type
    bool may_lack;          ///< it is optional
  };

  /// Any value at all; the single kinds; an integer between two bounds; a string that is one of these.
  void anything();
  void null();
  void boolean();
  void integer(std::int64_t least, std::uint64_t most);
  void number();
  void string();
  void bytes();
  void name(std::span<const std::string_view> names);

  /// Any number of elements; these and no others.
  void array(Part element);
  void tuple(std::span<const Part> elements);
  /// An object with any keys, which are strings, or match this pattern, or are among these names.
  void map(Part value);
  void map(Part value, std::string_view key_pattern);
  void map(Part value, std::span<const std::string_view> keys);
  /// One of several.
  void either(std::span<const Part> parts);
  /// An object with these members. Below another one it is written as a reference.
  void object(const std::type_info& type, std::span<const Member> members);

  /// All of it, once the root has been written.
  [[nodiscard]] std::string text() &&;

 private:
  struct Definition {
    std::type_index type;
    std::string name;  // empty: the root
    std::span<const Member> members;
  };

  [[nodiscard]] std::string name_for(const std::type_info& type) const;
  void put_parts(std::span<const Part> all);
  void put_names(std::span<const std::string_view> all);
  void put_members(std::span<const Member> all);

  std::string text_;
  std::vector<Definition> definitions_;
};

/// `write`, which tells a SchemaWriter what a T is. This one knows nothing of it.
template <class T>
struct SchemaOf {
  /// Of the type alone: a SchemaWriter::Part.
  static void write(SchemaWriter& out) { out.anything(); }
};

template <>
struct SchemaOf<bool> {
  static void write(SchemaWriter& out) { out.boolean(); }
};

template <>
struct SchemaOf<std::monostate> {
  static void write(SchemaWriter& out) { out.null(); }
};

template <>
struct SchemaOf<std::string> {
  static void write(SchemaWriter& out) { out.string(); }
};

template <>
struct SchemaOf<std::vector<std::byte>> {
  static void write(SchemaWriter& out) { out.bytes(); }
};

template <>
struct SchemaOf<Message> {
  static void write(SchemaWriter& out) { out.bytes(); }
};

template <Integer T>
struct SchemaOf<T> {
  static void write(SchemaWriter& out) {
    out.integer(static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                static_cast<std::uint64_t>(std::numeric_limits<T>::max()));
  }
};

template <std::floating_point T>
struct SchemaOf<T> {
  static void write(SchemaWriter& out) { out.number(); }
};

template <class Rep, class Period>
struct SchemaOf<std::chrono::duration<Rep, Period>> : SchemaOf<Rep> {};

template <DescribedEnum E>
struct SchemaOf<E> {
  static void write(SchemaWriter& out) { out.name(EnumTable<E>::names); }
};

template <class T>
struct SchemaOf<std::optional<T>> {
  static void write(SchemaWriter& out) {
    static constexpr std::array<SchemaWriter::Part, 2> parts{&SchemaOf<T>::write, &SchemaOf<std::monostate>::write};
    out.either(parts);
  }
};

template <class... Ts>
struct SchemaOf<std::variant<Ts...>> {
  static void write(SchemaWriter& out) {
    static constexpr std::array<SchemaWriter::Part, sizeof...(Ts)> parts{&SchemaOf<Ts>::write...};
    out.either(parts);
  }
};

/// What the SchemaOf of each container of elements is.
template <class T>
struct SchemaOfElements {
  /// As in SchemaOf.
  static void write(SchemaWriter& out) { out.array(&SchemaOf<T>::write); }
};

template <class T, class Allocator>
struct SchemaOf<std::vector<T, Allocator>> : SchemaOfElements<T> {};
template <class T, class Allocator>
struct SchemaOf<std::deque<T, Allocator>> : SchemaOfElements<T> {};
template <class T, class Allocator>
struct SchemaOf<std::list<T, Allocator>> : SchemaOfElements<T> {};

/// What the SchemaOf of array, tuple and pair is.
template <class... Ts>
struct SchemaOfTuple {
  /// As in SchemaOf.
  static void write(SchemaWriter& out) {
    static constexpr std::array<SchemaWriter::Part, sizeof...(Ts)> parts{&SchemaOf<Ts>::write...};
    out.tuple(parts);
  }
};

template <class... Ts>
struct SchemaOf<std::tuple<Ts...>> : SchemaOfTuple<Ts...> {};
template <class First, class Second>
struct SchemaOf<std::pair<First, Second>> : SchemaOfTuple<First, Second> {};
template <class T, std::size_t size>
struct SchemaOf<std::array<T, size>> {
  static void write(SchemaWriter& out) {
    static constexpr auto parts = [] {
      std::array<SchemaWriter::Part, size> all{};
      all.fill(&SchemaOf<T>::write);
      return all;
    }();
    out.tuple(parts);
  }
};

/// What the SchemaOf of each map is.
template <class K, class V>
struct SchemaOfMap {
  /// As in SchemaOf.
  static void write(SchemaWriter& out) {
    if constexpr (DescribedEnum<K>) {
      out.map(&SchemaOf<V>::write, EnumTable<K>::names);
    } else if constexpr (Integer<K>) {
      out.map(&SchemaOf<V>::write, std::signed_integral<K> ? "^-?[0-9]+$" : "^[0-9]+$");
    } else {
      out.map(&SchemaOf<V>::write);
    }
  }
};

template <class K, class V, class... More>
struct SchemaOf<std::map<K, V, More...>> : SchemaOfMap<K, V> {};
template <class K, class V, class... More>
struct SchemaOf<std::unordered_map<K, V, More...>> : SchemaOfMap<K, V> {};

template <DescribedStruct T>
struct SchemaOf<T> {
  static void write(SchemaWriter& out) { out.object(typeid(T), table(Members<T>{})); }

 private:
  template <template <class...> class List, class... D>
  static std::span<const SchemaWriter::Member> table(List<D...>) {
    static constexpr std::array<SchemaWriter::Member, sizeof...(D)> members{
        SchemaWriter::Member{D::name, &SchemaOf<TypeOfMember<T, D>>::write, is_optional<TypeOfMember<T, D>>}...};
    return members;
  }
};

/// The schema of a T, as JSON text without blanks.
template <class T>
[[nodiscard]] std::string json_schema() {
  SchemaWriter out;
  SchemaOf<T>::write(out);
  return std::move(out).text();
}

}  // namespace parley::codec
