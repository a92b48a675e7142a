// Requester: asks the other side. A Client is one; a Server gives one for each of its clients, and a handler gets one
// that leads back to who asks.
//
//   int n = co_await client.request<int>("sum", sum);                    // throws RequestError
//   co_await client.notify("log", "done");                               // no answer
//   auto picture = co_await client.request<parley::Message>("picture", name, parley::Json{});
//   client.request<int>("sum", sum, options, [](error_code ec, int n) { … });
//
// Values are JSON, unless a codec is named; a Message is sent, and given, as it is.
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/codec/json.hpp>
#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/error.hpp>
#include <parley/message.hpp>
#include <parley/rpc/options.hpp>
#include <parley/rpc/request_error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley::rpc {

/// In place of a route's name: the request names none.
struct Unnamed {};
/// The only one there is.
inline constexpr Unnamed unnamed{};

/// By which a request asks for its handler. One that is kept costs less than its text.
class PARLEY_EXPORT RouteName {
 public:
  /// Throws std::invalid_argument for what is not UTF-8.
  RouteName(std::string_view name);                                          // NOLINT(google-explicit-constructor)
  RouteName(const char* name) : RouteName{std::string_view{name}} {}         // NOLINT(google-explicit-constructor)
  RouteName(const std::string& name) : RouteName{std::string_view{name}} {}  // NOLINT(google-explicit-constructor)
  RouteName(Unnamed) noexcept {}                                             // NOLINT(google-explicit-constructor)

  /// As it stands in metadata: in quotes; empty without a name.
  [[nodiscard]] const std::string& quoted() const noexcept { return quoted_; }

 private:
  std::string quoted_;
};

/// What one of several clients has answered.
template <class T>
struct AnswerOf {
  std::string client_id;           ///< whose answer it is
  boost::system::error_code code;  ///< none where there is a value
  std::string sentence;            ///< why there is none
  std::optional<T> value;          ///< the answer
};

namespace detail {

class Node;

/// An answer as it came, or why there is none.
struct Reply {
  Message data;
  std::shared_ptr<const RequestError> failure;  // where there is more to say than the code
};

/// One of the replies to what was asked of all.
struct ReplyOf {
  std::string client_id;
  boost::system::error_code code;
  Reply reply;
};

/// Whom to ask.
struct Target {
  enum class Of : std::uint8_t { peer, any, all };
  std::shared_ptr<Node> node;
  Of of = Of::peer;
  std::string client_id;  // of a server's client
};

// The compiled side of the operations below.
PARLEY_EXPORT void start_request(const Target&, const RouteName&, Message, const RequestOptions&,
                                 parley::detail::Handler<Reply>);
PARLEY_EXPORT void start_request_of_all(const Target&, const RouteName&, Message, const RequestOptions&,
                                        parley::detail::Handler<std::vector<ReplyOf>>);
PARLEY_EXPORT boost::system::error_code notify_now(const Target&, const RouteName&, const Message&,
                                                   const RequestOptions&);
[[noreturn]] PARLEY_EXPORT void throw_failure(boost::system::error_code, const Reply&);
/// For completion tokens: what last_error() says, and the code that an answer which cannot be read ends with.
PARLEY_EXPORT boost::system::error_code note_rejected(const Target&, const Error&);
[[nodiscard]] PARLEY_EXPORT std::string sentence_of(boost::system::error_code, const Reply&);

template <class T, class C>
T decode_reply(const C& codec, const Message& data) {
  if constexpr (std::is_void_v<T>) {
    return;
  } else if constexpr (std::same_as<T, Message>) {
    return data;
  } else {
    try {
      return codec.template decode<T>(data);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& other) {  // a codec of the program's may throw anything
      throw Error{error::payload_rejected, other.what()};
    }
  }
}

template <class V, class C>
Message encode_request(const C& codec, const V& value) {
  if constexpr (std::same_as<V, Message>) {
    return value;
  } else if constexpr (std::same_as<std::decay_t<V>, char*> || std::same_as<std::decay_t<V>, const char*>) {
    return codec.encode(std::string_view{value});  // a literal is a text, and to codecs an array
  } else {
    return codec.encode(value);
  }
}

template <class T>
struct SignatureFor {
  using type = void(boost::system::error_code, T);
};
template <>
struct SignatureFor<void> {
  using type = void(boost::system::error_code);
};

/// Decodes the answer on its way to a completion handler, which keeps all that is associated with it.
template <class T, class C, class Inner>
struct DecodingHandler {
  Inner inner;
  C codec;
  Target target;

