// Lets the process have no descriptor more than it has now, until the object goes.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace parley::support {

class DescriptorLimit {
 public:
  DescriptorLimit() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The limit is on numbers, so every free number below the first one that is free above all is taken.
    const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    taken_.push_back(probe);
    rlimit lowered = before_;
    lowered.rlim_cur = highest_used() + 1;
    ::setrlimit(RLIMIT_NOFILE, &lowered);
    for (int each; (each = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(each);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() {
    for (const int each : taken_) ::close(each);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

  /// Gives one descriptor back, for a connection say.
  void free_one() {
    ::close(taken_.back());
    taken_.pop_back();
  }

 private:
  [[nodiscard]] rlim_t highest_used() const {
    rlim_t highest = 0;
    for (rlim_t each = 0; each < 4096 && each < before_.rlim_cur; ++each) {
      if (::fcntl(static_cast<int>(each), F_GETFD) >= 0) highest = each;
    }
    return highest;
  }

  rlimit before_{};
  std::vector<int> taken_;
};

}  // namespace parley::support
