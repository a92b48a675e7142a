// What stands behind an Acceptor, whatever its streams are made of.
#pragma once

#include <parley/transport/acceptor.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>

namespace parley::transport::detail {

/// The members of Acceptor; any thread.
class AcceptorState {
 public:
  AcceptorState() = default;
  AcceptorState(const AcceptorState&) = delete;
  AcceptorState& operator=(const AcceptorState&) = delete;
  virtual ~AcceptorState() = default;

  virtual void accept(boost::asio::any_io_executor stream_executor, AcceptHandler handler) = 0;
  virtual Stream try_accept() { return {}; }
  virtual void deal(std::function<boost::asio::any_io_executor()> /*choose*/) {}
  virtual void on_trouble(Acceptor::TroubleHandler handler) = 0;
  virtual void on_refused(Acceptor::RefusedHandler handler) = 0;
  virtual void close() noexcept = 0;

  [[nodiscard]] virtual const boost::asio::any_io_executor& executor() const noexcept = 0;
  [[nodiscard]] virtual const Endpoint& local_endpoint() const noexcept = 0;
};

}  // namespace parley::transport::detail
