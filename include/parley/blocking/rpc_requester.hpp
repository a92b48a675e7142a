// rpc::blocking::Requester: asks the other side, by calls that block. A blocking Client is one; a blocking Server gives
// one for each of its clients.
//
//   int n = client.request<int>("sum", sum);                             // throws RequestError
//   client.notify("log", "done");                                        // no answer
//   std::optional<int> m = client.request<int>("sum", sum, options, ec); // nothing after an error
//
// Values, codecs, options and errors are those of rpc::Requester (rpc/requester.hpp). A request waits as long as its
// RequestOptions say; a notification never.
//
// Thread rule: any thread, any number of them at a time, but not the client's or server's own: a handler that waited
// there would wait for itself. That is std::invalid_argument; it asks by Caller::back, or runs on a pool. A
// notification may come from there as well.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/rpc/requester.hpp>

#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley::rpc::blocking {

namespace detail {

class Engine;

/// Whom to ask.
struct Target {
  std::weak_ptr<Engine> engine;
  rpc::detail::Target::Of of = rpc::detail::Target::Of::peer;
  std::string client_id;  // of a server's client
};

// The compiled side of the operations below.
[[nodiscard]] PARLEY_EXPORT rpc::detail::Reply request(const Target&, const RouteName&, Message, const RequestOptions&,
                                                       boost::system::error_code&);
[[nodiscard]] PARLEY_EXPORT std::vector<rpc::detail::ReplyOf> request_of_all(const Target&, const RouteName&, Message,
                                                                             const RequestOptions&,
                                                                             boost::system::error_code&);
PARLEY_EXPORT void notify(const Target&, const RouteName&, const Message&, const RequestOptions&,
                          boost::system::error_code&);
[[noreturn]] PARLEY_EXPORT void throw_not_told(const Target&, boost::system::error_code);
/// For last_error(); gives the code.
PARLEY_EXPORT boost::system::error_code note_rejected(const Target&, const Error&);

/// What the forms that do not throw give.
template <class T>
using Perhaps = std::conditional_t<std::is_void_v<T>, void, std::optional<T>>;

}  // namespace detail

/// See the top of this header. It refers to its client or server without keeping it: when that has gone, requests end
/// with asio::error::operation_aborted.
class PARLEY_EXPORT Requester {
 public:
  /// What the forms that do not throw give.
  using error_code = boost::system::error_code;

  /// One that leads nowhere, as if its client or server had gone.
  Requester() = default;
  /// For the library.
  explicit Requester(detail::Target target) noexcept : target_{std::move(target)} {}

  /// Asks by `route`, and gives the answer as a T. Throws RequestError with the codes named there, and what encoding
  /// and decoding throw.
  template <class T, class V>
  T request(const RouteName& route, const V& value, const RequestOptions& options = {}) const {
    return request<T>(route, value, Json{}, options);
  }
  /// The same, in another format.
  template <class T, class V, Codec C>
  T request(const RouteName& route, const V& value, const C& codec, const RequestOptions& options = {}) const {
    error_code ec;
    const rpc::detail::Reply reply =
        detail::request(target_, route, rpc::detail::encode_request(codec, value), options, ec);
    if (ec) rpc::detail::throw_failure(ec, reply);
    return rpc::detail::decode_reply<T>(codec, reply.data);
  }
  /// The same without throwing for what the other side does: nothing after an error, of which last_error() of the
  /// client or server has the sentence. Where T is void they give nothing in any case. They throw what encoding throws.
  template <class T, class V>
  detail::Perhaps<T> request(const RouteName& route, const V& value, const RequestOptions& options,
                             error_code& ec) const {
    return request<T>(route, value, Json{}, options, ec);
  }
  template <class T, class V, Codec C>
  detail::Perhaps<T> request(const RouteName& route, const V& value, const C& codec, const RequestOptions& options,
                             error_code& ec) const {
    const rpc::detail::Reply reply =
        detail::request(target_, route, rpc::detail::encode_request(codec, value), options, ec);
    if constexpr (!std::is_void_v<T>) {
      if (ec) return std::nullopt;
      try {
        return rpc::detail::decode_reply<T>(codec, reply.data);
      } catch (const Error& rejected) {
        ec = detail::note_rejected(target_, rejected);
        return std::nullopt;
      }
    }
  }

  /// Tells, and waits for nothing: the message is queued, or kept for a peer that is not connected. Errors: overloaded,
  /// unknown_peer, closed, operation_aborted.
  template <class V>
  void notify(const RouteName& route, const V& value, const RequestOptions& options = {}) const {
    notify(route, value, Json{}, options);
  }
  /// The same, in another format.
  template <class V, Codec C>
  void notify(const RouteName& route, const V& value, const C& codec, const RequestOptions& options = {}) const {
    error_code ec;
    notify(route, value, codec, options, ec);
    if (ec) detail::throw_not_told(target_, ec);
  }
  /// The same without throwing, but for what encoding throws.
  template <class V>
  void notify(const RouteName& route, const V& value, const RequestOptions& options, error_code& ec) const {
    notify(route, value, Json{}, options, ec);
  }
  template <class V, Codec C>
  void notify(const RouteName& route, const V& value, const C& codec, const RequestOptions& options,
              error_code& ec) const {
    detail::notify(target_, route, rpc::detail::encode_request(codec, value), options, ec);
  }

 private:
  detail::Target target_;
};

/// Asks all clients that a server has.
class PARLEY_EXPORT Broadcast {
 public:
  /// What notify() gives.
  using error_code = boost::system::error_code;

  /// For the library.
  explicit Broadcast(detail::Target target) noexcept : target_{std::move(target)} {}

  /// The answers of all that are connected now, when the last has come or failed. Throws Error with error::closed or
  /// asio::error::operation_aborted when the server has stopped or gone.
  template <class T, class V>
  std::vector<AnswerOf<T>> request(const RouteName& route, const V& value, const RequestOptions& options = {}) const {
    return request<T>(route, value, Json{}, options);
  }
  /// The same, in another format.
  template <class T, class V, Codec C>
  std::vector<AnswerOf<T>> request(const RouteName& route, const V& value, const C& codec,
                                   const RequestOptions& options = {}) const {
    error_code ec;
    std::vector<rpc::detail::ReplyOf> replies =
        detail::request_of_all(target_, route, rpc::detail::encode_request(codec, value), options, ec);
    if (ec) rpc::detail::throw_failure(ec, {});
    return rpc::detail::decode_replies<T>(codec, std::move(replies));
  }
  /// Tells all that are connected now. Overloaded, where that is so for one of them; the others have been told.
  template <class V>
  error_code notify(const RouteName& route, const V& value) const {
    error_code ec;
    detail::notify(target_, route, rpc::detail::encode_request(Json{}, value), {}, ec);
    return ec;
  }

 private:
  detail::Target target_;
};

}  // namespace parley::rpc::blocking
