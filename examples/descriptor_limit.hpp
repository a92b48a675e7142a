// For programs with thousands of connections.
#pragma once

#include <sys/resource.h>

/// As many descriptors as this process may have: by default it is allowed a thousand only.
inline void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}
