// Ends a run of a command from outside, also one that has not begun yet.
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace parley::tool {

class KillSwitch {
 public:
  /// `why` completes "the command …". Only the first reason counts.
  void flip(std::string why) {
    if (is_flipped()) return;
    why_ = std::move(why);
    if (kill_) kill_(why_);
  }

  [[nodiscard]] bool is_flipped() const noexcept { return !why_.empty(); }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }

  /// For the run, when it begins.
  void connect(std::function<void(const std::string&)> kill) { kill_ = std::move(kill); }

 private:
  std::function<void(const std::string&)> kill_;
  std::string why_;
};

}  // namespace parley::tool
