// An accept that waits, whatever it waits for.
#pragma once

#include <parley/transport/acceptor.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace parley::transport::detail {

struct PendingAccept {
  PendingAccept(std::uint64_t id_, boost::asio::any_io_executor executor_, AcceptHandler handler_)
      : id{id_},
        executor{std::move(executor_)},
        handler{std::move(handler_)},
        work{boost::asio::get_associated_executor(handler, executor)} {}

  /// Cancelling it calls `cancel(id)` on the owner, if that still lives.
  template <class Owner>
  void watch_cancellation(std::weak_ptr<Owner> owner) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (!slot.is_connected()) return;
    // Left in the slot when the operation ends, and then harmless: nobody else may touch the slot from another thread.
    slot.assign([weak = std::move(owner), accept = id](boost::asio::cancellation_type) {
      if (const auto self = weak.lock()) self->cancel(accept);
    });
  }

  std::uint64_t id;
  boost::asio::any_io_executor executor;  // the stream's
  AcceptHandler handler;
  boost::asio::executor_work_guard<boost::asio::any_completion_executor> work;
};

}  // namespace parley::transport::detail
