// OutQueue: encoded messages on their way to a stream, gathered so that one system call writes many.
//
// Small messages are copied, header and all, one behind the other into a block; large bodies are referenced. The queue
// is a list of segments, each a run of bytes in a block or one body. It also remembers where each message ends, so that
// after any partial write it can say how many messages have wholly gone.
//
// Invariant: size() is the sum of the segments' bytes; the last remembered end is the last byte ever appended.
// A gathered buffer stays valid until consume() passes it, whatever is appended meanwhile.
#pragma once

#include "wire/chunk.hpp"
#include "detail/ring.hpp"

#include <parley/message.hpp>
#include <parley/wire/envelope.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::detail {

class OutQueue {
 public:
  /// Bodies up to this size are copied into a block, larger ones referenced.
  static constexpr std::size_t copied_size_max = 4 * 1024;

  /// One message: the envelope's header, the body, padding and trailer, in wire order.
  void append(const wire::Envelope& envelope, Message body);

  /// One message of `size` bytes that the caller writes at once. It may also overwrite `slack` bytes behind them, which
  /// lets it copy small bodies in one move of fixed size. size + slack: at most 2 * copied_size_max.
  [[nodiscard]] std::byte* append_in_place(std::size_t size, std::size_t slack) {
    std::byte* at = reserve(size + slack);
    extend(size);
    end_message();
    return at;
  }

  /// Fills `buffers`, an array of things made of a pointer and a size, with what comes next; returns how many.
  template <class Buffers>
  std::size_t gather(Buffers& buffers) const {
    const std::size_t count = std::min(buffers.size(), segments_.size());
    for (std::size_t i = 0; i < count; ++i) buffers[i] = {segments_[i].data, segments_[i].size};
    return count;
  }

  /// The first `size` bytes have been written. Returns how many messages have thereby gone wholly.
  std::size_t consume(std::size_t size);

  /// Drops everything queued.
  void clear();

  /// For a queue that has been emptied: gives back what a burst took, once the traffic has become small again.
  void release_memory();

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(appended_size_ - gone_size_); }
  [[nodiscard]] std::size_t message_count() const noexcept { return ends_.size(); }

 private:
  struct Segment {
    const std::byte* data = nullptr;
    std::size_t size = 0;
    ChunkRef block;  // one of these two holds the memory
    Message body;
  };

  std::byte* reserve(std::size_t size) {
    if (!block_ || block_used_ + size > block_->capacity()) start_block();
    return block_->data() + block_used_;
  }
  void extend(std::size_t size) {
    if (!extends_back_) start_segment();
    segments_.back().size += size;
    block_used_ += size;
    appended_size_ += size;
  }
  void end_message() { ends_.emplace_back(appended_size_); }
  void start_block();
  void start_segment();
  void copy(std::span<const std::byte> bytes);
  void fill(std::size_t size, std::byte value);
  void reference(Message body);

  Ring<Segment> segments_;
  Ring<std::uint64_t> ends_;    // of queued messages, in bytes ever appended
  std::size_t gone_count_ = 0;  // messages that have left since the last release_memory
  ChunkRef block_;              // being filled
  std::size_t block_used_ = 0;
  bool extends_back_ = false;  // the back segment ends where the block's free room begins
  std::size_t next_capacity_ = 0;
  std::uint64_t appended_size_ = 0;
  std::uint64_t gone_size_ = 0;
};

}  // namespace parley::detail
