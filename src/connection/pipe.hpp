// Pipe: one direction of an in-process connection. Messages go through it in batches: the writer gathers them in its
// outbox, hands that over into `transit`, and the reader takes all of transit for its inbox when that is empty. So the
// pipe's mutex is taken once for many messages, and neither end waits for the other; what an end has for itself is
// under that end's own mutex, which is taken before the pipe's.
//
// What counts for the marks is what the writer has pushed and the reader has not taken, wherever it is. The reader
// publishes what it has taken, and the writer reads that only when, by what it knew, a mark is reached.
//
// No wake-up is lost. The reader says that it waits under the mutex under which it has found nothing. The writer says
// so under the mutex when a mark is still reached by what has been published; since then at least half of the mark has
// to be taken before it may go on, and the reader never takes that much without looking, under the mutex, whether the
// writer waits. Once it knows, it looks again exactly where the rest falls to half.
#pragma once

#include "connection/bell.hpp"
#include "detail/ring.hpp"

#include <parley/message.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <utility>

namespace parley::detail {

/// How many messages, and bytes of them.
struct Amount {
  std::uint64_t count = 0;
  std::uint64_t size = 0;

  void add(const Message& message) noexcept {
    ++count;
    size += message.size();
  }
  Amount& operator+=(const Amount& other) noexcept {
    count += other.count;
    size += other.size;
    return *this;
  }
  [[nodiscard]] Amount operator-(const Amount& other) const noexcept {
    return {count - other.count, size - other.size};
  }
  [[nodiscard]] Amount half() const noexcept { return {count / 2, size / 2}; }
  [[nodiscard]] bool is_below(const Amount& mark) const noexcept { return count < mark.count && size < mark.size; }
  [[nodiscard]] bool is_within(const Amount& mark) const noexcept { return count <= mark.count && size <= mark.size; }
  [[nodiscard]] bool reaches_either(const Amount& other) const noexcept {
    return count >= other.count || size >= other.size;
  }
};

/// What is behind all messages of a pipe. What comes later in this list prevails.
enum class PipeEnd : std::uint8_t {
  none,       ///< more may come
  ended,      ///< the writer sends no more, or has gone
  cut,        ///< the writer has cut the connection, because a message of the other direction was too large for it
  too_large,  ///< a message that is too large for the reader, and was not kept
};

/// What the reader does. What comes later in this list prevails.
enum class PipeReading : std::uint8_t {
  on,
  stopping,  ///< takes what there is; there is never room again
  ended,     ///< receives no more
  gone,
};

struct Pipe {
  Pipe(Bell& at_reader, Bell& at_writer) noexcept : to_reader{at_reader}, to_writer{at_writer} {}

  // Made sure before either end uses it.
  Bell& to_reader;
  Bell& to_writer;
  Amount mark;
  std::size_t size_max = 0;  // of one message, at the reader

  std::atomic<PipeReading> reading{PipeReading::on};  // written under the mutex

  // Written by the reader with each message: kept apart from the rest.
  static constexpr std::size_t cache_line_size = 64;
  alignas(cache_line_size) std::atomic<std::uint64_t> taken_count{0};
  std::atomic<std::uint64_t> taken_size{0};

  alignas(cache_line_size) std::mutex mutex;
  // Under the mutex.
  Ring<Message> transit;
  Amount handed_over;  // since the beginning
  PipeEnd end = PipeEnd::none;
  std::size_t too_large_size = 0;
  bool reader_waits = false;  // transit is empty then, and there is no end
  bool writer_waits = false;

  [[nodiscard]] bool is_read() const noexcept { return reading.load(std::memory_order_relaxed) < PipeReading::ended; }
  [[nodiscard]] Amount taken() const noexcept {
    return {taken_count.load(std::memory_order_relaxed), taken_size.load(std::memory_order_relaxed)};
  }
};

/// The writer's side, under the writer's own mutex. Wakes the reader when that waits.
class PipeWriter {
 public:
  explicit PipeWriter(Pipe& pipe) noexcept : pipe_{pipe} {}

