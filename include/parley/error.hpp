// The library's error codes, one sentence each, and the exception that carries a fuller sentence.
//
// What a peer, the network or a limit does to an operation is an error code of this category (or the operating
// system's own, from boost::system::system_category). Misuse of an interface is std::invalid_argument instead.
#pragma once

#include <parley/detail/export.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <string>
#include <type_traits>

namespace parley {

/// What went wrong. Each code says what happened, what to do, and which options govern it; docs/errors.md is made of
/// these comments by scripts/error_catalogue.py.
enum class error {
  /// There is nothing more to come: the peer ended its direction between two messages, or this side was closed or told
  /// to end; or, at a udp listener, nothing has come from the peer for too long. All that had arrived has been given
  /// out.
  ///
  /// To do: nothing, as a rule; this is how a conversation ends. `next()` gives an empty optional instead. To send or
  /// receive after `close()` on this side is a mistake of this program.
  ///
  /// Options: `UdpOptions::idle_time_max`.
  closed = 1,

  /// The stream ended inside a message. Over TLS and WebSocket also: it ended without the closing message of that
  /// protocol, so that somebody may have cut it.
  ///
  /// To do: take the conversation for broken, and have the peer begin again on a new connection; `partial()` has the
  /// bytes of the message that did not end. If it happens each time, the peer leaves without closing in order, or uses
  /// another framing.
  ///
  /// Options: `ConnectionOptions::framing`, which has to be the peer's.
  truncated,

  /// A message is larger than the limit. Announced by the peer: the connection is cut, before memory is taken. Given to
  /// `send`: it is refused, and the connection is as it was; so is one that no datagram can carry.
  ///
  /// To do: raise the limit at both ends if such messages are meant, or send in pieces what is large. A size in the
  /// sentence that nobody can have meant says that the peer speaks another framing, or none: 1195725856 is `GET ` read
  /// as a length.
  ///
  /// Options: `ConnectionOptions::message_size_max`, `WsOptions::message_size_max`; for the sender also
  /// `LengthPrefixed::width`.
  message_too_large,

  /// The bytes break the rules: of the framing, of WebSocket, of channels, or of TLS, where they were damaged on their
  /// way. The connection is cut. From a `TlsContext`: a file is not the PEM it should be, or the key is not the
  /// certificate's.
  ///
  /// To do: compare the framings of the two ends, then the bytes of the peer with docs/protocols/framing.md. For a
  /// context, look at the file that the sentence names.
  ///
  /// Options: `ConnectionOptions::framing`; `TlsOptions::certificate_file`, `TlsOptions::key_file`,
  /// `TlsOptions::ca_file`.
  malformed,

  /// The deadline passed first: that of the operation, of connecting, or of a handshake. A receive has taken no message
  /// and a send has queued none (a blocking one may have: parley/blocking/connection.hpp); the connection is as it was.
  /// A connection that was still being made is given up.
  ///
  /// To do: what the program does about a silent peer: ask again, or close. The sentence says which operation waited,
  /// for how long, and for what.
  ///
  /// Options: the `Deadline` of the call; `ConnectOptions::deadline` (30 s), `TransportOptions::handshake_time_max`
  /// (10 s for each).
  timed_out,

  /// A queue is at its limit, and the operation was told not to wait: the peer, or the network, is slower than this
  /// program. The message was not queued.
  ///
  /// To do: `send` in place of `try_send` or `post`, as it waits; or drop the message, or the peer.
  ///
  /// Options: for `try_send`, `ConnectionOptions::send_high_water_size` and `ConnectionOptions::send_high_water_count`;
  /// for `post`, `ConnectionOptions::send_hard_limit_size`.
  full,

  /// The framing cannot carry this body: it contains the separator, is longer than the fixed length, or is empty where
  /// that would leave no trace. Nothing was put on the wire, and the connection is as it was.
  ///
  /// To do: choose a framing that carries any body (`LengthPrefixed`), or encode the body so that it fits.
  ///
  /// Options: `ConnectionOptions::framing`; `Separator::allow_in_body`, `FixedLength::size`.
  unframeable,

