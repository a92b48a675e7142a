#pragma once

namespace parley::detail {

/// Something that differs between any two threads that live, without a call.
inline const void* this_thread() noexcept {
#if defined(__has_builtin)
#if __has_builtin(__builtin_thread_pointer)
#define PARLEY_HAS_THREAD_POINTER 1
#endif
#endif
#ifdef PARLEY_HAS_THREAD_POINTER
#undef PARLEY_HAS_THREAD_POINTER
  return __builtin_thread_pointer();
#else
  thread_local const char here = 0;
  return &here;
#endif
}

}  // namespace parley::detail
