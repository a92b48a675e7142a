#include "wire/out_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::detail {
namespace {

// A connection that sends little takes a small block; one that fills it, large ones.
constexpr std::size_t small_block = 16 * 1024;
constexpr std::size_t large_block = 64 * 1024;

// Larger rings than these are given back when the queue rests.
constexpr std::size_t kept_segments = 16;
constexpr std::size_t kept_ends = 64;

}  // namespace

void OutQueue::append(const wire::Envelope& envelope, Message body) {
  copy(envelope.header);
  if (body.size() <= copied_size_max) {
    copy(body.bytes());
  } else {
    reference(std::move(body));
  }
  fill(envelope.pad_size, envelope.pad);
  copy(envelope.trailer);
  end_message();
}

std::size_t OutQueue::consume(std::size_t size) {
  gone_size_ += size;
  while (size > 0) {
    Segment& front = segments_.front();
    const std::size_t part = std::min(size, front.size);
    front.data += part;
    front.size -= part;
    size -= part;
    if (front.size == 0) segments_.pop_front();
  }
  if (segments_.empty()) {
    extends_back_ = false;
    block_.reset();
    next_capacity_ = block_used_ > small_block / 2 ? large_block : small_block;
  }
  std::size_t gone = 0;
  for (; !ends_.empty() && ends_.front() <= gone_size_; ++gone) ends_.pop_front();
  gone_count_ += gone;
  return gone;
}

void OutQueue::clear() {
  segments_.clear();
  ends_.clear();
  block_.reset();
  extends_back_ = false;
  gone_size_ = appended_size_;
}

void OutQueue::release_memory() {
  segments_.shrink(kept_segments);
  if (gone_count_ < ends_.capacity() / 8) ends_.shrink(kept_ends);
  gone_count_ = 0;
}

void OutQueue::start_block() {
  block_ = ChunkRef{Chunk::take(next_capacity_ == 0 ? small_block : next_capacity_)};
  next_capacity_ = large_block;
  block_used_ = 0;
  extends_back_ = false;
}

void OutQueue::start_segment() {
  Segment& segment = segments_.emplace_back();
  block_->add_reference();
  segment.block = ChunkRef{*block_};
  segment.data = block_->data() + block_used_;
  extends_back_ = true;
}

void OutQueue::copy(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), copied_size_max);
    std::memcpy(reserve(part), bytes.data(), part);
    extend(part);
    bytes = bytes.subspan(part);
  }
}

void OutQueue::fill(std::size_t size, std::byte value) {
  while (size > 0) {
    const std::size_t part = std::min(size, copied_size_max);
    std::memset(reserve(part), static_cast<int>(value), part);
    extend(part);
    size -= part;
  }
}

void OutQueue::reference(Message body) {
  Segment& segment = segments_.emplace_back();
  segment.body = std::move(body);
  segment.data = segment.body.data();
  segment.size = segment.body.size();
  appended_size_ += segment.size;
  extends_back_ = false;
}

}  // namespace parley::detail
