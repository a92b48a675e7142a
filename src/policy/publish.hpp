// Publishing: a message is encoded once, and the same bytes are queued for every peer.
#pragma once

#include "policy/peer.hpp"
#include "detail/chunk.hpp"

#include <parley/message.hpp>
#include <parley/wire/dialect.hpp>

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

namespace parley::policy {

/// A message as it goes to every peer that speaks one dialect; used while it is being published.
class Encoded {
 public:
  /// Gives up its place in the block: the next message is written there.
  Encoded(detail::ChunkRef& block, std::size_t& used, const wire::AnyDialect& dialect, const Message& message);

  void queue_for(Peer& peer) const { peer.out.append_shared(*block_, bytes_, body_); }

 private:
  detail::Chunk* block_;
  std::span<const std::byte> bytes_;
  Message body_;  // where it is too large to be copied
};

/// The block that messages are encoded in: those behind one another reach a peer in one piece.
class Publisher {
 public:
  [[nodiscard]] Encoded encode(const wire::AnyDialect& dialect, const Message& message) {
    return Encoded{block_, used_, dialect, message};
  }

 private:
  detail::ChunkRef block_;
  std::size_t used_ = 0;
};

inline Encoded::Encoded(detail::ChunkRef& block, std::size_t& used, const wire::AnyDialect& dialect,
                        const Message& message) {
  constexpr std::size_t block_size = 64 * 1024;
  const bool is_copied = message.size() <= detail::OutQueue::copied_size_max;
  const std::size_t size_max = wire::AnyDialect::header_size_max + (is_copied ? message.size() : 0);
  if (!block || used + size_max > block->capacity()) {
    block = detail::ChunkRef{detail::Chunk::take(block_size)};
    used = 0;
  }
  std::byte* const at = block->data() + used;
  std::size_t size = dialect.put_header(at, wire::PeerFrameKind::data, message.size());
  if (is_copied) {
    std::memcpy(at + size, message.data(), message.size());
    size += message.size();
  } else {
    body_ = message;
  }
  used += size;
  block_ = &*block;
  bytes_ = {at, size};
}

}  // namespace parley::policy
