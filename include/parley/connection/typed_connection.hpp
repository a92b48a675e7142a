// TypedConnection: a Connection and a codec, so that values go in and come out.
//
//   parley::TypedConnection orders{co_await parley::connect("tcp://127.0.0.1:8888"), parley::Json{.strict = true}};
//   co_await orders.send(order);
//   while (std::optional<Receipt> r = co_await orders.next<Receipt>()) use(*r);
//
// Operations, deadlines, cancellation and threads are as in connection.hpp, with two differences:
//
//   error::payload_rejected   the message was received and is not a T. It is gone; the connection goes on, and the
//                             next receive takes the next message. Forms with a token leave the sentence in
//                             last_error().
//   std::invalid_argument     from send, at once: the format cannot carry this value. Nothing is sent.
//
// A value is encoded when send is called, not when it is awaited, so it need not outlive the call.
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/connection/connection.hpp>
#include <parley/error.hpp>
#include <parley/time.hpp>

#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace parley {

namespace detail {

/// The last sentence, kept by whoever may still complete.
class LastSentence {
 public:
  void set(std::string sentence) {
    const std::lock_guard lock{mutex_};
    sentence_ = std::move(sentence);
  }
  [[nodiscard]] std::string get() const {
    const std::lock_guard lock{mutex_};
    return sentence_;
  }

 private:
  mutable std::mutex mutex_;
  std::string sentence_;
};

template <class T, class C>
T decode_as(const C& codec, const Message& message) {
  return codec.template decode<T>(message);
}

/// std::optional<Message> to std::optional<T>.
template <class T, class C>
std::optional<T> decode_as(const C& codec, const std::optional<Message>& message) {
  if (!message) return std::nullopt;
  return codec.template decode<T>(*message);
}

/// Stands before a user's handler of a T: decodes the Message first. Has the handler's executor, slot and allocator.
template <class Handler, class C, class T, class Result>
struct DecodingHandler {
  Handler handler;
  C codec;
  std::shared_ptr<LastSentence> last;

  template <class Received>
  void operator()(boost::system::error_code ec, Received received) {
    Result result{};
    if (ec) {
      last->set({});
    } else {
      try {
        result = decode_as<T>(codec, received);
      } catch (const boost::system::system_error& rejected) {
        ec = rejected.code();
        last->set(rejected.what());
      }
    }
    std::move(handler)(ec, std::move(result));
  }
};

/// A token that puts a DecodingHandler before the handler of another token.
template <class Token, class C, class T, class Result>
struct DecodingToken {
  Token token;
  C codec;
  std::shared_ptr<LastSentence> last;
};

// Coroutines of their own, so that what they hold does not depend on the handle.

template <class T, class C>
boost::asio::awaitable<T> decode_when_received(boost::asio::awaitable<Message> receiving, C codec) {
  const Message message = co_await std::move(receiving);
  co_return codec.template decode<T>(message);
}

template <class T, class C>
boost::asio::awaitable<std::optional<T>> decode_when_received(boost::asio::awaitable<std::optional<Message>> receiving,
                                                              C codec) {
  const std::optional<Message> message = co_await std::move(receiving);
  if (!message) co_return std::nullopt;
  co_return codec.template decode<T>(*message);
}

}  // namespace detail

/// A connection whose messages are values, by the codec `C`. Movable, and empty after being moved from, as a
/// Connection.
template <Codec C>
class TypedConnection {
 public:
  /// Takes the connection over; messages that it has received already are decoded like others.
  explicit TypedConnection(Connection connection, C codec = {})
      : connection_{std::move(connection)}, codec_{std::move(codec)} {}

  // --- receiving ----------------------------------------------------------------------------------------------------

  /// The next message, as a T.
  template <class T>
  [[nodiscard]] boost::asio::awaitable<T> receive(Deadline deadline = {}) {
    return detail::decode_when_received<T>(connection_.receive(deadline), codec_);
  }
  template <class T, detail::TokenFor<T> Token>
  auto receive(Token&& token) {
    return receive<T>(Deadline{}, std::forward<Token>(token));
  }
  template <class T, detail::TokenFor<T> Token>
  auto receive(Deadline deadline, Token&& token) {
    return connection_.receive(deadline, decoding<T, T>(std::forward<Token>(token)));
  }

