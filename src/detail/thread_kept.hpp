// ThreadKept: memory that a thread keeps for what it makes over and over, and lets go when it ends.
//
// Others may still be destroyed after that, with what the program or the thread holds to its very end, and give memory
// back or want some: so what remembers it is never destroyed itself. (A mark that a destructor leaves in its own object
// does not last: compilers drop such stores.)
#pragma once

namespace parley::detail {

// Under the address sanitizer what is used after it was freed should show.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool reuses_memory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool reuses_memory = false;
#else
inline constexpr bool reuses_memory = true;
#endif
#else
inline constexpr bool reuses_memory = true;
#endif

/// `T` can be made at compile time, has no destructor, and has `end()`: lets go of everything, and keeps nothing more.
template <class T>
class ThreadKept {
 public:
  static T& of_this_thread() noexcept {
    static thread_local constinit T kept;
    static thread_local const End end{kept};
    return kept;
  }

 private:
  struct End {
    explicit End(T& of_) noexcept : of{of_} {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() { of.end(); }
    T& of;
  };
};

}  // namespace parley::detail
