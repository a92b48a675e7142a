// What Boost.Describe knows about a type, as tables.
//
//   struct Item { std::string name; double price; };
//   BOOST_DESCRIBE_STRUCT(Item, (), (name, price))
//   BOOST_DEFINE_ENUM_CLASS(Colour, red, green)
//
// All described data members travel under their names, those of base classes first, protected and private ones too:
// describing them (BOOST_DESCRIBE_CLASS) is how a class says that they may. Enums travel by name.
#pragma once

#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/class.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace parley::codec {

/// A class that Boost.Describe knows the members of.
template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

/// An enum that Boost.Describe knows the enumerators of.
template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

/// Descriptors, each with `pointer` and `name`.
template <DescribedStruct T>
using Members = boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

/// Descriptors, each with `value` and `name`.
template <DescribedEnum E>
using Enumerators = boost::describe::describe_enumerators<E>;

/// What a member that is described by `Member` is.
template <class T, class Member>
using TypeOfMember = std::remove_cvref_t<decltype(std::declval<T&>().*Member::pointer)>;

/// The enumerators in the order of their description: `names[i]` is that of `values[i]`.
template <DescribedEnum E>
struct EnumTable {
  /// How many, their names, their values.
  static constexpr std::size_t count = boost::mp11::mp_size<Enumerators<E>>::value;
  static constexpr auto names = []<template <class...> class List, class... D>(List<D...>) {
    return std::array<std::string_view, sizeof...(D)>{D::name...};
  }(Enumerators<E>{});
  static constexpr auto values = []<template <class...> class List, class... D>(List<D...>) {
    return std::array<E, sizeof...(D)>{D::value...};
  }(Enumerators<E>{});
};

}  // namespace parley::codec
