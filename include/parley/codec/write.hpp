// Takes C++ values apart for a Writer. The types are those of shape_of.hpp, and std::string_view.
#pragma once

#include <parley/codec/described.hpp>
#include <parley/codec/shape_of.hpp>
#include <parley/codec/writer.hpp>
#include <parley/detail/export.hpp>
#include <parley/message.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace parley::codec {

/// `W` is the format's own type rather than Writer, so that its events are called directly.
template <class W, class T>
void write(W& writer, const T& value);

/// Defined in the library for boost::json::value, the one type that is not taken apart here.
PARLEY_EXPORT void write_json_value(Writer& writer, const boost::json::value& value);

/// Throws std::invalid_argument for a value that is no enumerator's.
template <DescribedEnum E>
std::string_view name_of(E value) {
  const auto& values = EnumTable<E>::values;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] == value) return EnumTable<E>::names[i];
  throw std::invalid_argument{"cannot encode: " + std::to_string(static_cast<std::underlying_type_t<E>>(value)) +
                              " is the value of no enumerator (" + none_of(EnumTable<E>::names) + ")"};
}

namespace parts {  // one overload for each family of types

template <class T>
concept IsString = std::same_as<T, std::string> || std::same_as<T, std::string_view>;
template <class T>
concept IsDuration = requires(T t) {
  typename T::period;
  { t.count() } -> std::convertible_to<typename T::rep>;
};
template <class T>
concept IsMap = requires {
  typename T::key_type;
  typename T::mapped_type;
};
template <class T>
concept IsSequence = requires(const T& t) {
  typename T::value_type;
  t.begin();
  t.size();
}
&&!IsMap<T>;
template <class T>
concept IsTuple = requires {
  std::tuple_size<T>::value;
}
&&!IsSequence<T>;

template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

template <class W, class K>
void write_key(W& writer, const K& key) {
  if constexpr (IsString<K>) {
    writer.key(std::string_view{key});
  } else if constexpr (DescribedEnum<K>) {
    writer.key(name_of(key));
  } else if constexpr (std::signed_integral<K>) {
    writer.key(std::int64_t{key});
  } else {
    writer.key(std::uint64_t{key});
  }
}

template <class W, class T>
void write_struct(W& writer, const T& value) {
  [&]<template <class...> class List, class... D>(List<D...>) {
    writer.begin_map(sizeof...(D));
    ((writer.key(std::string_view{D::name}), write(writer, value.*D::pointer)), ...);
    writer.end_map(sizeof...(D));
  }(Members<T>{});
}

template <class W, class T>
void write_map(W& writer, const T& map) {
  writer.begin_map(map.size());
  for (const auto& [key, value] : map) {
    write_key(writer, key);
    write(writer, value);
  }
  writer.end_map(map.size());
}

template <class W, class T>
void write_sequence(W& writer, const T& values) {
  writer.begin_array(values.size());
  for (const auto& value : values) write<W, typename T::value_type>(writer, value);  // vector<bool> has proxies
  writer.end_array(values.size());
}

template <class W, class T>
void write_tuple(W& writer, const T& tuple) {
  constexpr std::size_t size = std::tuple_size_v<T>;
  writer.begin_array(size);
  std::apply([&](const auto&... values) { (write(writer, values), ...); }, tuple);
  writer.end_array(size);
}

}  // namespace parts

template <class W, class T>
void write(W& writer, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    writer.boolean(value);
  } else if constexpr (Integer<T> && std::signed_integral<T>) {
    writer.integer(std::int64_t{value});
  } else if constexpr (Integer<T>) {
    writer.integer(std::uint64_t{value});
  } else if constexpr (std::same_as<T, float>) {
    writer.real(value);
  } else if constexpr (std::floating_point<T>) {
    writer.real(static_cast<double>(value));
  } else if constexpr (parts::IsString<T>) {
    writer.string(value);
  } else if constexpr (std::same_as<T, Message>) {
    writer.bytes(value.bytes());
  } else if constexpr (std::same_as<T, std::vector<std::byte>>) {
    writer.bytes(value);
  } else if constexpr (DescribedEnum<T>) {
    writer.string(name_of(value));
  } else if constexpr (parts::IsDuration<T>) {
    write(writer, value.count());
  } else if constexpr (is_optional<T>) {
    value ? write(writer, *value) : writer.null();
  } else if constexpr (std::same_as<T, std::monostate>) {
    writer.null();
  } else if constexpr (parts::is_variant<T>) {
    std::visit([&](const auto& chosen) { write(writer, chosen); }, value);
  } else if constexpr (std::same_as<T, boost::json::value>) {
    write_json_value(writer, value);
  } else if constexpr (DescribedStruct<T>) {
    parts::write_struct(writer, value);
  } else if constexpr (parts::IsMap<T>) {
    parts::write_map(writer, value);
  } else if constexpr (parts::IsSequence<T>) {
    parts::write_sequence(writer, value);
  } else if constexpr (parts::IsTuple<T>) {
    parts::write_tuple(writer, value);
  } else {
    static_cast<void>(ShapeOf<T>::value);  // which says what is wrong
  }
}

}  // namespace parley::codec
