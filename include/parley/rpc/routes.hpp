// Routes: which function answers which request.
//
//   struct Sum { int a, b; };  BOOST_DESCRIBE_STRUCT(Sum, (), (a, b))
//   parley::rpc::Routes routes;
//   routes.on("sum", [](Sum s) { return s.a + s.b; });
//   routes.on("slow", [](std::string what) -> asio::awaitable<std::string> { co_return co_await look_up(what); });
//   routes.on("raw", [](parley::Message m) { return m; }, parley::Bytes{});
//
// A handler takes the value, or the value and the Caller, or the Caller alone, or nothing; it returns the answer, or
// nothing, or an awaitable of either. A request is decoded before it is called: what is not the value that it takes is
// answered with the place and the reason, and the handler is not called.
//
// Thread rule: as a container. A table that has been given to a server is that server's.
#pragma once

#include <parley/codec/json.hpp>
#include <parley/codec/schema.hpp>
#include <parley/detail/export.hpp>
#include <parley/detail/signature.hpp>
#include <parley/error.hpp>
#include <parley/message.hpp>
#include <parley/rpc/caller.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace parley::rpc {

/// The route that lists the routes, where PeerOptions::lists_routes says so. No handler of a table has this name.
inline constexpr std::string_view routes_route = "parley.routes";

/// What a list of routes tells of one.
struct RouteInfo {
  std::string codec{};       ///< the name of its payloads' format; empty where that is the handler's own business
  std::string takes = "{}";  ///< the JSON Schema of what it takes; {} is anything
  std::string gives = "{}";  ///< the JSON Schema of what it answers
};

/// One entry of a table: a function of payloads. One of the two is there.
struct Route {
  /// Answers at once.
  std::function<Message(const Message&, const Caller&)> now{};
  /// Answers when it has.
  std::function<boost::asio::awaitable<Message>(Message, Caller)> later{};
  /// For lists.
  RouteInfo info{};
};

namespace detail {

/// A request's payload is not what the handler takes.
class PARLEY_EXPORT RequestRejected : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// What a handler has returned cannot be written.
class PARLEY_EXPORT AnswerUnencodable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class T, class C>
T decode_request(const C& codec, const Message& payload) {
  if constexpr (std::same_as<T, Message>) {
    return payload;
  } else {
    try {
      return codec.template decode<T>(payload);
    } catch (const Error& rejected) {
      throw RequestRejected{rejected.what()};
    }
  }
}

template <class C, class R>
Message encode_answer(const C& codec, const R& value) {
  if constexpr (std::same_as<R, Message>) {
    return value;
  } else {
    try {
      return codec.encode(value);
    } catch (const std::invalid_argument& refused) {
      throw AnswerUnencodable{refused.what()};
    }
  }
}

using parley::detail::ResultOf;
using parley::detail::SignatureOf;

template <class Arguments>
struct ArgumentsAre {
  static_assert(sizeof(Arguments) == 0, "a handler takes a value, a value and a Caller, a Caller, or nothing");
};
template <>
struct ArgumentsAre<std::tuple<>> {
  template <class F, class C>
  static decltype(auto) call(F& handler, const C&, const Message&, const Caller&) {
    return handler();
  }
};
template <>
struct ArgumentsAre<std::tuple<Caller>> {
  template <class F, class C>
  static decltype(auto) call(F& handler, const C&, const Message&, const Caller& caller) {
    return handler(caller);
  }
};
template <class T>
struct ArgumentsAre<std::tuple<T>> {
  template <class F, class C>
  static decltype(auto) call(F& handler, const C& codec, const Message& payload, const Caller&) {
    return handler(decode_request<T>(codec, payload));
  }
};
template <class T>
struct ArgumentsAre<std::tuple<T, Caller>> {
  template <class F, class C>
  static decltype(auto) call(F& handler, const C& codec, const Message& payload, const Caller& caller) {
    return handler(decode_request<T>(codec, payload), caller);
  }
};

/// What stands for nothing: null, where the format knows that.
template <class C>
Message nothing(const C& codec) {
  using Null = std::optional<bool>;
  if constexpr (requires { codec.encode(Null{}); }) {
    return codec.encode(Null{});
  } else {
    return {};
  }
}

/// A Message is whatever came, or goes.
template <class T>
std::string schema_of() {
  if constexpr (std::same_as<T, Message> || std::same_as<T, Caller>) {
    return "{}";
  } else {
    return codec::json_schema<T>();
  }
}

template <class F, class C>
RouteInfo info_of(const C& codec) {
  using Arguments = typename SignatureOf<F>::Arguments;
  using Result = typename ResultOf<typename SignatureOf<F>::Result>::type;
  RouteInfo info;
  info.codec = codec.name;
  if constexpr (std::tuple_size_v < Arguments >> 0) info.takes = schema_of<std::tuple_element_t<0, Arguments>>();
  if constexpr (!std::is_void_v<Result>) {
    info.gives = schema_of<Result>();
  } else if (!nothing(codec).empty()) {
    info.gives = codec::json_schema<std::monostate>();
  }
  return info;
}

template <class F, class C>
Route make_route(F handler, C codec) {
  using Signature = SignatureOf<F>;
  using Calling = ArgumentsAre<typename Signature::Arguments>;
  using Result = ResultOf<typename Signature::Result>;
  constexpr bool is_void = std::is_void_v<typename Result::type>;
  Route route;
  route.info = info_of<F>(codec);
  if constexpr (!Result::is_awaited) {
    route.now = [handler = std::move(handler), codec = std::move(codec)](const Message& payload,
                                                                         const Caller& caller) mutable -> Message {
      if constexpr (is_void) {
        Calling::call(handler, codec, payload, caller);
        return nothing(codec);
      } else {
        return encode_answer(codec, Calling::call(handler, codec, payload, caller));
      }
    };
  } else {
    // A coroutine's function object has to live as long as the coroutine.
    struct Kept {
      F handler;
      C codec;
    };
    auto kept = std::make_shared<Kept>(Kept{std::move(handler), std::move(codec)});
    route.later = [kept](Message payload, Caller caller) -> boost::asio::awaitable<Message> {
      return [](std::shared_ptr<Kept> own, Message body, Caller who) -> boost::asio::awaitable<Message> {
        auto work = Calling::call(own->handler, own->codec, body, who);
        if constexpr (is_void) {
          co_await std::move(work);
          co_return nothing(own->codec);
        } else {
          auto value = co_await std::move(work);
          co_return encode_answer(own->codec, value);
        }
      }(kept, std::move(payload), std::move(caller));
    };
  }
  return route;
}

/// Runs `handler`, which is not a coroutine, on a pool, and its coding with it.
template <class F, class C>
Route make_pool_route(boost::asio::any_io_executor pool, F handler, C codec) {
  auto inner = std::make_shared<Route>(make_route(std::move(handler), std::move(codec)));
  Route route;
  route.info = std::move(inner->info);
  route.later = [inner, pool](Message payload, Caller caller) -> boost::asio::awaitable<Message> {
    return [](std::shared_ptr<Route> own, boost::asio::any_io_executor on, Message body,
              Caller who) -> boost::asio::awaitable<Message> {
      auto run = [own, body, who]() -> boost::asio::awaitable<Message> { co_return own->now(body, who); };
      // What runs on a pool cannot be cancelled: its end is waited for.
      co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation{});
      co_return co_await boost::asio::co_spawn(on, std::move(run), boost::asio::use_awaitable);
    }(inner, pool, std::move(payload), std::move(caller));
  };
  return route;
}

}  // namespace detail

