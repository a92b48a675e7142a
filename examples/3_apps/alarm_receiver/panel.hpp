// What the receiver keeps for a panel, as long as it is connected.
#pragma once

#include <parley/time.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

struct PanelView {
  unsigned account = 0;  ///< 0: it has not said
  std::string_view last_event = "-";
  std::uint64_t events = 0;
  std::uint64_t garbage = 0;
};

/// The handlers of a panel, of which one runs at a time, change it; the status page looks at it meanwhile, from another
/// thread.
class Panel {
 public:
  [[nodiscard]] PanelView view() const {
    const std::lock_guard lock{mutex_};
    return view_;
  }

  void set_account(unsigned account) {
    const std::lock_guard lock{mutex_};
    view_.account = account;
  }

  void add_event(std::string_view name) {
    const std::lock_guard lock{mutex_};
    view_.last_event = name;
    ++view_.events;
  }

  void add_garbage() {
    const std::lock_guard lock{mutex_};
    ++view_.garbage;
  }

  /// For handlers alone: of messages that have come within a second, this one included.
  unsigned count_message(parley::TimePoint now) {
    if (now - second_began_ >= std::chrono::seconds{1}) {
      second_began_ = now;
      in_this_second_ = 0;
    }
    return ++in_this_second_;
  }

 private:
  mutable std::mutex mutex_;
  PanelView view_;
  parley::TimePoint second_began_{};
  unsigned in_this_second_ = 0;
};
