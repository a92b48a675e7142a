// InChain: says, for this thread, that a filter of a peer, or a hook of what is sent to it, is being called, with the
// mutex of the peer's chain held. One that sends, to whichever peer, would wait for that mutex or for another's.
#pragma once

#include <mutex>
#include <stdexcept>

namespace parley::app::detail {

class InChain {
 public:
  /// Throws std::logic_error where the thread is in a chain already.
  explicit InChain(std::mutex& mutex) : lock_{lock(mutex)} { is_in() = true; }
  InChain(const InChain&) = delete;
  InChain& operator=(const InChain&) = delete;
  ~InChain() { is_in() = false; }

 private:
  static bool& is_in() {
    static thread_local bool in = false;
    return in;
  }
  static std::unique_lock<std::mutex> lock(std::mutex& mutex) {
    if (is_in()) throw std::logic_error("a filter, or a hook of messages that are sent, must not send any itself");
    return std::unique_lock{mutex};
  }
  std::unique_lock<std::mutex> lock_;
};

}  // namespace parley::app::detail
