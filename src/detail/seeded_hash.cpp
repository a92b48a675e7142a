#include <parley/detail/seeded_hash.hpp>

#include <unistd.h>

namespace parley::detail {

HashSecrets draw_hash_secrets() noexcept {
  HashSecrets drawn;
  // A sandbox may refuse. Then it is where things lie in memory that a stranger does not know.
  if (::getentropy(&drawn, sizeof drawn) != 0) {
    drawn.first = reinterpret_cast<std::uintptr_t>(&drawn) * 0x9e3779b97f4a7c15;
    drawn.second = reinterpret_cast<std::uintptr_t>(&draw_hash_secrets) * 0xbf58476d1ce4e5b9;
  }
  return drawn;
}

}  // namespace parley::detail
