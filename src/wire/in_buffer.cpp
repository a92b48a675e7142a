#include "wire/in_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::detail {
namespace {

constexpr std::size_t smallest_block = 16 * 1024;

/// A residue up to this size may be moved for the sake of room behind it.
constexpr std::size_t cheap_move = 4 * 1024;

}  // namespace

InBuffer::InBuffer(std::size_t read_size) noexcept
    : block_size_{smallest_block}, block_size_max_{std::max(read_size, smallest_block)} {}

std::size_t InBuffer::larger(std::size_t block_size) const noexcept {
  return std::min(block_size * 4, block_size_max_);
}

std::span<std::byte> InBuffer::prepare(std::size_t frame_size) {
  make_room(frame_size);
  room_ = chunk_->capacity() - end_;
  return {chunk_->data() + end_, room_};
}

void InBuffer::make_room(std::size_t frame_size) {
  const std::size_t unread_size = end_ - begin_;
  if (frame_size > block_size_max_ / 2) {
    make_room_for_large_frame(frame_size, unread_size);
    return;
  }
  while (block_size_ < frame_size && block_size_ < block_size_max_) block_size_ = larger(block_size_);
  if (!chunk_) {
    chunk_ = ChunkRef{Chunk::take(block_size_)};
    begin_ = end_ = 0;
    return;
  }
  if (chunk_->capacity() == block_size_ && unread_size <= cheap_move && chunk_->is_unique()) {
    std::memmove(chunk_->data(), chunk_->data() + begin_, unread_size);
    begin_ = 0;
    end_ = unread_size;
    return;
  }
  // A block of whatever size is read into while it has fair room: bytes that dribble in must not be moved each time.
  const std::size_t free_size = chunk_->capacity() - end_;
  if (begin_ + frame_size <= chunk_->capacity() && free_size > 0 && free_size >= chunk_->capacity() / 4) return;
  move_to(ChunkRef{Chunk::take(std::max(block_size_, unread_size * 2))});
}

void InBuffer::make_room_for_large_frame(std::size_t frame_size, std::size_t unread_size) {
  if (chunk_ && begin_ + frame_size <= chunk_->capacity() && end_ < chunk_->capacity()) return;
  // Where frame_size only says "more than there is", growing by half keeps the copying linear.
  move_to(ChunkRef{Chunk::take(std::max(frame_size, unread_size + unread_size / 2))});
  // Another large frame is likely to follow; a small read will find its header and leave little to be moved.
  block_size_ = smallest_block;
}

void InBuffer::commit(std::size_t size) {
  end_ += size;
  // The size of reads follows the traffic: a read that filled its room asks for more next time.
  if (size == room_ && chunk_->capacity() == block_size_) {
    block_size_ = larger(block_size_);
  } else if (size < block_size_ / 16 && block_size_ > smallest_block) {
    block_size_ = std::max(block_size_ / 4, smallest_block);
  }
}

void InBuffer::move_to(ChunkRef chunk) noexcept {
  const std::size_t unread_size = end_ - begin_;
  if (unread_size > 0) std::memcpy(chunk->data(), chunk_->data() + begin_, unread_size);
  chunk_ = std::move(chunk);
  begin_ = 0;
  end_ = unread_size;
}

void InBuffer::park() {
  if (!chunk_) return;
  const std::size_t unread_size = end_ - begin_;
  if (unread_size == 0) {
    clear();
  } else if (unread_size <= cheap_move / 2 && chunk_->capacity() >= smallest_block) {
    move_to(ChunkRef{Chunk::take(unread_size)});
  }
}

void InBuffer::clear() noexcept {
  chunk_.reset();
  begin_ = end_ = 0;
}

}  // namespace parley::detail