  void operator()(boost::system::error_code ec, Reply reply) {
    if constexpr (std::is_void_v<T>) {
      std::move(inner)(ec);
    } else if constexpr (std::same_as<T, Message>) {
      std::move(inner)(ec, std::move(reply.data));
    } else {
      T value{};
      if (!ec) {
        try {
          value = decode_reply<T>(codec, reply.data);
        } catch (const Error& rejected) {
          ec = note_rejected(target, rejected);
        }
      }
      std::move(inner)(ec, std::move(value));
    }
  }
};

/// One that cannot be read has failed, and the others not.
template <class T, class C>
std::vector<AnswerOf<T>> decode_replies(const C& codec, std::vector<ReplyOf> replies) {
  std::vector<AnswerOf<T>> answers;
  for (ReplyOf& each : replies) {
    AnswerOf<T> answer{std::move(each.client_id), each.code, {}, {}};
    if (each.code) {
      answer.sentence = sentence_of(each.code, each.reply);
    } else {
      try {
        answer.value = decode_reply<T>(codec, each.reply.data);
      } catch (const Error& rejected) {
        answer.code = rejected.code();
        answer.sentence = rejected.what();
      }
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

template <class T, class C>
boost::asio::awaitable<T> request(Target target, RouteName route, Message payload, RequestOptions options, C codec) {
  constexpr auto as_result = boost::asio::as_tuple(boost::asio::deferred);
  auto [ec, reply] = co_await boost::asio::async_initiate<decltype(as_result), void(boost::system::error_code, Reply)>(
      [&](auto handler) {
        start_request(target, route, std::move(payload), options, parley::detail::Handler<Reply>{std::move(handler)});
      },
      as_result);
  if (ec) throw_failure(ec, reply);
  try {
    co_return decode_reply<T>(codec, reply.data);
  } catch (const Error& rejected) {
    throw RequestError{rejected.code(), rejected.what(), {}};
  }
}

template <class T, class C>
boost::asio::awaitable<std::vector<AnswerOf<T>>> request_of_all(Target target, RouteName route, Message payload,
                                                                RequestOptions options, C codec) {
  constexpr auto as_result = boost::asio::as_tuple(boost::asio::deferred);
  using Replies = std::vector<ReplyOf>;
  auto [ec, replies] =
      co_await boost::asio::async_initiate<decltype(as_result), void(boost::system::error_code, Replies)>(
          [&](auto handler) {
            start_request_of_all(target, route, std::move(payload), options,
                                 parley::detail::Handler<Replies>{std::move(handler)});
          },
          as_result);
  if (ec) throw_failure(ec, {});
  co_return decode_replies<T>(codec, std::move(replies));
}

PARLEY_EXPORT boost::asio::awaitable<void> notify(Target target, RouteName route, Message payload,
                                                  RequestOptions options);

template <class T, class... Results>
concept RequestTokenFor = !std::convertible_to<T, RequestOptions> &&
                          boost::asio::completion_token_for<T, void(boost::system::error_code, Results...)>;

template <class Token, class T>
concept AnswerToken = !std::convertible_to<Token, RequestOptions> && !Codec<std::remove_cvref_t<Token>> &&
                      boost::asio::completion_token_for<Token, typename SignatureFor<T>::type>;

}  // namespace detail

/// See the top of this header. It refers to its client or server without keeping it: when that has gone, requests end
/// with asio::error::operation_aborted. Any thread.
class PARLEY_EXPORT Requester {
 public:
  /// One that leads nowhere, and may only be assigned to.
  Requester() = default;
  /// For the library.
  explicit Requester(detail::Target target) noexcept : target_{std::move(target)} {}

  /// Asks by `route`, and gives the answer as a T. Throws what encoding throws, at once; when awaited, RequestError
  /// with the codes named there. Cancelled, or timed out, it is not taken back: the other side may have begun.
  template <class T, class V>
  [[nodiscard]] boost::asio::awaitable<T> request(RouteName route, const V& value, RequestOptions options = {}) const {
    return request<T>(std::move(route), value, Json{}, std::move(options));
  }
  /// The same, in another format.
  template <class T, class V, Codec C>
  [[nodiscard]] boost::asio::awaitable<T> request(RouteName route, const V& value, C codec,
                                                  RequestOptions options = {}) const {
    return detail::request<T>(target_, std::move(route), detail::encode_request(codec, value), std::move(options),
                              std::move(codec));
  }
  /// The same, completing with (error_code, T), or (error_code) where T is void; last_error() of the client or server
  /// has the sentence.
  template <class T, class V, Codec C, detail::AnswerToken<T> Token>
  auto request(RouteName route, const V& value, C codec, RequestOptions options, Token&& token) const {
    return boost::asio::async_initiate<Token, typename detail::SignatureFor<T>::type>(
        [](auto handler, detail::Target target, RouteName by, Message payload, RequestOptions how, C format) {
          detail::Target whom = target;
          detail::DecodingHandler<T, C, decltype(handler)> decoding{std::move(handler), std::move(format),
                                                                    std::move(target)};
          detail::start_request(whom, by, std::move(payload), how,
                                parley::detail::Handler<detail::Reply>{std::move(decoding)});
        },
        token, target_, std::move(route), detail::encode_request(codec, value), std::move(options), std::move(codec));
  }
  template <class T, class V, detail::AnswerToken<T> Token>
  auto request(RouteName route, const V& value, RequestOptions options, Token&& token) const {
    return request<T>(std::move(route), value, Json{}, std::move(options), std::forward<Token>(token));
  }

  /// Tells, and waits for no answer. Completes when the message is queued, or kept for a peer that is not connected.
  /// Errors: overloaded, unknown_peer, disconnected where the client dials nothing, message_too_large, closed,
  /// operation_aborted.
  template <class V>
  [[nodiscard]] boost::asio::awaitable<void> notify(RouteName route, const V& value,
                                                    RequestOptions options = {}) const {
    return notify(std::move(route), value, Json{}, std::move(options));
  }
  /// The same, in another format.
  template <class V, Codec C>
  [[nodiscard]] boost::asio::awaitable<void> notify(RouteName route, const V& value, C codec,
                                                    RequestOptions options = {}) const {
    return detail::notify(target_, std::move(route), detail::encode_request(codec, value), std::move(options));
  }
  /// The same at once: it never waits.
  template <class V>
  boost::system::error_code try_notify(const RouteName& route, const V& value,
                                       const RequestOptions& options = {}) const {
    return detail::notify_now(target_, route, detail::encode_request(Json{}, value), options);
  }
  template <class V, Codec C>
  boost::system::error_code try_notify(const RouteName& route, const V& value, const C& codec,
                                       const RequestOptions& options = {}) const {
    return detail::notify_now(target_, route, detail::encode_request(codec, value), options);
  }

 protected:
  /// Whom it asks.
  [[nodiscard]] const detail::Target& target() const noexcept { return target_; }

 private:
  detail::Target target_;
};

/// Asks all clients that a server has.
class PARLEY_EXPORT Broadcast {
 public:
  /// For the library.
  explicit Broadcast(detail::Target target) noexcept : target_{std::move(target)} {}

  /// The answers of all that are connected now, when the last has come or failed. Cancelled, it waits for none of them.
  template <class T, class V>
  [[nodiscard]] boost::asio::awaitable<std::vector<AnswerOf<T>>> request(RouteName route, const V& value,
                                                                         RequestOptions options = {}) const {
    return request<T>(std::move(route), value, Json{}, std::move(options));
  }
  template <class T, class V, Codec C>
  [[nodiscard]] boost::asio::awaitable<std::vector<AnswerOf<T>>> request(RouteName route, const V& value, C codec,
                                                                         RequestOptions options = {}) const {
    return detail::request_of_all<T>(target_, std::move(route), detail::encode_request(codec, value),
                                     std::move(options), std::move(codec));
  }
  /// Tells all that are connected now. Overloaded, where that is so for one of them; the others have been told.
  template <class V>
  boost::system::error_code notify(const RouteName& route, const V& value) const {
    return detail::notify_now(target_, route, detail::encode_request(Json{}, value), {});
  }

 private:
  detail::Target target_;
};

}  // namespace parley::rpc

/// What is associated with the handler of a request stays so.
template <template <class, class> class Associator, class T, class C, class Inner, class Default>
struct boost::asio::associator<Associator, parley::rpc::detail::DecodingHandler<T, C, Inner>, Default>
    : Associator<Inner, Default> {
  static auto get(const parley::rpc::detail::DecodingHandler<T, C, Inner>& handler,
                  const Default& fallback = Default()) noexcept {
    return Associator<Inner, Default>::get(handler.inner, fallback);
  }
};