  /// Into the outbox.
  void push(Message&& message) {
    pushed_.add(message);
    outbox_.emplace_back(std::move(message));
  }
  /// To the reader at once, behind the outbox.
  void push_through(Message&& message);
  /// What push() has gathered is worth an offer.
  [[nodiscard]] bool has_gathered() const noexcept { return pushed_.reaches_either(offer_at_); }
  /// Hands over if that costs next to nothing: not when the reader has not come for the last yet.
  void offer();
  /// Hands over; keeps what nobody reads.
  void hand_over();
  /// Nothing comes behind what has been pushed but this.
  void end(PipeEnd end, std::size_t too_large_size = 0);

  [[nodiscard]] bool has_outbox() const noexcept { return !outbox_.empty(); }
  /// In the outbox.
  [[nodiscard]] Amount kept() const noexcept { return pushed_ - handed_over_; }
  void drop_outbox() noexcept {
    outbox_.clear();
    pushed_ = handed_over_;
  }

  [[nodiscard]] PipeReading reading() const noexcept { return pipe_.reading.load(std::memory_order_relaxed); }
  /// Below both marks; also when nobody reads, as push is to tell.
  [[nodiscard]] bool has_room() const noexcept {
    if (const PipeReading now = reading(); now != PipeReading::on) [[unlikely]]
      return now != PipeReading::stopping;
    if ((pushed_ - taken_).is_below(pipe_.mark)) [[likely]]
      return true;
    taken_ = pipe_.taken();
    return (pushed_ - taken_).is_below(pipe_.mark);
  }
  /// Hands over and asks to be woken when the rest has fallen to half of the mark. False when there is room.
  [[nodiscard]] bool wait_for_room();
  [[nodiscard]] bool waits_for_room() const;

  [[nodiscard]] Amount pushed() const noexcept { return pushed_; }
  [[nodiscard]] Amount handed_over() const noexcept { return handed_over_; }
  /// Pushed and not taken, at this moment.
  [[nodiscard]] Amount queued() const noexcept { return pipe_.is_read() ? pushed_ - pipe_.taken() : Amount{}; }

 private:
  void hand_over_locked();
  void gather_anew() noexcept;

  Pipe& pipe_;
  Ring<Message> outbox_;
  Amount pushed_;
  Amount handed_over_;
  Amount offer_at_ = gathered_;
  mutable Amount taken_;  // as far as this end knows

  /// Worth a hand-over: a mutex that the other end may just have had costs as much as several messages.
  static constexpr Amount gathered_{64, 64 * 1024};
};

/// The reader's side, under the reader's own mutex. Wakes the writer when that waits for room, and has to know of an
/// end.
class PipeReader {
 public:
  explicit PipeReader(Pipe& pipe) noexcept : pipe_{pipe} {}

  /// The pipe's mark has been set.
  void begin() noexcept { look_next(); }

  /// False when there is nothing: then end() is the one at that moment, and with `waits` and none of them the next
  /// hand-over, or the end, rings.
  [[nodiscard]] bool pull(Message& message, bool waits) {
    if (inbox_.empty() && !refill(waits)) return false;
    message = std::move(inbox_.front());
    inbox_.pop_front();
    taken_.add(message);
    pipe_.taken_size.store(taken_.size, std::memory_order_relaxed);
    pipe_.taken_count.store(taken_.count, std::memory_order_relaxed);
    if (taken_.reaches_either(look_at_)) [[unlikely]]
      look_for_writer();
    return true;
  }
  [[nodiscard]] PipeEnd end() const noexcept { return end_; }
  /// Whether nothing more comes behind what has been handed over.
  [[nodiscard]] bool writer_has_ended() const;
  /// Of the message that PipeEnd::too_large stands for.
  [[nodiscard]] std::size_t too_large_size() const noexcept { return too_large_size_; }

  /// What there is will be taken still.
  void stop_taking_in();
  /// Nothing is taken any more: drops what there is.
  void end_reading(PipeReading how);

  [[nodiscard]] Amount taken() const noexcept { return taken_; }
  /// Handed over and not taken.
  [[nodiscard]] Amount queued() const;

 private:
  [[nodiscard]] bool refill(bool waits);
  void look_for_writer();
  void look_next() noexcept;

  Pipe& pipe_;
  Ring<Message> inbox_;
  Amount taken_;
  Amount look_at_;  // where to look next whether the writer waits
  PipeEnd end_ = PipeEnd::none;
  std::size_t too_large_size_ = 0;
};

}  // namespace parley::detail
