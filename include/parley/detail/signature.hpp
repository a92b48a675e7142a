// What a handler of the user's takes and gives, found from its type: a function, or an object with one operator().
#pragma once

#include <boost/asio/awaitable.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace parley::detail {

/// What a handler returns, without its awaitable.
template <class R>
struct ResultOf {
  using type = R;
  static constexpr bool is_awaited = false;
};
template <class R>
struct ResultOf<boost::asio::awaitable<R>> {
  using type = R;
  static constexpr bool is_awaited = true;
};

/// What a function takes and gives.
template <class R, class... Args>
struct Signature {
  using Result = R;
  using Arguments = std::tuple<std::remove_cvref_t<Args>...>;
  using Declared = std::tuple<Args...>;  ///< the same, with the references that they are declared with
};
template <class R, class... Args>
Signature<R, Args...> signature_of(R (*)(Args...));
template <class C, class R, class... Args>
Signature<R, Args...> signature_of(R (C::*)(Args...));
template <class C, class R, class... Args>
Signature<R, Args...> signature_of(R (C::*)(Args...) const);

template <class F>
constexpr auto call_of(F handler) {
  if constexpr (std::is_pointer_v<F>) {
    return handler;
  } else {
    return &F::operator();
  }
}

template <class F>
using SignatureOf = decltype(signature_of(call_of(std::declval<F>())));

}  // namespace parley::detail
