#include "transport/wake_pacing.hpp"

#include "policy/wake_pace.hpp"
#include "transport/operation_memory.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace parley::transport {

using boost::system::error_code;
using policy::WakePace;

/// Its ticks may come in any thread.
class WakePacing::Gathering : public std::enable_shared_from_this<Gathering> {
 public:
  Gathering(const boost::asio::any_io_executor& executor, int descriptor)
      : timer_{executor}, memory_{std::make_shared<OperationMemory>()}, descriptor_{descriptor} {
    // Whoever has set a mark keeps it.
    int mark = 0;
    socklen_t length = sizeof mark;
    if (::getsockopt(descriptor_, SOL_SOCKET, SO_RCVLOWAT, &mark, &length) != 0 || mark != 1) descriptor_ = -1;
  }

  void has_read(std::size_t size) noexcept {
    read_size_.store(read_size_.load(std::memory_order_relaxed) + size, std::memory_order_relaxed);
  }

  void on_wait(bool has_written) {
    const std::lock_guard lock{mutex_};
    if (descriptor_ < 0) return;
    const bool gathered = pace_.gathers();
    pace_.on_wait(read_size_.load(std::memory_order_relaxed), has_written, Clock::now());
    set_low_mark();
    if (!gathered && pace_.gathers()) look_again_later();
  }

  void end() noexcept {
    const std::lock_guard lock{mutex_};
    descriptor_ = -1;
    timer_.cancel();
  }

 private:
  // With the mutex held.
  void set_low_mark() noexcept {
    const int mark = static_cast<int>(pace_.low_mark());
    if (mark != mark_ && ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark) == 0) mark_ = mark;
  }

  void look_again_later() {
    timer_.expires_after(WakePace::tick);
    timer_.async_wait(boost::asio::bind_allocator(OperationAllocator<void*>{memory_},
                                                  [self = shared_from_this()](error_code ec) { self->on_tick(ec); }));
  }

  void on_tick(error_code ec) {
    const std::lock_guard lock{mutex_};
    if (ec || descriptor_ < 0) return;
    pace_.on_tick(read_size_.load(std::memory_order_relaxed), Clock::now());
    set_low_mark();
    if (pace_.gathers()) look_again_later();
  }

  std::atomic<std::uint64_t> read_size_ = 0;
  std::mutex mutex_;
  boost::asio::steady_timer timer_;
  const std::shared_ptr<OperationMemory> memory_;
  int descriptor_;  // -1: to be left alone, or closed
  int mark_ = 1;
  WakePace pace_;
};

void WakePacing::has_read(std::size_t size) noexcept {
  if (gathering_) {
    gathering_->has_read(size);
  } else {
    read_size_ += size;
  }
}

void WakePacing::before_waiting(const boost::asio::any_io_executor& executor, int descriptor, bool has_written) {
  constexpr std::size_t good_deal = 1024 * 1024;
  if (gathering_) {
    gathering_->on_wait(has_written);
  } else if (has_written) {
    read_size_ = 0;
  } else if (read_size_ >= good_deal) {
    gathering_ = std::make_shared<Gathering>(executor, descriptor);
  }
}

void WakePacing::end() noexcept {
  if (gathering_) gathering_->end();
}

}  // namespace parley::transport
