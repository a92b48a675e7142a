// What the library keeps once for each execution context: the heap of deadlines, and the list of objects whose waits
// must be dropped when the context goes (a coroutine waiting on an object that it owns would otherwise keep itself
// alive).
#pragma once

#include "detail/this_thread.hpp"

#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace parley::detail {

/// An object with waits. Always held by std::shared_ptr.
class ContextMember : public std::enable_shared_from_this<ContextMember> {
 public:
  virtual ~ContextMember() = default;
  /// The deadline scheduled with `token` has passed; any thread of the context.
  virtual void on_deadline(std::uint64_t token) = 0;
  /// Drop every handler without calling it, and touch the context no more.
  virtual void on_context_shutdown() noexcept = 0;

 private:
  friend class ContextService;
  ContextMember* previous_ = nullptr;
  ContextMember* next_ = nullptr;
};

/// Names a scheduled deadline; value-initialised: none.
struct DeadlineId {
  TimePoint when{};
  std::uint64_t serial = 0;
  auto operator<=>(const DeadlineId&) const = default;
  [[nodiscard]] bool is_set() const noexcept { return serial != 0; }
};

/// Something that can be asked for work instead of being waited for, while a loop runs on its poll budget.
class Pollable {
 public:
  enum class Polled : std::uint8_t {
    busy,  ///< something came
    idle,  ///< nothing did
    gone,  ///< nothing ever will
  };
  virtual Polled poll() = 0;
  /// Polling is over: wait as usual.
  virtual void stop_polling() = 0;

 protected:
  ~Pollable() = default;
};

/// Any thread.
class ContextService final : public boost::asio::execution_context::service {
 public:
  using key_type = ContextService;
  static boost::asio::execution_context::id id;

  explicit ContextService(boost::asio::execution_context& context) : service{context} {}

  static ContextService& of(const boost::asio::any_io_executor& executor);

  void enroll(ContextMember& member);
  void withdraw(ContextMember& member) noexcept;

  /// Calls member.on_deadline(token) at `when`, unless cancelled before or the member has gone.
  [[nodiscard]] DeadlineId schedule(const boost::asio::any_io_executor& executor, TimePoint when, ContextMember& member,
                                    std::uint64_t token);
  /// How many links have asked to write at the end of the turn, and not begun.
  void flush_posted() noexcept { flushes_waiting_.fetch_add(1, std::memory_order_relaxed); }
  /// Returns how many there were.
  std::size_t flush_begun() noexcept {
    (void)seems_run_by_this_thread_alone();  // so that every link's thread is noticed
    return flushes_waiting_.fetch_sub(1, std::memory_order_relaxed);
  }

  /// To be asked by what the loop calls: this thread has asked a good many times and no other ever has, so that nobody
  /// else would serve what this one is about to. (Threads that run a loop of Asio's together take turns to wait for
  /// it.)
  [[nodiscard]] bool seems_run_by_this_thread_alone() noexcept {
    const void* const me = this_thread();
    const void* runner = runner_.load(std::memory_order_relaxed);
    if (runner == nullptr) runner_.compare_exchange_strong(runner, me, std::memory_order_relaxed);
    if (runner != nullptr && runner != me) {
      runner_.store(this, std::memory_order_relaxed);  // several: no thread's from now on
      return false;
    }
    const int asked = asked_.load(std::memory_order_relaxed);
    if (asked >= asked_min) return true;
    asked_.store(asked + 1, std::memory_order_relaxed);
    return false;
  }

  /// Whether start_polling is worth a call; another thread may change it at any moment.
  [[nodiscard]] bool is_polling() const noexcept { return pollers_.load(std::memory_order_relaxed) != 0; }
  /// Polls `pollable` from now on, if the loop has a poll budget and does not poll a good many already. `held` keeps it
  /// alive.
  [[nodiscard]] bool start_polling(Pollable& pollable, std::shared_ptr<void> held);
  /// The loop begins and ends to poll; nests where several threads run it.
  void begin_polling() noexcept { pollers_.fetch_add(1); }
  void end_polling();
  /// Asks everything polled once; whether anything came. `any_polled` says whether there was anything to ask.
  [[nodiscard]] bool poll(bool& any_polled);

  /// on_deadline may already be on its way; a token that means nothing any more is to be ignored.
  void cancel(DeadlineId deadline) noexcept;

 private:
  struct Entry {
    std::weak_ptr<ContextMember> member;
    std::uint64_t token;
  };

  struct PolledEntry {
    Pollable* pollable = nullptr;
    std::shared_ptr<void> held;
  };

  void unlink(ContextMember& member) noexcept;
  void shutdown() override;
  void arm(const boost::asio::any_io_executor& executor);
  void expire();

  std::mutex mutex_;
  bool shut_down_ = false;
  ContextMember* members_ = nullptr;  // the first of a list
  std::map<DeadlineId, Entry> deadlines_;
  std::atomic<std::size_t> flushes_waiting_{0};
  std::atomic<int> pollers_{0};
  static constexpr int asked_min = 64;
  std::atomic<const void*> runner_{nullptr};  // the one thread that has asked; this: there were several
  std::atomic<int> asked_{0};
  std::vector<PolledEntry> polled_;
  std::uint64_t last_serial_ = 0;
  std::optional<boost::asio::steady_timer> timer_;
  TimePoint armed_for_ = TimePoint::max();
};

}  // namespace parley::detail
