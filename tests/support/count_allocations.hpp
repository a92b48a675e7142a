// How often this process has asked for memory. Counted where the C library hands it out, so that nothing escapes:
// operator new, Asio's own aligned blocks, everything. Under a sanitizer, which has its own allocator, nothing is
// counted.
#pragma once

#include <cstdint>

namespace parley::support {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool allocations_are_counted = false;
#else
inline constexpr bool allocations_are_counted = true;
#endif

/// Calls of malloc and its kin by all threads up to now.
[[nodiscard]] std::uint64_t allocation_count() noexcept;

}  // namespace parley::support
