// ReceivedValue: a value that a Socket has been sent, and by whom.
//
//   parley::ReceivedValue<Order> r = co_await socket.receive_as<Order>(parley::Json{});
//   co_await socket.send_to(r.sender, receipt_for(r.value), parley::Json{});
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/detail/export.hpp>
#include <parley/error.hpp>
#include <parley/identity.hpp>
#include <parley/socket/received.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace parley {

/// Movable and copyable as far as the value is. Keeps nothing of the message that the value came in.
template <class T>
struct ReceivedValue {
  /// What has been made of the message `from`.
  ReceivedValue(T decoded, Received from) : value{std::move(decoded)}, sender{from.sender}, origin_{std::move(from)} {
    origin_.message = {};
  }

  /// What was sent, and by whom.
  T value;
  Identity sender;

  /// As Received's.
  void acknowledge() const { origin_.acknowledge(); }
  void decline() const { origin_.decline(); }

 private:
  Received origin_;  // what it takes to acknowledge it
};

namespace detail {

/// Throws the same with the sender in its sentence.
[[noreturn]] PARLEY_EXPORT void throw_rejected(const boost::system::system_error& rejected, const Identity& sender);

template <class T, Codec C>
[[nodiscard]] ReceivedValue<T> decode_received(const C& codec, Received received) {
  try {
    T value = codec.template decode<T>(received.message);
    return {std::move(value), std::move(received)};
  } catch (const boost::system::system_error& rejected) {
    throw_rejected(rejected, received.sender);
  }
}

/// A coroutine of its own, so that what it holds does not depend on the handle.
template <class T, Codec C>
boost::asio::awaitable<ReceivedValue<T>> decode_when_received(boost::asio::awaitable<Received> receiving, C codec) {
  Received received = co_await std::move(receiving);
  co_return decode_received<T>(codec, std::move(received));
}

}  // namespace detail
}  // namespace parley