  /// The next message as a T, or nothing at a clean end; every other ending is an error.
  template <class T>
  [[nodiscard]] boost::asio::awaitable<std::optional<T>> next(Deadline deadline = {}) {
    return detail::decode_when_received<T>(connection_.next(deadline), codec_);
  }
  template <class T, detail::TokenFor<std::optional<T>> Token>
  auto next(Token&& token) {
    return next<T>(Deadline{}, std::forward<Token>(token));
  }
  template <class T, detail::TokenFor<std::optional<T>> Token>
  auto next(Deadline deadline, Token&& token) {
    return connection_.next(deadline, decoding<T, std::optional<T>>(std::forward<Token>(token)));
  }

  /// A message that is already there, as a T, or nothing. Throws parley::Error when it is not a T.
  template <class T>
  [[nodiscard]] std::optional<T> try_receive() {
    return detail::decode_as<T>(codec_, connection_.try_receive());
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  /// Encodes the value and queues the message, waiting while the queue is at its high-water mark.
  template <class T>
  [[nodiscard]] boost::asio::awaitable<void> send(const T& value, Deadline deadline = {}) {
    return connection_.send(codec_.encode(value), deadline);
  }
  template <class T, detail::TokenFor<> Token>
  auto send(const T& value, Token&& token) {
    return connection_.send(codec_.encode(value), std::forward<Token>(token));
  }
  template <class T, detail::TokenFor<> Token>
  auto send(const T& value, Deadline deadline, Token&& token) {
    return connection_.send(codec_.encode(value), deadline, std::forward<Token>(token));
  }

  /// As Connection::try_send and Connection::post.
  template <class T>
  boost::system::error_code try_send(const T& value) {
    return connection_.try_send(codec_.encode(value));
  }
  template <class T>
  boost::system::error_code post(const T& value) {
    return connection_.post(codec_.encode(value));
  }

  // --- the parts ----------------------------------------------------------------------------------------------------

  /// For everything else: flush, close, endpoints, counters. Messages may be exchanged past the codec.
  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const Connection& connection() const noexcept { return connection_; }
  /// As given to the constructor.
  [[nodiscard]] const C& codec() const noexcept { return codec_; }

  /// Of the last operation with a token that failed: why the payload was rejected, or what the connection says.
  [[nodiscard]] std::string last_error() const {
    std::string rejected = last_->get();
    return rejected.empty() ? connection_.last_error() : rejected;
  }

 private:
  template <class T, class Result, class Token>
  auto decoding(Token&& token) {
    return detail::DecodingToken<std::decay_t<Token>, C, T, Result>{std::forward<Token>(token), codec_, last_};
  }

  Connection connection_;
  C codec_;
  std::shared_ptr<detail::LastSentence> last_ = std::make_shared<detail::LastSentence>();
};

}  // namespace parley

template <class Token, class C, class T, class Result, class Received>
class boost::asio::async_result<parley::detail::DecodingToken<Token, C, T, Result>,
                                void(boost::system::error_code, Received)> {
 public:
  template <class Initiation, class Decoding, class... Args>
  static auto initiate(Initiation&& initiation, Decoding&& decoding, Args&&... args) {
    return async_initiate<Token, void(boost::system::error_code, Result)>(
        [](auto handler, auto start, C codec, std::shared_ptr<parley::detail::LastSentence> last, auto... rest) {
          using Handler = parley::detail::DecodingHandler<decltype(handler), C, T, Result>;
          std::move(start)(Handler{std::move(handler), std::move(codec), std::move(last)}, std::move(rest)...);
        },
        decoding.token, std::forward<Initiation>(initiation), decoding.codec, decoding.last,
        std::forward<Args>(args)...);
  }
};

template <template <class, class> class Associator, class Handler, class C, class T, class Result, class Default>
struct boost::asio::associator<Associator, parley::detail::DecodingHandler<Handler, C, T, Result>, Default>
    : Associator<Handler, Default> {
  static typename Associator<Handler, Default>::type get(
      const parley::detail::DecodingHandler<Handler, C, T, Result>& decoding,
      const Default& fallback = Default()) noexcept {
    return Associator<Handler, Default>::get(decoding.handler, fallback);
  }
};
