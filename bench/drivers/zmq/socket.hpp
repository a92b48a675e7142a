#pragma once

#include "bench/common/congestion_control.hpp"
#include "bench/common/options.hpp"

#include <zmq.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench::zmq {

inline int check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + zmq_strerror(zmq_errno()));
  return result;
}

class Context {
 public:
  explicit Context(std::size_t sockets_max = 1023) {
    check(zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, static_cast<int>(sockets_max)), "ZMQ_MAX_SOCKETS");
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { zmq_ctx_term(context_); }

  void* get() const noexcept { return context_; }

 private:
  void* context_ = zmq_ctx_new();
};

/// A libzmq message: what it holds stays valid until the next receive into it.
class Message {
 public:
  Message() { zmq_msg_init(&message_); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() { zmq_msg_close(&message_); }

  zmq_msg_t* get() noexcept { return &message_; }
  void* data() noexcept { return zmq_msg_data(&message_); }
  std::size_t size() const noexcept { return zmq_msg_size(&message_); }
  bool more() const noexcept { return zmq_msg_more(&message_) != 0; }

 private:
  zmq_msg_t message_;
};

class Socket {
 public:
  Socket(const Context& context, int type, const Options& o) : socket_(zmq_socket(context.get(), type)) {
    if (!socket_) throw std::runtime_error(std::string("zmq_socket: ") + zmq_strerror(zmq_errno()));
    set(ZMQ_LINGER, 0, "ZMQ_LINGER");
    if (o.hwm > 0) set(ZMQ_SNDHWM, static_cast<int>(o.hwm), "ZMQ_SNDHWM");
    if (o.hwm > 0) set(ZMQ_RCVHWM, static_cast<int>(o.hwm), "ZMQ_RCVHWM");
    if (o.sockbuf > 0) set(ZMQ_SNDBUF, o.sockbuf, "ZMQ_SNDBUF");
    if (o.sockbuf > 0) set(ZMQ_RCVBUF, o.sockbuf, "ZMQ_RCVBUF");
  }
  Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~Socket() { close(); }

  void* get() const noexcept { return socket_; }

  void close() noexcept {
    if (socket_) zmq_close(std::exchange(socket_, nullptr));
  }

  void set(int option, int value, const char* what) {
    check(zmq_setsockopt(socket_, option, &value, sizeof value), what);
  }

  void send(const void* bytes, std::size_t size, int flags = 0) {
    check(zmq_send(socket_, bytes, size, flags), "zmq_send");
  }
  void send(Message& message, int flags = 0) { check(zmq_msg_send(message.get(), socket_, flags), "zmq_msg_send"); }
  void receive(Message& message) { check(zmq_msg_recv(message.get(), socket_, 0), "zmq_msg_recv"); }

  /// False: there is none now.
  bool try_receive(Message& message) {
    const bool received = zmq_msg_recv(message.get(), socket_, ZMQ_DONTWAIT) >= 0;
    if (!received && zmq_errno() != EAGAIN) check(-1, "zmq_msg_recv");
    return received;
  }

 private:
  void* socket_;
};

inline std::string endpoint_of(const Address& address) {
  return address.scheme == Address::Scheme::unix_path ? "ipc://" + address.path : address.text;
}

inline void bind(Socket& socket, const Options& o) {
  socket.set(ZMQ_BACKLOG, 4096, "ZMQ_BACKLOG");
  check(zmq_bind(socket.get(), endpoint_of(o.addr).c_str()), "zmq_bind");
  apply_congestion_control(o, false);
}

inline void connect(Socket& socket, const Options& o) {
  check(zmq_connect(socket.get(), endpoint_of(o.addr).c_str()), "zmq_connect");
}

/// For runs over one connection, where it pays to wait until --cc could be applied to it.
inline void connect_one(Socket& socket, const Options& o) {
  connect(socket, o);
  apply_congestion_control(o, true);
}

}  // namespace bench::zmq
