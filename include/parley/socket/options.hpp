// How a Socket reaches one endpoint, and how it sends one message.
#pragma once

#include <parley/policy/socket_options.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>
#include <parley/wire/dialect.hpp>

#include <chrono>
#include <cstddef>
#include <utility>

namespace parley {

/// For one endpoint that a socket binds or dials. Setters return the object, so that they chain.
class EndpointOptions {
 public:
  EndpointOptions() = default;
  ~EndpointOptions() = default;
  EndpointOptions(const EndpointOptions&) = default;
  EndpointOptions& operator=(const EndpointOptions&) = default;

  /// Sockets, TLS and WebSocket underneath.
  EndpointOptions& transport(TransportOptions value) { return transport_ = std::move(value), *this; }
  /// Certificates and rules, as in transport().tls.
  EndpointOptions& tls(TlsContext value) { return transport_.tls = std::move(value), *this; }
  /// WebSocket, as in transport().ws: which pages are let in, or as one of which origin to dial.
  EndpointOptions& ws(WsOptions value) { return transport_.ws = std::move(value), *this; }
  /// What is spoken there. aiomsg_legacy is refused for ws and wss, and where it is bound, no WebSocket peers are
  /// taken.
  EndpointOptions& dialect(Dialect value) { return dialect_ = value, *this; }
  /// Dialling: how long each attempt may take, looking up and handshakes included. Default: 5 s.
  EndpointOptions& attempt_time_max(Duration value) { return attempt_time_max_ = value, *this; }
  /// Binding tcp or tls: whether peers may speak WebSocket on the same port. Default: they may.
  EndpointOptions& web_sockets(bool value) { return web_sockets_ = value, *this; }

  /// What has been set.
  [[nodiscard]] const TransportOptions& transport() const noexcept { return transport_; }
  [[nodiscard]] Dialect dialect() const noexcept { return dialect_; }
  [[nodiscard]] Duration attempt_time_max() const noexcept { return attempt_time_max_; }
  [[nodiscard]] bool web_sockets() const noexcept { return web_sockets_; }

 private:
  TransportOptions transport_;
  Dialect dialect_ = Dialect::aiomsg;
  Duration attempt_time_max_ = std::chrono::seconds{5};
  bool web_sockets_ = true;
};

/// For one message. Setters return the object, so that they chain.
class SendOptions {
 public:
  SendOptions() = default;
  ~SendOptions() = default;
  SendOptions(const SendOptions&) = default;
  SendOptions& operator=(const SendOptions&) = default;

  /// How long the send may wait for room; then it ends with error::timed_out, and nothing has been sent.
  SendOptions& deadline(Deadline value) { return deadline_ = value, *this; }
  /// At-least-once: how often the message is sent at most. Default: SocketOptions::sent_max.
  SendOptions& sent_max(unsigned value) { return sent_max_ = value, *this; }
  /// Neither sent nor sent again after this; told as an event, and a send that has not been accepted by then ends with
  /// error::timed_out. At-most-once, a message that has one and was queued for a peer that is lost before it was
  /// written is dropped, not sent to another. Default: never.
  SendOptions& time_to_live(Deadline value) { return time_to_live_ = value, *this; }

  /// What has been set.
  [[nodiscard]] Deadline deadline() const noexcept { return deadline_; }
  [[nodiscard]] unsigned sent_max() const noexcept { return sent_max_; }
  [[nodiscard]] Deadline time_to_live() const noexcept { return time_to_live_; }
  /// Nothing has.
  [[nodiscard]] bool is_default() const noexcept {
    return deadline_.is_never() && sent_max_ == 0 && time_to_live_.is_never();
  }

 private:
  Deadline deadline_;
  unsigned sent_max_ = 0;
  Deadline time_to_live_;
};

}  // namespace parley
