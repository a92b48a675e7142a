// LinkId: one stream to a peer, as a socket's core and its driver call it.
#pragma once

#include <compare>
#include <cstdint>

namespace parley::policy {

/// Never used again for another link, though its slot is.
struct LinkId {
  std::uint32_t slot = 0xffffffff;
  std::uint32_t serial = 0;

  [[nodiscard]] bool is_set() const noexcept { return slot != 0xffffffff; }
  auto operator<=>(const LinkId&) const = default;
};

}  // namespace parley::policy
