// OutQueue: encoded messages on their way to a stream, gathered so that one system call writes many.
//
// Small messages are copied, header and all, one behind the other into a block; large bodies are referenced. The queue
// is a list of segments, each a run of bytes in a block or one body. It also remembers where each message ends, so that
// after any partial write it can say how many messages have wholly gone.
//
// Frames that are no messages (a greeting, a heartbeat) are written in their turn, but not counted.
//
// Invariant: size() is the sum of the segments' bytes; the last remembered end is the last byte ever appended.
// A gathered buffer stays valid until consume() passes it, whatever is appended meanwhile.
#pragma once

#include "detail/chunk.hpp"
#include "detail/ring.hpp"

#include <parley/message.hpp>
#include <parley/wire/envelope.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace parley::detail {

class OutQueue {
 public:
  /// Bodies up to this size are copied into a block, larger ones referenced.
  static constexpr std::size_t copied_size_max = 4 * 1024;

  /// What is remembered of a message while it is queued: what may become of it when it cannot be written.
  enum class Note : std::uint8_t {
    none,
    may_move,   ///< somebody else may have it instead
    addressed,  ///< it is for this peer alone
  };

  /// One message: the envelope's header, the body, padding and trailer, in wire order.
  void append(const wire::Envelope& envelope, const Message& body);

  /// One message of `size` bytes that the caller writes at once. It may also overwrite `slack` bytes behind them, which
  /// lets it copy small bodies in one move of fixed size. size + slack: at most 2 * copied_size_max.
  [[nodiscard]] std::byte* append_in_place(std::size_t size, std::size_t slack, Note note = Note::none) {
    std::byte* at = reserve(size + slack);
    extend(size);
    end_message(note);
    return at;
  }

  /// A frame that is no message.
  void append_control(std::span<const std::byte> frame);

  /// One message: a header, and a body that is copied or referenced like any other.
  void append(std::span<const std::byte> header, const Message& body, Note note = Note::none);

  /// One message, the same for several queues: `bytes` lie in `block`, or in `body` where that is not empty.
  void append_shared(SharedBytes& block, std::span<const std::byte> bytes, const Message& body);

  /// A part of a message, and what it lies in.
  struct Part {
    std::span<const std::byte> bytes;
    SharedBytes* memory = nullptr;
  };

  /// One message of a header and parts, each copied or referenced like a body.
  void append(std::span<const std::byte> header, std::span<const Part> parts);

  /// Fills `buffers`, an array of things made of a pointer and a size, with what comes next; returns how many.
  template <class Buffers>
  std::size_t gather(Buffers& buffers) {
    return gather(buffers, [](const std::byte* data, std::size_t size, SharedBytes*) {
      return typename Buffers::value_type{data, size};
    });
  }
  /// The same, of things that `make` makes of pointer, size and what they lie in.
  template <class Buffers, class Make>
  std::size_t gather(Buffers& buffers, Make make) {
    const std::size_t count = std::min(buffers.size(), segments_.size());
    gathered_size_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
      buffers[i] = make(segments_[i].data, segments_[i].size, segments_[i].memory.get());
      gathered_size_ += segments_[i].size;
    }
    return count;
  }

  /// The first `size` bytes have been written. Returns how many messages have thereby gone wholly.
  std::size_t consume(std::size_t size);

  /// Drops the message that has waited longest, of those of which nothing has been written and that nobody is writing
  /// now. False: there is none.
  bool drop_oldest();

  struct TakenOut {
    std::vector<std::byte> bytes;
    Note note = Note::none;
  };
  /// Takes that message out. Its bytes are empty when there is none.
  [[nodiscard]] TakenOut take_oldest();

  /// Drops everything queued.
  void clear();

  /// For a queue that has been emptied: gives back what a burst took, once the traffic has become small again.
  void release_memory();

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(appended_size_ - gone_size_); }
  [[nodiscard]] std::size_t message_count() const noexcept { return ends_.size() - control_count_; }
  /// Of them, those that lie wholly in what was gathered and has not been consumed: they may have gone by now.
  [[nodiscard]] std::size_t being_written_count() const noexcept;
  [[nodiscard]] std::size_t control_count() const noexcept { return control_count_; }

 private:
  struct Segment {
    const std::byte* data = nullptr;
    std::size_t size = 0;
    SharedRef memory;  // that they lie in: a block, or a body's own
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
  /// Where something ends, in bytes ever appended, and what it is; in eight bytes.
  class End {
   public:
    End(std::uint64_t position, bool is_control, Note note) noexcept
        : tagged_{(position << tag_bits) | (static_cast<unsigned>(note) << 1U) | (is_control ? 1U : 0U)} {}
    [[nodiscard]] std::uint64_t position() const noexcept { return tagged_ >> tag_bits; }
    [[nodiscard]] bool is_control() const noexcept { return (tagged_ & 1) != 0; }
    [[nodiscard]] Note note() const noexcept { return static_cast<Note>(tagged_ >> 1U & 3U); }
    void shift(std::uint64_t size) noexcept { tagged_ += size << tag_bits; }

   private:
    static constexpr unsigned tag_bits = 3;
    std::uint64_t tagged_;
  };

  void end_message(Note note = Note::none) { ends_.emplace_back(appended_size_, false, note); }
  /// The first that can be taken out, and where it begins; ends_.size(): none.
  [[nodiscard]] std::pair<std::size_t, std::uint64_t> first_untouched() const noexcept;
  std::vector<Segment> cut_out(std::size_t index, std::uint64_t begin);
  std::vector<Segment> take_segments(std::size_t size);
  void start_block();
  void start_segment();
  void copy(std::span<const std::byte> bytes);
  void fill(std::size_t size, std::byte value);
  void reference(std::span<const std::byte> bytes, SharedBytes& memory);
  void reference(const Message& body) { reference(body.bytes(), *body.owner()); }

  Ring<Segment> segments_;
  Ring<End> ends_;                 // of what is queued
  std::uint64_t front_begin_ = 0;  // where the first of them begins
  std::size_t gathered_size_ = 0;  // the bytes in front that are being written
  ChunkRef block_;                 // being filled
  std::size_t block_used_ = 0;
  std::uint32_t control_count_ = 0;  // of the ends_, those of control frames
  std::uint32_t gone_count_ = 0;     // messages that have left since the last release_memory, modulo 2^32
  std::uint32_t next_capacity_ = 0;
  bool extends_back_ = false;  // the back segment ends where the block's free room begins
  std::uint64_t appended_size_ = 0;
  std::uint64_t gone_size_ = 0;
};

}  // namespace parley::detail
