#pragma once

#include "bench/common/options.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench::messages {

namespace asio = boost::asio;

/// How long a loop of the `-poll` variants looks for work before it sleeps: several round trips, also where a slow or
/// busy machine stretches one to tens of microseconds, so that what is measured is polling and not waking.
inline constexpr std::chrono::microseconds poll_budget{200};

inline parley::ConnectionOptions connection_options(const Options& o) {
  parley::ConnectionOptions options;
  if (o.hwm > 0) options.send_high_water_count = o.hwm;
  return options;
}

/// What is measured is the encryption; whose certificate it is does not matter here.
inline parley::TlsContext make_tls_context(bool is_server) {
  const char* const pem = std::getenv("BENCH_TLS_PEM");
  if (pem == nullptr) throw std::invalid_argument("BENCH_TLS_PEM must name a PEM file of a certificate and its key");
  return is_server ? parley::TlsContext::server(parley::TlsOptions{}.certificate_file(pem))
                   : parley::TlsContext::client(parley::TlsOptions{}.dangerously_accept_any_certificate());
}

/// Made once: a program has one for all of its connections.
inline const parley::TlsContext& tls_context(const Options& o) {
  static const parley::TlsContext context = make_tls_context(o.role == Role::server);
  return context;
}

inline parley::TransportOptions transport_options(const Options& o) {
  parley::TransportOptions options;
  options.send_buffer_size = options.receive_buffer_size = static_cast<std::size_t>(o.sockbuf);
  options.congestion_control = o.cc;
  if (o.addr.over_tcp == "tls") options.tls = tls_context(o);
  return options;
}

/// With the variant `mux-beside` what is measured has one more channel beside it, which sends as much as it can.
inline bool is_beside_much(const Options& o) { return o.part("connection") == "mux-beside"; }

/// With these variants each connection is a channel of one session. (But `mux` makes the scenario connect one of
/// channels themselves, without a Connection above them, as `mux-connection` has it.)
inline bool is_over_channels(const Options& o) {
  return o.part("connection") == "mux" || o.part("connection") == "mux-connection" || is_beside_much(o);
}

inline std::string where(const Options& o) { return (is_over_channels(o) ? "mux+" : "") + o.addr.text; }

inline parley::Listener listen_on(asio::io_context& io, const Options& o) {
  return {io, where(o), {.connection = connection_options(o), .transport = transport_options(o)}};
}

inline asio::awaitable<parley::Connection> connect_to(const Options& o) {
  parley::ConnectOptions options;
  options.connection(connection_options(o)).transport(transport_options(o));
  return parley::connect(where(o), std::move(options));
}

/// For who has reported: a session is kept for the next channel for a while, and its loop goes on with it; so it does
/// with a socket for datagrams.
inline void leave(asio::io_context& io, const Options& o) {
  if (is_over_channels(o) || o.addr.is_udp()) io.stop();
}

/// Starts `task`; what it throws comes out of run().
inline void start(asio::io_context& io, asio::awaitable<void> task) {
  co_spawn(io, std::move(task), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

/// Runs everything started.
inline void run(asio::io_context& io, const Options& o) {
  parley::RunOptions options;
  if (o.polling()) options.poll = poll_budget;
  parley::run(io, options);
}

}  // namespace bench::messages
