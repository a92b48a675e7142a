// blocking::Listener: accepts connections for programs without an event loop.
//
//   parley::blocking::Listener listener{"tcp://127.0.0.1:0"};
//   for (;;) std::thread{serve, listener.accept()}.detach();
#pragma once

#include <parley/blocking/connection.hpp>
#include <parley/connection/listener.hpp>
#include <parley/detail/export.hpp>

#include <cstddef>
#include <memory>

namespace parley::blocking {

/// Accepted connections share the listener's event loop, which whoever waits in one of them runs for all; they may
/// outlive the listener. Forms, deadlines, threads and signals are as with blocking::Connection.
class PARLEY_EXPORT Listener {
 public:
  /// What the forms that do not throw give.
  using error_code = boost::system::error_code;

  /// Binds and listens, with parley::Listener's errors.
  explicit Listener(Endpoint endpoint, ListenerOptions options = {});
  Listener(Listener&&) noexcept = default;
  /// Closes what was there.
  Listener& operator=(Listener&&) noexcept;
  /// As close().
  ~Listener();

  /// The next connection. error::timed_out, having taken none; asio::error::operation_aborted when close() ends the
  /// wait, error::closed after it. The form with an error_code gives an empty Connection then.
  [[nodiscard]] Connection accept(Deadline deadline = {});
  [[nodiscard]] Connection accept(Deadline deadline, error_code& ec);

  /// Where it listens: with the port really bound.
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept;
  /// Accepted connections that are still open.
  [[nodiscard]] std::size_t connection_count() const noexcept;
  /// A snapshot; also after close().
  [[nodiscard]] ListenerStats stats() const;

  /// Stops listening, ends the accepts of other threads and frees the address; accepted connections go on.
  void close();

  /// As Connection::notify_fork. The listener may be closed in the child; it goes on listening in the parent.
  void notify_fork(boost::asio::execution_context::fork_event event);

 private:
  std::shared_ptr<detail::Loop> loop_;  // before what lives on it
  std::unique_ptr<parley::Listener> listener_;
};

}  // namespace parley::blocking
