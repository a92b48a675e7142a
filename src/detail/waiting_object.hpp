// WaitingObject: what every object with waiting operations shares: a mutex and an executor, and starting, completing
// and interrupting waits by deadline, cancellation slot or shutdown of the context.
//
// Everything named *_locked, and every template here, runs with the mutex held. Completion handlers are posted, never
// run under it.
#pragma once

#include "detail/biased_mutex.hpp"
#include "detail/context_service.hpp"
#include "detail/ring.hpp"
#include "detail/waiter.hpp"

#include <parley/detail/post_completion.hpp>
#include <parley/error.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/error.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace parley::detail {

class WaitingObject : public ContextMember {
 public:
  using Lock = std::unique_lock<BiasedMutex>;

  /// `mutex` outlives the object.
  WaitingObject(boost::asio::any_io_executor executor, BiasedMutex& mutex)
      : executor_{std::move(executor)}, context_{&ContextService::of(executor_)}, mutex_{mutex} {
    context_->enroll(*this);
  }
  ~WaitingObject() override {
    if (context_ != nullptr) context_->withdraw(*this);
  }

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }

 protected:
  /// The wait `id`, if it is still one, is to end with `ec`.
  virtual void interrupt_locked(std::uint64_t id, boost::system::error_code ec) = 0;

  /// Identifies a wait; small numbers are left for deadlines that are not a wait's.
  [[nodiscard]] std::uint64_t next_id() noexcept { return ++last_id_; }
  static constexpr std::uint64_t reserved_id_max = 15;

  template <class W>
  void start_waiting(W& waiter, Deadline deadline) {
    const std::uint64_t id = waiter.id;
    if (auto slot = boost::asio::get_associated_cancellation_slot(waiter.handler); slot.is_connected()) {
      slot.assign([weak = weak_from_this(), id](boost::asio::cancellation_type type) {
        if (type == boost::asio::cancellation_type::none) return;
        if (const auto member = weak.lock()) static_cast<WaitingObject&>(*member).cancel(id);
      });
    }
    if (deadline.is_never()) return;
    waiter.since = Clock::now();
    waiter.deadline = context_->schedule(executor_, deadline.when(), *this, id);
  }

  /// Of a wait that is over.
  template <class W>
  void drop_deadline(const W& waiter) {
    if (waiter.deadline.is_set() && context_ != nullptr) context_->cancel(waiter.deadline);
  }

  template <class W, class... Results>
  void complete(W waiter, boost::system::error_code ec, Results... results) {
    drop_deadline(waiter);
    post_completion(std::move(waiter.handler), executor_, ec, std::move(results)...);
  }

  /// Ends the wait `id` with `ec` and empty results; says how long it was allowed to take, or nothing when it is not in
  /// `waiters`.
  template <class W>
  std::optional<Duration> fail_waiter(Ring<W>& waiters, std::uint64_t id, boost::system::error_code ec) {
    for (std::size_t i = 0; i < waiters.size(); ++i) {
      if (waiters[i].id != id) continue;
      const Duration allowed = waiters[i].time_allowed();
      fail(waiters.take(i), ec);
      return allowed;
    }
    return std::nullopt;
  }

  template <class W>
  void fail_all(Ring<W>& waiters, boost::system::error_code ec) {
    while (!waiters.empty()) fail(waiters.take_front(), ec);
  }

  [[nodiscard]] BiasedMutex& mutex() const noexcept { return mutex_; }

  /// Null when the context has gone.
  [[nodiscard]] ContextService* context() const noexcept { return context_; }
  void forget_context() noexcept { context_ = nullptr; }

 private:
  template <class W>
  void fail(W waiter, boost::system::error_code ec) {
    using Empty = typename W::EmptyResults;
    std::apply([&](auto... empty) { complete(std::move(waiter), ec, std::move(empty)...); }, Empty{});
  }

  void cancel(std::uint64_t id) {
    const Lock lock{mutex_};
    interrupt_locked(id, boost::asio::error::operation_aborted);
  }

  const boost::asio::any_io_executor executor_;
  ContextService* context_;
  BiasedMutex& mutex_;
  std::uint64_t last_id_ = reserved_id_max;
};

}  // namespace parley::detail