  /// Nothing more can be sent in this direction: `end_sending()` was called, or the framing carries one message for
  /// each direction (`UntilEof`) and has done so. Receiving goes on.
  ///
  /// To do: send before ending; for a second message make another connection, or choose a framing for many.
  ///
  /// Options: `ConnectionOptions::framing`.
  send_ended,

  /// Nothing listens at this `inproc://` endpoint. (Elsewhere that is the system's `connection_refused`.)
  ///
  /// To do: make the Listener before connecting, and compare the names. Names are of one process.
  ///
  /// Options: none; the endpoint.
  no_listener,

  /// The listener of this `inproc://` endpoint has as many connections open as it may, or as many that wait to be
  /// accepted. (Elsewhere further ones wait in the kernel.) A socket says it of the stranger that has been silent
  /// longest, whom it turns away for another when too many have not said who they are; so does a listener with
  /// handshakes (`tls`, `ws`, `wss`) when all places for them are taken.
  ///
  /// To do: accept, close what is not needed, or raise the limit. At a socket, or of a handshake: look who connects and
  /// says nothing.
  ///
  /// Options: `ListenerOptions::connections_max`, `TransportOptions::backlog`, `TransportOptions::handshakes_max`.
  too_many_connections,

  /// The scheme of the endpoint is known, and this build of the library does not have it.
  ///
  /// To do: ask `Endpoint::available()` before; for `tls` and `wss` use a library built with OpenSSL.
  ///
  /// Options: `PARLEY_TLS`, when the library is built.
  unavailable,

  /// The host has no address that could be tried.
  ///
  /// To do: look the name up (`getent ahosts NAME`), or write an address into the endpoint.
  ///
  /// Options: none; the endpoint.
  no_address,

  /// A whole message arrived, and its payload is not what the codec or the type asks for. The message is gone, and the
  /// connection goes on with the next.
  ///
  /// To do: the sentence has the place and the reason, as in `$.items[3].price: expected a number, found string "x"`.
  /// Mend the peer, or the type; a field that may be missing is `std::optional`. Catch it around the receive to go on.
  ///
  /// Options: `Json::strict`, `Json::depth_max`, `Json::decoded_size_max`, and those of `MessagePack` and
  /// `PythonPickle`.
  payload_rejected,

  /// TLS: the peer's certificate, or the lack of one, is not acceptable here. It has expired or is not valid yet, is
  /// for another host, or comes from nobody who is trusted; the sentence says which.
  ///
  /// To do: give this side the authority's certificate, or the peer a certificate for the name in the endpoint; guide
  /// chapter 11 has the commands.
  ///
  /// Options: `TlsOptions::ca_file`, `TlsOptions::server_name`, `TlsOptions::client_certificate`.
  untrusted_peer,

  /// The peer said no: to this side's certificate, TLS version or application protocol, or to the path or origin of a
  /// WebSocket; or it closed a WebSocket with a code that is not a goodbye.
  ///
  /// To do: look at the peer's log, where the reason is; the sentence has its words. With TLS 1.3 a client hears of it
  /// from its first `receive` only.
  ///
  /// Options: `TlsOptions::certificate_file`, `TlsOptions::alpn`, `WsOptions::origin`; at the peer
  /// `WsOptions::accept_origin`, `TlsOptions::client_certificate`.
  refused_by_peer,

  /// The peer cannot be talked to: it does not speak TLS, WebSocket or the protocol of channels, or no version, magic
  /// or protocol that both sides accept, or it went away during the handshake.
  ///
  /// To do: compare the scheme of the endpoint with what is really behind the port, and the options of both ends.
  ///
  /// Options: `TlsOptions::minimum_version`, `TlsOptions::alpn`; `MuxOptions::dialect`, `MuxOptions::magic`.
  handshake_failed,

  /// A socket has no peer of this identity, or has it no more. The message was not sent.
  ///
  /// To do: wait for the peer (`events()`, `wait_for_peers`), or have such messages kept until it comes back.
  ///
  /// Options: `SocketOptions::keep_for_absent_peers`.
  unknown_peer,