/// A table of them.
class PARLEY_EXPORT Routes {
 public:
  /// Answers requests by that name with `handler`; payloads are `codec`'s. Throws std::invalid_argument for a name that
  /// has a handler, is not UTF-8, or is routes_route.
  template <class F, class C = Json>
  Routes& on(std::string name, F handler, C codec = {}) {
    return add(std::move(name), detail::make_route(std::move(handler), std::move(codec)));
  }
  /// Answers requests that name no route.
  template <class F, class C = Json>
  Routes& on_any(F handler, C codec = {}) {
    return add_unnamed(detail::make_route(std::move(handler), std::move(codec)));
  }
  /// As on(), but the handler, which is no coroutine, runs on `pool`: it may take its time, and holds nobody up.
  /// Several may run at the same time, of one client too.
  template <class F, class C = Json>
  Routes& on_pool(boost::asio::any_io_executor pool, std::string name, F handler, C codec = {}) {
    using Result = detail::ResultOf<typename detail::SignatureOf<F>::Result>;
    static_assert(!Result::is_awaited, "a coroutine needs no pool");
    return add(std::move(name), detail::make_pool_route(std::move(pool), std::move(handler), std::move(codec)));
  }
  /// The same with functions of payloads.
  Routes& add(std::string name, Route route);
  Routes& add_unnamed(Route route);

  /// Takes over all of `others`. Throws std::invalid_argument, with the names, where both have a handler; then nothing
  /// has changed.
  Routes& merge(Routes others);

  /// Null without one.
  [[nodiscard]] const Route* find(std::string_view name) const noexcept;
  [[nodiscard]] const Route* unnamed() const noexcept { return unnamed_ ? &*unnamed_ : nullptr; }
  [[nodiscard]] bool empty() const noexcept { return named_.empty() && !unnamed_; }
  /// Whether any handler has a name. Without one, the unnamed handler answers whatever name a request has.
  [[nodiscard]] bool has_named() const noexcept { return !named_.empty(); }

  /// What routes_route answers: an array of {"name", "codec", "takes", "gives"}, in the order of the names, the one
  /// without a name last. Its name is null, and so is a codec that nobody has told.
  [[nodiscard]] std::string to_json() const;

 private:
  std::map<std::string, Route, std::less<>> named_;
  std::optional<Route> unnamed_;
};

}  // namespace parley::rpc
