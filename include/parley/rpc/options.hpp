// How clients and servers of requests reach each other, how much they take on, and how one request is made.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/limits.hpp>
#include <parley/policy/backoff.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace parley::rpc {

struct PeerInfo;

/// For one endpoint that a server binds or a client dials. Setters return the object, so that they chain.
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
  /// Dialling: how long each attempt may take, looking up and handshakes included. Default: 5 s.
  EndpointOptions& attempt_time_max(Duration value) { return attempt_time_max_ = value, *this; }

  /// Over a broker: whether messages survive its restart. Default: they do not, and cost less.
  EndpointOptions& persistent(bool value) { return persistent_ = value, *this; }

  /// What has been set.
  [[nodiscard]] const TransportOptions& transport() const noexcept { return transport_; }
  [[nodiscard]] bool persistent() const noexcept { return persistent_; }
  [[nodiscard]] Duration attempt_time_max() const noexcept { return attempt_time_max_; }

 private:
  TransportOptions transport_;
  Duration attempt_time_max_ = std::chrono::seconds{5};
  bool persistent_ = false;
};

/// What both sides have in common. Sizes are in bytes.
struct PeerOptions {
  /// Largest payload accepted or sent. A peer that announces more is cut off with error::message_too_large.
  std::size_t payload_size_max = limits::message_size_max;
  /// Largest metadata accepted.
  std::size_t metadata_size_max = limits::metadata_size_max;
  /// How long a request waits for its answer, unless it has a deadline of its own.
  std::chrono::milliseconds request_time_max = limits::request_time_max;
  /// Requests that wait for their answers at a time, to each peer; one more is error::overloaded.
  std::size_t calls_max = limits::calls_max;
  /// What is kept for a peer that is not connected, in messages and in bytes, or may be queued, in bytes, for one that
  /// is and does not read; a request or notification more is error::overloaded.
  std::size_t kept_count_max = limits::kept_count_max;
  std::size_t kept_size_max = limits::kept_size_max;
  /// Handlers that take time (coroutines, and those on a pool) of each peer's requests at work at a time. Further
  /// requests wait for their turn, so many and so large; then they are answered with error::overloaded.
  std::size_t handlers_max = limits::handlers_max;
  std::size_t waiting_count_max = limits::waiting_requests_max;
  std::size_t waiting_size_max = limits::waiting_requests_size_max;
  /// With this much of answers queued for a peer nothing more is read from it; and when it has taken none of that for
  /// so long, it is cut off with error::peer_too_slow.
  std::size_t answers_size_max = limits::answers_size_max;
  std::chrono::milliseconds stall_time_max = limits::stall_time_max;
  /// From a connection to the end of the greeting.
  std::chrono::milliseconds greeting_time_max = limits::greeting_time_max;
  /// Whether the text of an exception that is no Fault is told to who asked.
  bool tells_exceptions = true;
  /// Whether the route "parley.routes" tells who asks which routes there are, and what they take and give.
  bool lists_routes = false;
};

/// Of a client.
struct ClientOptions : PeerOptions {
  /// Who this client is to servers, also when it connects again. Empty: 32 random hexadecimal digits.
  std::string client_id{};
  /// How long to wait before dialling again.
  Backoff backoff = ExponentialBackoff{};
};

/// Of a server.
struct ServerOptions : PeerOptions {
  /// Asked for each client that has said who it is: why it may not stay, or an empty text. Called on the server's
  /// executor; what it throws is logged, and the client is told that it was an error.
  std::function<std::string(const PeerInfo&)> accept_client{};
  /// Clients at a time, connected or not; one more is refused, unless one is away for which nothing is under way.
  std::size_t clients_max = limits::peers_max;
  /// How long a client that is not connected is remembered: handlers that run for it, and what is kept for it.
  std::chrono::milliseconds absence_max = limits::absence_max;
};

/// What becomes of a request whose connection is lost before its answer has come.
enum class WhenLost : std::uint8_t {
  fail,    ///< it ends with error::disconnected at once
  resume,  ///< it waits for its answer on the next connection: the other side, if it lives, sends it there
  resend,  ///< it is sent again on the next connection: for what may be done twice
};

/// For one request. Setters return the object, so that they chain.
class RequestOptions {
 public:
  RequestOptions() = default;
  ~RequestOptions() = default;
  RequestOptions(const RequestOptions&) = default;
  RequestOptions& operator=(const RequestOptions&) = default;

  /// When it ends with error::timed_out. Default: PeerOptions::request_time_max from the call.
  RequestOptions& deadline(Deadline value) { return deadline_ = value, has_deadline_ = true, *this; }
  /// Default: it fails.
  RequestOptions& when_lost(WhenLost value) { return when_lost_ = value, *this; }
  /// The same, by the names that others have for it.
  RequestOptions& resume() { return when_lost(WhenLost::resume); }
  RequestOptions& idempotent() { return when_lost(WhenLost::resend); }
  /// Of a server: whether a client that is not connected is waited for. Default: that is error::unknown_peer.
  RequestOptions& wait_for_client(bool value = true) { return wait_for_client_ = value, *this; }

  /// What has been set.
  [[nodiscard]] Deadline deadline() const noexcept { return deadline_; }
  [[nodiscard]] bool has_deadline() const noexcept { return has_deadline_; }
  [[nodiscard]] WhenLost when_lost() const noexcept { return when_lost_; }
  [[nodiscard]] bool waits_for_client() const noexcept { return wait_for_client_; }

 private:
  Deadline deadline_;
  WhenLost when_lost_ = WhenLost::fail;
  bool has_deadline_ = false;
  bool wait_for_client_ = false;
};

}  // namespace parley::rpc