  /// Two sockets say that they are the same one. The one that came later is refused, while the other is there. Two
  /// sockets that dial each other say it too: of their two connections one is given up.
  ///
  /// To do: give each socket an identity of its own, or none: then it is random. A program that has been started twice
  /// is the usual cause, and a socket that has dialled itself another.
  ///
  /// Options: `SocketOptions::identity`.
  duplicate_identity,

  /// This side did not let the peer in: the program's own rule said no, or there are as many peers as there may be.
  ///
  /// To do: nothing, if it was meant; else look at the rule, or raise the limit.
  ///
  /// Options: `SocketOptions::accept_peer`, `SocketOptions::peers_max`; of a server made of handlers, `classify` and
  /// `ServerOptions::peers_max`.
  peer_refused,

  /// Nothing has been heard of the peer for too long, not even a heartbeat. The connection is cut.
  ///
  /// To do: find out whether the peer hangs, or the network between; a socket that has dialled goes on dialling.
  ///
  /// Options: `SocketOptions::silence_max`; at the peer `SocketOptions::heartbeat_interval`. Of channels:
  /// `MuxOptions::keep_alive_interval`, `MuxOptions::keep_alive_time_max`. Of servers and clients made of handlers:
  /// `ServerOptions::idle_time_max`.
  peer_silent,

  /// The peer did not take its messages as fast as they were sent to it, and was cut off, as the program had asked; or
  /// it sends messages without ever reading that they are acknowledged. Of a channel: the peer granted no window for
  /// too long, and the channel was reset.
  ///
  /// To do: make the peer faster, send less, or choose another rule for full queues; have it read.
  ///
  /// Options: `SocketOptions::overflow`, `SocketOptions::send_high_water_size`, `SocketOptions::send_high_water_count`;
  /// `MuxOptions::stall_time_max`; `ServerOptions::idle_time_max`.
  peer_too_slow,

  /// A message that was to arrive at least once was not acknowledged, however often it was sent. It may have arrived.
  ///
  /// To do: the event has the message. Look for a peer that hangs, or that does not acknowledge.
  ///
  /// Options: `SocketOptions::sent_max`, `SocketOptions::resend_after`; at the peer `SocketOptions::acknowledge`.
  unacknowledged,

  /// The peer has reset a channel: both directions have ended at once, and bytes on their way are lost.
  ///
  /// To do: take the conversation on this channel for broken; other channels go on.
  ///
  /// Options: none.
  channel_reset,

  /// The peer does not take this channel: too many wait to be accepted there, or it is going away.
  ///
  /// To do: open fewer channels at a time, or open it again later, on another session if this one is going away.
  ///
  /// Options: at the peer `MuxOptions::accept_backlog`, `MuxOptions::channels_max`.
  channel_refused,

  /// The session that carries a channel has ended before the channel did. Bytes on their way are lost.
  ///
  /// To do: connect again, and begin the channel's conversation anew.
  ///
  /// Options: none.
  session_ended,

  /// The peer has ended the session and said why: this side has broken the protocol, or the peer has failed.
  ///
  /// To do: look at the peer's log; compare the bytes of this side with docs/protocols/yamux.md.
  ///
  /// Options: none.
  ended_by_peer,

  /// The peer has announced that it takes no new channels. Those that are open go on.
  ///
  /// To do: open the channel on a new session.
  ///
  /// Options: none.
  going_away,

  /// The numbers of channels are used up: two thousand million have been opened in this session.
  ///
  /// To do: connect again.
  ///
  /// Options: none.
  channels_exhausted,

  /// The peer has sent more on a channel than its window allowed. The session is cut.
  ///
  /// To do: mend the peer: it ignores flow control. The sentence has the channel and the numbers.
  ///
  /// Options: `MuxOptions::window_initial`.
  window_exceeded,

  /// The peer went on opening channels that were refused. The session is cut.
  ///
  /// To do: accept faster, or raise the limits, if the peer means well.
  ///
  /// Options: `MuxOptions::accept_backlog`, `MuxOptions::channels_max`, `MuxOptions::resets_burst`,
  /// `MuxOptions::resets_per_second`.
  too_many_channels,

  /// The peer has opened channels and reset them, faster than is allowed: work for nothing. The session is cut.
  ///
  /// To do: raise the limit, if the peer means well and gives up that often.
  ///
  /// Options: `MuxOptions::resets_burst`, `MuxOptions::resets_per_second`.
  too_many_resets,

