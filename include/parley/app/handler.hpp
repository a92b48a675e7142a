// How a function of the program's becomes a handler: what it takes is made for it, what it returns is sent.
#pragma once

#include <parley/app/cause.hpp>
#include <parley/app/classify.hpp>
#include <parley/app/hooks.hpp>
#include <parley/app/peer.hpp>
#include <parley/codec/json.hpp>
#include <parley/codec/text.hpp>
#include <parley/detail/signature.hpp>
#include <parley/message.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace parley::app {

/// Which codec a message handler has that names none: text is the message as it is, and has to be UTF-8; everything
/// else is Json's.
struct TextOrJson {};

namespace detail {

using parley::detail::ResultOf;
using parley::detail::SignatureOf;

/// For messages; one of the three functions is there.
struct MessageHandler {
  /// Whether there is a reply, which is in the last argument then.
  using Now = std::function<bool(Peer&, const Message&, Message&)>;
  /// Without a reply. The arguments live as long as the coroutine.
  using Later = std::function<boost::asio::awaitable<void>(Peer&, const Message&)>;
  using Replying = std::function<boost::asio::awaitable<std::optional<Message>>(Peer&, const Message&)>;

  Now now{};
  Later later{};
  Replying replying{};
  /// Where `now` runs, if it may block.
  boost::asio::any_io_executor pool{};
};

/// For on_connect, on_disconnect, on_error and on_idle; one of the two is there. The arguments of a coroutine live as
/// long as it does.
struct EventHandler {
  std::function<void(Peer&, const Cause&)> now{};
  std::function<boost::asio::awaitable<void>(Peer&, const Cause&)> later{};
};

/// Changes the message in place; `why` is for refused and failed.
using Hook = std::function<Hooked::What(Peer&, Message&, std::string& why)>;
using Classifier = std::function<Verdict(Peer&, std::span<const Message>)>;

template <class T, class C>
T decode(const C& codec, const Message& message) {
  if constexpr (!std::same_as<C, TextOrJson>) {
    return codec.template decode<T>(message);
  } else if constexpr (std::same_as<T, std::string>) {
    return Text{}.decode(message);
  } else {
    return Json{}.decode<T>(message);
  }
}

template <class C, class R>
Message encode(const C& codec, R&& value) {
  if constexpr (std::same_as<std::remove_cvref_t<R>, Message>) {
    return std::forward<R>(value);
  } else if constexpr (!std::same_as<C, TextOrJson>) {
    return codec.encode(value);
  } else if constexpr (std::convertible_to<R, std::string_view>) {
    return Message{std::string_view{value}};
  } else {
    return Json{}.encode(value);
  }
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class C, class R>
std::optional<Message> encode_reply(const C& codec, R&& value) {
  if constexpr (is_optional<std::remove_cvref_t<R>>) {
    return value ? std::optional{encode(codec, *std::forward<R>(value))} : std::nullopt;
  } else {
    return encode(codec, std::forward<R>(value));
  }
}

/// What a message handler gets for a parameter of type T.
template <class T, class C>
decltype(auto) argument(Peer& peer, const Message& message, const C& codec) {
  if constexpr (std::same_as<T, Peer>) {
    return (peer);
  } else if constexpr (std::same_as<T, Message>) {
    return (message);
  } else {
    return decode<T>(codec, message);
  }
}

template <class Arguments>
struct CallWithMessage {
  static_assert(sizeof(Arguments) == 0,
                "a message handler takes a Message, a std::string or a value of a described type, or a Peer& and that");
};
template <class T>
struct CallWithMessage<std::tuple<T>> {
  static constexpr bool has_value = !std::same_as<T, Message> && !std::same_as<T, Peer>;
  template <class F, class C>
  static decltype(auto) call(F& function, Peer& peer, const Message& message, const C& codec) {
    return function(argument<T>(peer, message, codec));
  }
};
template <class T>
struct CallWithMessage<std::tuple<Peer, T>> {
  static constexpr bool has_value = !std::same_as<T, Message>;
  template <class F, class C>
  static decltype(auto) call(F& function, Peer& peer, const Message& message, const C& codec) {
    return function(peer, argument<T>(peer, message, codec));
  }
};

template <class Declared>
struct LastIsReference;
template <class... Args>
struct LastIsReference<std::tuple<Args...>>
    : std::is_reference<std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>> {};

/// The coroutine of a handler with a reply. What it refers to outlives it.
template <class R, class C>
boost::asio::awaitable<std::optional<Message>> await_reply(boost::asio::awaitable<R> work, const C* codec) {
  R value = co_await std::move(work);
  co_return encode_reply(*codec, std::move(value));
}

template <class F, class C>
MessageHandler make_message_handler(F function, C codec) {
  using Signature = SignatureOf<F>;
  using Calling = CallWithMessage<typename Signature::Arguments>;
  using Result = ResultOf<typename Signature::Result>;
  MessageHandler handler;
  if constexpr (!Result::is_awaited) {
    handler.now = [function = std::move(function), codec = std::move(codec)](Peer& peer, const Message& message,
                                                                             Message& reply) mutable {
      if constexpr (std::is_void_v<typename Result::type>) {
        Calling::call(function, peer, message, codec);
        return false;
      } else {
        std::optional<Message> given = encode_reply(codec, Calling::call(function, peer, message, codec));
        if (given) reply = std::move(*given);
        return given.has_value();
      }
    };
  } else {
    // What is decoded for the call is gone before the coroutine begins.
    static_assert(!Calling::has_value || !LastIsReference<typename Signature::Declared>::value,
                  "a handler that is a coroutine takes what is decoded for it by value");
    if constexpr (std::is_void_v<typename Result::type>) {
      handler.later = [function = std::move(function), codec = std::move(codec)](Peer& peer,
                                                                                 const Message& message) mutable {
        return Calling::call(function, peer, message, codec);
      };
    } else {
      // The codec lives where the coroutine can refer to it, also when the function object is copied.
      auto kept = std::make_shared<const C>(std::move(codec));
      handler.replying = [function = std::move(function), kept](Peer& peer, const Message& message) mutable {
        return await_reply(Calling::call(function, peer, message, *kept), kept.get());
      };
    }
  }
  return handler;
}

template <class F, class C>
MessageHandler make_pool_handler(boost::asio::any_io_executor pool, F function, C codec) {
  static_assert(!ResultOf<typename SignatureOf<F>::Result>::is_awaited, "a coroutine needs no pool");
  MessageHandler handler = make_message_handler(std::move(function), std::move(codec));
  handler.pool = std::move(pool);
  return handler;
}

/// What the handler of another event gets for a parameter of type T.
template <class T>
decltype(auto) event_argument(Peer& peer, const Cause& cause) {
  static_assert(std::same_as<T, Peer> || std::same_as<T, Cause>,
                "a handler of an event takes a Peer&, a const Cause& where there is one, both, or nothing");
  if constexpr (std::same_as<T, Peer>) {
    return (peer);
  } else {
    return (cause);
  }
}

template <class Arguments>
struct CallWithEvent;
template <class... Args>
struct CallWithEvent<std::tuple<Args...>> {
  static constexpr bool has_cause = (std::same_as<Args, Cause> || ...);
  template <class F>
  static decltype(auto) call(F& function, Peer& peer, const Cause& cause) {
    return function(event_argument<Args>(peer, cause)...);
  }
};

template <bool with_cause, class F>
EventHandler make_event_handler(F function) {
  using Signature = SignatureOf<F>;
  using Calling = CallWithEvent<typename Signature::Arguments>;
  static_assert(with_cause || !Calling::has_cause, "this event has no cause");
  EventHandler handler;
  if constexpr (ResultOf<typename Signature::Result>::is_awaited) {
    handler.later = [function = std::move(function)](Peer& peer, const Cause& cause) mutable {
      return Calling::call(function, peer, cause);
    };
  } else {
    handler.now = [function = std::move(function)](Peer& peer, const Cause& cause) mutable {
      Calling::call(function, peer, cause);
    };
  }
  return handler;
}

template <class F>
Hook make_hook(F function) {
  using Signature = SignatureOf<F>;
  using Result = typename Signature::Result;
  static_assert(
      std::same_as<Result, Message> || std::same_as<Result, std::optional<Message>> || std::same_as<Result, Hooked>,
      "a hook returns a Message, a std::optional<Message> or a Hooked");
  return [function = std::move(function)](Peer& peer, Message& message, std::string& why) mutable {
    auto call = [&](Message&& m) -> Result {
      if constexpr (std::tuple_size_v<typename Signature::Arguments> == 1) {
        return function(std::move(m));
      } else {
        return function(peer, std::move(m));
      }
    };
    if constexpr (std::same_as<Result, Message>) {
      message = call(std::move(message));
      return Hooked::What::passed;
    } else if constexpr (std::same_as<Result, Hooked>) {
      Hooked hooked = call(std::move(message));
      message = std::move(hooked.message());
      why = std::move(hooked.reason());
      return hooked.what();
    } else {
      std::optional<Message> left = call(std::move(message));
      if (!left) return Hooked::What::dropped;
      message = std::move(*left);
      return Hooked::What::passed;
    }
  };
}

/// The messages that a classifier's parameter stands for.
template <class T>
decltype(auto) classifier_argument(Peer& peer, std::span<const Message> messages) {
  if constexpr (std::same_as<T, Peer>) {
    return (peer);
  } else if constexpr (std::same_as<T, std::span<const Message>>) {
    return messages;
  } else if constexpr (std::same_as<T, std::string>) {
    return messages.front().text();
  } else if constexpr (std::same_as<T, std::string_view>) {
    return messages.front().view();
  } else {
    static_assert(std::same_as<T, Message>,
                  "a classifier takes the first message, as a Message or as text, or a std::span<const Message>");
    return (messages.front());
  }
}

template <class Arguments>
struct CallClassifier;
template <class... Args>
struct CallClassifier<std::tuple<Args...>> {
  template <class F>
  static Verdict call(F& function, Peer& peer, std::span<const Message> messages) {
    return Verdict{function(classifier_argument<Args>(peer, messages)...)};
  }
};

template <class F>
Classifier make_classifier(F function) {
  return [function = std::move(function)](Peer& peer, std::span<const Message> messages) mutable {
    return CallClassifier<typename SignatureOf<F>::Arguments>::call(function, peer, messages);
  };
}

}  // namespace detail
}  // namespace parley::app
