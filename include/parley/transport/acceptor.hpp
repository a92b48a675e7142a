// Acceptor: takes connections at an endpoint made of streams (tcp, unix, inproc, tls, ws, wss), or channels (mux+…)
// of such, and gives each as a Stream.
//
//   Acceptor acceptor{executor, "tcp://*:0"};          // bound and listening from here on
//   acceptor.local_endpoint();                         // with the real port
//   Stream peer = co_await acceptor.async_accept(asio::use_awaitable);
//
// Hosts: an address binds that address; `*` binds every address of both families (IPv4 alone where there is no IPv6);
// `0.0.0.0` and `[::]` bind their own family only; a name is looked up while the constructor blocks, and its first
// address that exists here is bound, IPv4 before IPv6.
//
// Unix paths: a socket file that nobody listens on is removed and replaced; one with a living listener, and anything
// that is not a socket, is left alone and the constructor throws. `unix_mode` holds from the moment the file exists:
// it is never wider than asked. The file is removed by close(), if it is still the one made here, in the process that
// made it.
//
// Shortage (EMFILE, ENFILE, ENOBUFS, ENOMEM) is no error of an accept: it waits 10 ms, doubling up to 1 s, and tries
// again, while the kernel keeps the connections waiting. on_trouble() hears about it.
//
// Handshakes (tls, ws, wss) run beside the accepting, up to `handshakes_max` at a time: a peer that dawdles holds
// nobody up, and is dropped after `handshake_time_max`. When all those places are taken, one more connection is
// accepted, and a peer that is silent has to make way for it: one that has said nothing for 250 ms since it connected,
// or nothing more for 1 s (limits.hpp), whichever of these ended first. While there is none, that connection waits, and
// those behind it stay in the kernel's backlog. So peers that go on talking keep their places, nobody has to go for a
// connection that has not come, and strangers that connect and say nothing delay others by 250 ms for each
// `handshakes_max` of them. A peer whose handshake fails, or that had to make way (error::too_many_connections), is not
// given to anybody; on_refused() hears why.
//
// Thread rule: everything may be called from any thread at any time, but moving and destroying.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace parley::transport {

/// What async_accept calls.
using AcceptHandler = boost::asio::any_completion_handler<void(boost::system::error_code, Stream)>;

namespace detail {
class AcceptorState;
PARLEY_EXPORT void start_accept(AcceptorState& state, boost::asio::any_io_executor stream_executor,
                                AcceptHandler handler);
}  // namespace detail

/// A listening socket, and the handshakes of those it has let in. Movable; see the top of this header.
class PARLEY_EXPORT Acceptor {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// Told the system's code, and how long accepting waits because of it.
  using TroubleHandler = std::function<void(boost::system::error_code, Duration)>;
  /// Told why a peer's handshake failed, as a code and as a sentence, and where the peer is.
  using RefusedHandler =
      std::function<void(boost::system::error_code, const std::string& sentence, const Endpoint& peer)>;

  /// Binds and listens. Throws parley::Error with the reason, such as
  ///
  ///   cannot listen on tcp://127.0.0.1:80: permission denied
  /// (error::unavailable for a scheme that this build has not), and std::invalid_argument for tls without a context
  /// that has a certificate.
  Acceptor(boost::asio::any_io_executor executor, const Endpoint& endpoint, const TransportOptions& options);
  // An overload and no default argument: GCC 12 would destroy that twice in `Acceptor a{co_await this_coro::executor,
  // at}`.
  Acceptor(boost::asio::any_io_executor executor, const Endpoint& endpoint)
      : Acceptor{std::move(executor), endpoint, TransportOptions{}} {}
  Acceptor(Acceptor&&) noexcept = default;
  /// Closes what was there.
  Acceptor& operator=(Acceptor&& other) noexcept;
  /// Closes.
  ~Acceptor();

  /// Where it accepts and calls on_trouble and on_refused.
  [[nodiscard]] executor_type get_executor() const;

  /// What was bound, with the real port. `*` stays `*`; a name has become the address.
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept;

  /// Called, as by `post` to the executor, each time accepting has to wait: the shortage, and for how long.
  void on_trouble(TroubleHandler handler);

  /// Called, as by `post` to the executor, for each peer whose handshake failed, with a sentence that says why.
  void on_refused(RefusedHandler handler);

  /// From now on sockets live, and have their handshakes, where `choose` says, and not where async_accept does: it is
  /// asked once for each that is accepted, with the acceptor's lock held, and must not use the acceptor. Channels and
  /// in-process streams are not dealt.
  void deal(std::function<boost::asio::any_io_executor()> choose);

  /// The next connection. Completes with (error_code, Stream), through the handler's associated executor. Several may
  /// be pending; they are served in order. The stream lives on the acceptor's executor, or on `stream_executor`.
  /// Errors: asio::error::operation_aborted after close() or cancellation. A cancelled accept takes no connection.
  template <class Token>
  auto async_accept(Token&& token) {
    return async_accept(get_executor(), std::forward<Token>(token));
  }
  template <class Token>
  auto async_accept(boost::asio::any_io_executor stream_executor, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Stream)>(
        [state = state_](auto handler, boost::asio::any_io_executor executor) {
          detail::start_accept(*state, std::move(executor), AcceptHandler{std::move(handler)});
        },
        token, std::move(stream_executor));
  }

  /// A connection that is here and needs no waiting for, on the acceptor's executor. None (an empty Stream) says that
  /// nothing is known without asking the system: only channels are given this way; so it is while accepts are pending,
  /// and after close(). Never blocks or fails, and there is nothing to cancel. Any thread.
  [[nodiscard]] Stream try_accept();

  /// Stops listening, completes what is pending with operation_aborted, removes the Unix socket file. Streams already
  /// given stay open.
  void close() noexcept;

 private:
  std::shared_ptr<detail::AcceptorState> state_;
};

}  // namespace parley::transport
