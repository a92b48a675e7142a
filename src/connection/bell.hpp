// Bell: by which one end of an in-process connection asks the other to look at what they share, from the other's own
// event loop. A ring that has not been answered yet stands for all that follow.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/require.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace parley::detail {

/// What a bell belongs to.
class BellOwner {
 public:
  /// From the event loop, once for any number of rings. Calls answer() before it looks.
  virtual void on_bell() = 0;

 protected:
  ~BellOwner() = default;
};

/// Any thread. Its mutex is taken last, and nothing runs under it but the post.
class Bell {
 public:
  void hang(const boost::asio::any_io_executor& executor, std::weak_ptr<BellOwner> owner) {
    const std::lock_guard lock{mutex_};
    executor_ = boost::asio::require(executor, boost::asio::execution::blocking.never);
    owner_ = std::move(owner);
  }
  void ring() {
    const std::lock_guard lock{mutex_};
    if (is_ringing_ || !executor_) return;
    is_ringing_ = true;
    executor_.execute([weak = owner_] {
      if (const std::shared_ptr<BellOwner> owner = weak.lock()) owner->on_bell();
    });
  }
  /// What happens from now on rings again.
  void answer() {
    const std::lock_guard lock{mutex_};
    is_ringing_ = false;
  }
  /// Nobody is asked any more: when this returns, the execution context may go.
  void take_down() noexcept {
    const std::lock_guard lock{mutex_};
    executor_ = {};
    owner_.reset();
  }

 private:
  std::mutex mutex_;
  bool is_ringing_ = false;
  boost::asio::any_io_executor executor_;  // posts; empty when there is nobody to ask
  std::weak_ptr<BellOwner> owner_;
};

}  // namespace parley::detail
