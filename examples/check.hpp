// The examples are also tests: each checks what it claims, and a claim that does not hold ends the program.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

inline void check(bool holds, const char* claim) {
  if (!holds) throw std::logic_error{std::string{"this should hold, and does not: "} + claim};
}

/// For co_spawn: an exception that leaves the coroutine leaves io_context::run, and so main, too.
inline void rethrow(const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
}
