#include "blocking/loop.hpp"

#include <algorithm>

namespace parley::blocking::detail {

namespace asio = boost::asio;

void Loop::finish(Waited& operation) {
  const Lock lock{mutex_};
  operation.is_done = true;
  if (std::erase(followers_, &operation) > 0) operation.changed.notify_one();
  // With the lock released `operation` may be gone.
}

void Loop::run_until(Waited& operation) {
  Lock lock{mutex_};
  if (is_led_ && !operation.is_done) follow(lock, operation);
  if (!operation.is_done) lead(lock, operation);
}

/// Returns when the operation is done, or nobody leads.
void Loop::follow(Lock& lock, Waited& operation) {
  followers_.push_back(&operation);
  operation.changed.wait(lock, [&] { return operation.is_done || !is_led_; });
  if (!operation.is_done) std::erase(followers_, &operation);
}

void Loop::lead(Lock& lock, Waited& operation) {
  is_led_ = true;
  while (!operation.is_done) {
    lock.unlock();
    try {
      context_.run_one();
    } catch (...) {
      operation.thrown = std::current_exception();
      operation.cancel.emit(asio::cancellation_type::terminal);
    }
    lock.lock();
  }
  hand_over();
}

void Loop::hand_over() {
  is_led_ = false;
  if (!followers_.empty()) followers_.front()->changed.notify_one();
}

void Loop::poll() {
  Lock lock{mutex_};
  if (is_led_) return;
  is_led_ = true;
  lock.unlock();
  std::exception_ptr thrown;
  try {
    context_.poll();
  } catch (...) {
    thrown = std::current_exception();
  }
  lock.lock();
  hand_over();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace parley::blocking::detail
