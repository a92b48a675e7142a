#include "blocking/private_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

namespace parley::blocking::detail {

namespace {

/// While it lives, threads that are made take no signals from outside.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    // What a thread brings upon itself. Blocked, these would end the program without its handlers for crashes.
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) sigdelset(&all, own);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

thread_local const PrivateThread* running_here = nullptr;

}  // namespace

PrivateThread::PrivateThread(const char* name) : name_{name} { start(); }

PrivateThread::~PrivateThread() {
  if (is_running()) stop();
}

bool PrivateThread::is_running() const noexcept { return thread_.joinable() && process_ == getpid(); }
bool PrivateThread::is_calling() const noexcept { return running_here == this; }

void PrivateThread::start() {
  const SignalsBlocked blocked;
  process_ = getpid();
  thread_ = std::thread{[this]() noexcept {
    running_here = this;
    context_.run();
  }};
  pthread_setname_np(thread_.native_handle(), name_);
}

void PrivateThread::stop() {
  context_.stop();
  thread_.join();
}

void PrivateThread::notify_fork(boost::asio::execution_context::fork_event event) {
  if (event == boost::asio::execution_context::fork_prepare) {
    stop();
    context_.notify_fork(event);
  } else {
    context_.notify_fork(event);
    context_.restart();
    start();
  }
}

void run_detached(std::function<void()> task) {
  const SignalsBlocked blocked;
  std::thread{std::move(task)}.detach();
}

void PrivateThread::Wait::finish() {
  // Notified with the lock held: with it released, this object may be gone.
  const std::lock_guard lock{mutex_};
  is_finished_ = true;
  finished_.notify_one();
}

void PrivateThread::Wait::wait() {
  std::unique_lock lock{mutex_};
  finished_.wait(lock, [this] { return is_finished_; });
}

}  // namespace parley::blocking::detail