  /// More bytes of a session's channels have come than may be unread. The session is cut.
  ///
  /// To do: read faster, or raise the limit; over TCPChan, which has no flow control, have the peer ask for less.
  ///
  /// Options: `MuxOptions::unread_size_max`.
  unread_limit,

  /// The peer provokes answers and does not read them. The session is cut.
  ///
  /// To do: find out why the peer does not read; it may be an attack.
  ///
  /// Options: `MuxOptions::answers_size_max`.
  flooded,

  /// The other side has no handler for a request by this name.
  ///
  /// To do: compare the names at the two ends; `Routes::on` makes them.
  ///
  /// Options: none.
  no_such_route,

  /// The handler of a request has thrown. The sentence has its words, if the other side tells them; `RequestError` has
  /// its code, and whose fault it says that it was. In a server or client made of handlers: one of these, or a hook or
  /// classifier, has thrown; `Cause::thrown` has the exception.
  ///
  /// To do: what the handler's code asks for; else look at the log of the other side.
  ///
  /// Options: at the other side `PeerOptions::tells_exceptions`.
  handler_failed,

  /// More is asked than may wait: too many requests without an answer, too much that is kept for a peer that is not
  /// connected, or too many at work at the other side. The request was not begun.
  ///
  /// To do: ask less at a time, or later again; or raise the limit that the sentence names.
  ///
  /// Options: `PeerOptions::calls_max`, `PeerOptions::kept_count_max`, `PeerOptions::kept_size_max`; at the other side
  /// `PeerOptions::handlers_max`, `PeerOptions::waiting_count_max`, `PeerOptions::waiting_size_max`.
  overloaded,

  /// The connection was lost before the answer to a request came, or there is none and nobody makes one. The handler
  /// may have run.
  ///
  /// To do: ask again, if that does no harm; or let such requests wait for the next connection.
  ///
  /// Options: `RequestOptions::when_lost`.
  disconnected,

  /// A hook or a filter of the program's would not have a message: one that was received is given up, one that was to
  /// be
  /// sent was not queued. The peer stays, unless the sentence says otherwise.
  ///
  /// To do: the sentence has the hook's or the filter's reason.
  ///
  /// Options: none; `after_receive`, `before_send` and `filter` of the server or client.
  message_refused,

  /// It could not be told from its first messages what a peer is: there were too many of them, or too many bytes, or it
  /// took too long. The peer is closed.
  ///
  /// To do: compare what the peer sends with what the classifier waits for; the sentence has the numbers.
  ///
  /// Options: `ServerOptions::held_count_max`, `ServerOptions::held_size_max`,
  /// `ServerOptions::classification_time_max`.
  not_classified,

  /// The classifier has named a kind of peer that no handler is for, or that is not among those declared. The peer is
  /// closed.
  ///
  /// To do: register a handler for the kind that the sentence names, or correct the name; declare the kinds, and this
  /// is
  /// found when the server starts.
  ///
  /// Options: none; `classify` and `on_message` of the server or client.
  unknown_kind,
};

/// The category of these codes, named `parley`; one for the process, from any thread.
[[nodiscard]] PARLEY_EXPORT const boost::system::error_category& error_category() noexcept;

/// Found by Boost.System, so that `ec == parley::error::timed_out` and `return error::full` mean what they say.
[[nodiscard]] inline boost::system::error_code make_error_code(error e) noexcept {
  return {static_cast<int>(e), error_category()};
}

/// What throwing forms throw: the code, and in `what()` a sentence that names the endpoint and the numbers.
class PARLEY_EXPORT Error : public boost::system::system_error {
 public:
  /// `sentence` is all of what(): the code's own words are not added.
  Error(boost::system::error_code code, std::string sentence);

  /// For people: one line, without a newline. code() is for the program.
  [[nodiscard]] const char* what() const noexcept override { return sentence_.c_str(); }

 private:
  std::string sentence_;
};

}  // namespace parley

/// Makes the enumerators convert to error codes.
template <>
struct boost::system::is_error_code_enum<parley::error> : std::true_type {};
