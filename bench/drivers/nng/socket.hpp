#pragma once

#include "bench/common/congestion_control.hpp"
#include "bench/common/driver_main.hpp"

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include <cstddef>
#include <cstring>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench::nng {

inline void check(int result, const char* what) {
  if (result != 0) throw std::runtime_error(std::string(what) + ": " + nng_strerror(result));
}

/// An nng message; what it holds stays valid until the next receive into it.
class Message {
 public:
  Message() = default;
  explicit Message(std::size_t size) { check(nng_msg_alloc(&message_, size), "nng_msg_alloc"); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() { nng_msg_free(message_); }

  void* data() noexcept { return nng_msg_body(message_); }
  std::size_t size() const noexcept { return nng_msg_len(message_); }

  void replace(nng_msg* message) noexcept {
    nng_msg_free(message_);
    message_ = message;
  }
  nng_msg* get() const noexcept { return message_; }
  nng_msg* release() noexcept { return std::exchange(message_, nullptr); }

 private:
  nng_msg* message_ = nullptr;
};

/// Those that may dial at once.
using Dialling = std::counting_semaphore<>;

class Socket {
 public:
  /// `open` is what nng calls a protocol: nng_push0_open and its like.
  Socket(int (*open)(nng_socket*), const Options& o) {
    if (o.sockbuf > 0) throw NotOffered("nng has no option for the size of socket buffers");
    check(open(&socket_), "opening a socket of nng");
    is_open_ = true;
    check(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0), NNG_OPT_RECVMAXSZ);
    set_queue(NNG_OPT_SENDBUF, o);
    set_queue(NNG_OPT_RECVBUF, o);
  }
  Socket(Socket&& other) noexcept : socket_{other.socket_}, is_open_{std::exchange(other.is_open_, false)} {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() { close(); }

  void close() noexcept {
    if (std::exchange(is_open_, false)) nng_close(socket_);
  }

  void listen(const Options& o) {
    check(nng_listen(socket_, url_of(o.addr).c_str(), nullptr, 0), "nng_listen");
    apply_congestion_control(o, false);
  }

  /// Returns when the connection is there.
  void dial(const Options& o) { check(nng_dial(socket_, url_of(o.addr).c_str(), nullptr, 0), "nng_dial"); }

  /// Returns at once; `dialling` is released when the connection is there.
  void dial_and_release(const Options& o, Dialling& dialling) {
    const auto release = [](nng_pipe, nng_pipe_ev, void* them) { static_cast<Dialling*>(them)->release(); };
    check(nng_pipe_notify(socket_, NNG_PIPE_EV_ADD_POST, release, &dialling), "nng_pipe_notify");
    check(nng_dial(socket_, url_of(o.addr).c_str(), nullptr, NNG_FLAG_NONBLOCK), "nng_dial");
  }

  /// For runs over one connection, where it pays to wait until --cc could be applied to it.
  void dial_one(const Options& o) {
    dial(o);
    apply_congestion_control(o, true);
  }

  /// A message of its own, which spares the body the copy that nng_send() makes.
  void send(const void* bytes, std::size_t size) {
    Message message(size);
    std::memcpy(message.data(), bytes, size);
    send(message);
  }

  void send(Message& message) {
    check(nng_sendmsg(socket_, message.get(), 0), "nng_sendmsg");
    message.release();
  }

  void receive(Message& message) {
    nng_msg* received = nullptr;
    check(nng_recvmsg(socket_, &received, 0), "nng_recvmsg");
    message.replace(received);
  }

 private:
  static std::string url_of(const Address& address) {
    return address.scheme == Address::Scheme::unix_path ? "ipc://" + address.path : address.text;
  }

  /// nng queues nothing unless it is told to, and is slower then; libzmq's default is 1000 messages. A protocol without
  /// a queue of that direction does not know the option.
  void set_queue(const char* option, const Options& o) {
    const int result = nng_socket_set_int(socket_, option, o.hwm > 0 ? static_cast<int>(o.hwm) : 1000);
    if (result != NNG_ENOTSUP) check(result, option);
  }

  nng_socket socket_ = NNG_SOCKET_INITIALIZER;
  bool is_open_ = false;
};

}  // namespace bench::nng
