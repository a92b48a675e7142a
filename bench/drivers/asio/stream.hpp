#pragma once

#include "bench/common/options.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/endian/buffers.hpp>

#include <unistd.h>

#include <array>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench::coro {

namespace asio = boost::asio;

using Protocol = asio::generic::stream_protocol;
using Stream = Protocol::socket;
using Endpoint = Protocol::endpoint;
using Acceptor = asio::basic_socket_acceptor<Protocol>;
using Body = std::vector<unsigned char>;

inline Endpoint endpoint_of(const Address& address) {
  if (address.is_tcp()) return asio::ip::tcp::endpoint(asio::ip::make_address(address.host), address.port);
  if (address.scheme == Address::Scheme::inproc) throw std::invalid_argument("sockets have no " + address.text);
  return asio::local::stream_protocol::endpoint(address.path);
}

template <class Socket>
void tune(Socket& socket, const Options& o) {
  if (o.sockbuf > 0) {
    socket.set_option(asio::socket_base::send_buffer_size(o.sockbuf));
    socket.set_option(asio::socket_base::receive_buffer_size(o.sockbuf));
  }
  if (!o.addr.is_tcp()) return;
  socket.set_option(asio::ip::tcp::no_delay(true));
  if (!o.cc.empty() && ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, o.cc.data(),
                                    static_cast<socklen_t>(o.cc.size())) != 0)
    throw std::runtime_error("this machine does not offer the congestion control " + o.cc);
}

inline Acceptor listen_on(asio::io_context& io, const Options& o) {
  const Endpoint endpoint = endpoint_of(o.addr);
  if (!o.addr.is_tcp()) ::unlink(o.addr.path.c_str());
  Acceptor acceptor(io);
  acceptor.open(endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  tune(acceptor, o);
  acceptor.bind(endpoint);
  acceptor.listen(4096);
  return acceptor;
}

inline asio::awaitable<Stream> accept_from(Acceptor& acceptor, const Options& o) {
  Stream stream = co_await acceptor.async_accept(asio::use_awaitable);
  tune(stream, o);
  co_return stream;
}

inline asio::awaitable<Stream> connect_to(const Options& o) {
  const Endpoint endpoint = endpoint_of(o.addr);
  Stream stream(co_await asio::this_coro::executor);
  stream.open(endpoint.protocol());
  tune(stream, o);
  co_await stream.async_connect(endpoint, asio::use_awaitable);
  co_return stream;
}

inline asio::awaitable<void> send_message(Stream& stream, const Body& body) {
  const boost::endian::big_uint32_buf_t header(static_cast<std::uint32_t>(body.size()));
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(&header, sizeof header), asio::buffer(body)};
  co_await asio::async_write(stream, buffers, asio::use_awaitable);
}

inline asio::awaitable<void> receive_message(Stream& stream, Body& body) {
  boost::endian::big_uint32_buf_t header;
  co_await asio::async_read(stream, asio::buffer(&header, sizeof header), asio::use_awaitable);
  if (header.value() > (64u << 20)) throw std::runtime_error("a message of more than 64 MiB");
  body.resize(header.value());
  co_await asio::async_read(stream, asio::buffer(body), asio::use_awaitable);
}

/// Starts `task`; what it throws comes out of run().
inline void start(asio::io_context& io, asio::awaitable<void> task) {
  co_spawn(io, std::move(task), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

/// Runs everything started, asleep or spinning between events.
inline void run(asio::io_context& io, const Options& o) {
  if (!o.polling()) {
    io.run();
    return;
  }
  while (!io.stopped()) io.poll();
}

}  // namespace bench::coro
