#pragma once

#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>

namespace bench {

/// Kills this process (SIGALRM) when a run hangs.
inline void limit_run_time(unsigned seconds = 120) noexcept { ::alarm(seconds); }

/// Has glibc keep what is freed, for the next to be allocated. By default it returns the top of its heap to the system
/// whenever 128 KiB are free there, so that who makes and frees large bodies takes a page fault for each page or does
/// not, by what happens to lie behind them.
inline void keep_freed_memory() noexcept {
  constexpr int keep_max = 32 * 1024 * 1024;
  ::mallopt(M_TRIM_THRESHOLD, keep_max);
  ::mallopt(M_MMAP_THRESHOLD, keep_max);  // which grows by itself only as long as neither is set
}

/// Pins the calling thread, and every thread it starts from now on.
inline void pin_to_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot pin to CPU " + std::to_string(cpu));
}

/// As many open files as the hard limit allows: conns needs one or two for each peer.
inline void raise_open_file_limit() noexcept {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Bytes of memory that are resident now.
inline std::size_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0, resident = 0;
  const int fields = file ? std::fscanf(file, "%lu %lu", &total, &resident) : 0;
  if (file) std::fclose(file);
  if (fields != 2) throw std::runtime_error("cannot read /proc/self/statm");
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Memory grown since construction, for each of `peers` connections.
class MemoryPerPeer {
 public:
  double bytes_each(std::size_t peers) const {
    const auto grown = static_cast<double>(resident_bytes()) - static_cast<double>(before_);
    return peers == 0 ? 0.0 : grown / static_cast<double>(peers);
  }

 private:
  std::size_t before_ = resident_bytes();
};

}  // namespace bench
