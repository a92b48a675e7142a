// InBuffer: bytes received and not yet taken, in memory that messages can be sliced from.
//
//   prepare()          room to read into, in a fresh block where the old one is full or still referenced
//   commit(n)          n bytes were read there
//   unread()           everything received and not consumed, contiguous
//   consume(n)         a frame was taken
//   park()             nothing is coming: keep no more memory than unread() needs
//
// Between prepare and commit the room belongs to the reader, who may fill it outside the lock that guards this object;
// unread, consume and slice stay allowed meanwhile.
// Invariant: begin <= end <= capacity of the block.
#pragma once

#include "detail/chunk.hpp"

#include <parley/message.hpp>

#include <cstddef>
#include <span>

namespace parley::detail {

class InBuffer {
 public:
  /// `read_size`: the most bytes one read asks for, unless a single frame needs more; at least 16 KiB.
  explicit InBuffer(std::size_t read_size) noexcept;

  /// Room for the next read. `frame_size` is the whole size of the frame that unread() begins with, where it is known
  /// and was checked against its limit, else 0: a frame too large for a common block gets a block of its own.
  [[nodiscard]] std::span<std::byte> prepare(std::size_t frame_size);
  void commit(std::size_t size);

  [[nodiscard]] std::span<const std::byte> unread() const noexcept {
    return begin_ == end_ ? std::span<const std::byte>{}
                          : std::span<const std::byte>{chunk_->data() + begin_, end_ - begin_};
  }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  void consume(std::size_t size) noexcept { begin_ += size; }

  /// Makes `message` of unread()[begin, begin + size), sharing the block where it is not small.
  void slice(std::size_t begin, std::size_t size, Message& message) const noexcept {
    const std::size_t from = begin_ + begin;
    if (size <= Message::inline_size_max && from + Message::inline_size_max <= end_) [[likely]] {
      message.assign_inline(chunk_->data() + from, size);
    } else {
      message = size == 0 ? Message{} : Message::slice_of(*chunk_, {chunk_->data() + from, size});
    }
  }

  void park();
  void clear() noexcept;

 private:
  void move_to(ChunkRef chunk) noexcept;
  void make_room(std::size_t frame_size);
  void make_room_for_large_frame(std::size_t frame_size, std::size_t unread_size);
  [[nodiscard]] std::size_t larger(std::size_t block_size) const noexcept;

  ChunkRef chunk_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t room_ = 0;  // what the last prepare() offered
  std::size_t block_size_;
  const std::size_t block_size_max_;
};

}  // namespace parley::detail
