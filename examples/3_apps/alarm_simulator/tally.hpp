// What has come of it.
#pragma once

#include "../alarm_receiver/journal.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

/// Everything on one event loop, so nothing here is guarded.
class Tally {
 public:
  /// Of well-behaved panels.
  void sent() { ++sent_count_; }
  void acknowledged(std::chrono::duration<double, std::milli> after) { times_.push_back(after.count()); }
  void failed(unsigned account, const std::string& why) {
    failures_.push_back("account " + std::to_string(account) + ": " + why);
  }
  /// A misdeed was done.
  void injected(Misbehaviour what, unsigned account) { misdeeds_.push_back({what, account}); }

  /// Whether every message was acknowledged, and the receiver did with misbehaving panels what it should.
  [[nodiscard]] bool is_good() const { return failures_.empty() && times_.size() == sent_count_; }

  void print(std::ostream& out) {
    std::sort(times_.begin(), times_.end());
    const auto late = times_.end() - std::upper_bound(times_.begin(), times_.end(), 1000.0);
    out << sent_count_ << " messages, " << times_.size() << " acknowledgements, " << late << " after more than 1 s\n"
        << "acknowledged within " << time_at(0.5) << " ms (half), " << time_at(0.99) << " ms (99 %), " << time_at(1)
        << " ms (all)\n";
    for (const auto& [what, account] : misdeeds_) {
      out << "misbehaviour " << to_string(what) << " account " << account << '\n';
    }
    for (const std::string& each : failures_) out << "failed: " << each << '\n';
  }

 private:
  struct Misdeed {
    Misbehaviour what;
    unsigned account;
  };

  [[nodiscard]] double time_at(double share) const {
    if (times_.empty()) return 0;
    return times_[static_cast<std::size_t>(share * static_cast<double>(times_.size() - 1))];
  }

  std::size_t sent_count_ = 0;
  std::vector<double> times_;  // ms
  std::vector<Misdeed> misdeeds_;
  std::vector<std::string> failures_;
};
