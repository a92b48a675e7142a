#include "connection/pipe.hpp"

namespace parley::detail {

namespace {

/// Memory for so many messages is kept for the next batches.
constexpr std::size_t kept_count = 4096;

}  // namespace

// --- writing ---------------------------------------------------------------------------------------------------------

void PipeWriter::push_through(Message&& message) {
  bool wake = false;
  {
    const std::lock_guard lock{pipe_.mutex};
    hand_over_locked();
    pushed_.add(message);
    if (pipe_.is_read()) {
      pipe_.handed_over.add(message);
      handed_over_ = pushed_;
      pipe_.transit.emplace_back(std::move(message));
    } else {
      outbox_.emplace_back(std::move(message));
    }
    wake = std::exchange(pipe_.reader_waits, false);
  }
  gather_anew();
  if (wake) pipe_.to_reader.ring();
}

void PipeWriter::offer() {
  bool wake = false;
  {
    const std::unique_lock lock{pipe_.mutex, std::try_to_lock};
    gather_anew();
    if (!lock || !pipe_.transit.empty()) return;
    hand_over_locked();
    wake = std::exchange(pipe_.reader_waits, false);
  }
  if (wake) pipe_.to_reader.ring();
}

void PipeWriter::hand_over() {
  if (outbox_.empty()) return;
  bool wake = false;
  {
    const std::lock_guard lock{pipe_.mutex};
    hand_over_locked();
    wake = std::exchange(pipe_.reader_waits, false);
  }
  gather_anew();
  if (wake) pipe_.to_reader.ring();
}

void PipeWriter::end(PipeEnd end, std::size_t too_large_size) {
  bool wake = false;
  {
    const std::lock_guard lock{pipe_.mutex};
    hand_over_locked();
    if (end > pipe_.end) {
      pipe_.end = end;
      pipe_.too_large_size = too_large_size;
    }
    wake = std::exchange(pipe_.reader_waits, false);
  }
  if (wake) pipe_.to_reader.ring();
}

bool PipeWriter::wait_for_room() {
  hand_over();
  const std::lock_guard lock{pipe_.mutex};
  pipe_.writer_waits = !has_room();
  return pipe_.writer_waits;
}

bool PipeWriter::waits_for_room() const {
  const std::lock_guard lock{pipe_.mutex};
  return pipe_.writer_waits;
}

void PipeWriter::hand_over_locked() {
  if (outbox_.empty() || !pipe_.is_read()) return;
  pipe_.handed_over = handed_over_ = pushed_;
  if (pipe_.transit.empty()) {
    pipe_.transit.swap(outbox_);
  } else {
    while (!outbox_.empty()) pipe_.transit.emplace_back(outbox_.take_front());
  }
}

void PipeWriter::gather_anew() noexcept {
  offer_at_ = pushed_;
  offer_at_ += gathered_;
}

// --- reading ---------------------------------------------------------------------------------------------------------

bool PipeReader::refill(bool waits) {
  inbox_.shrink(kept_count);
  const std::lock_guard lock{pipe_.mutex};
  if (!pipe_.transit.empty()) {
    inbox_.swap(pipe_.transit);
    pipe_.reader_waits = false;
    return true;
  }
  end_ = pipe_.end;
  too_large_size_ = pipe_.too_large_size;
  pipe_.reader_waits = waits && end_ == PipeEnd::none;
  return false;
}

void PipeReader::look_for_writer() {
  bool wake = false;
  look_next();
  {
    const std::lock_guard lock{pipe_.mutex};
    if (!pipe_.writer_waits) return;
    // The writer's outbox is empty as long as it waits.
    const Amount half = pipe_.mark.half();
    const Amount rest = pipe_.handed_over - taken_;
    constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
    if (rest.is_within(half)) {
      pipe_.writer_waits = false;
      wake = true;
    } else {
      look_at_ = {rest.count > half.count ? pipe_.handed_over.count - half.count : never,
                  rest.size > half.size ? pipe_.handed_over.size - half.size : never};
    }
  }
  if (wake) pipe_.to_writer.ring();
}

void PipeReader::look_next() noexcept {
  look_at_ = taken_;
  look_at_ += pipe_.mark - pipe_.mark.half();
}

void PipeReader::stop_taking_in() {
  const std::lock_guard lock{pipe_.mutex};
  pipe_.reading.store(std::max(pipe_.reading.load(std::memory_order_relaxed), PipeReading::stopping),
                      std::memory_order_relaxed);
}

void PipeReader::end_reading(PipeReading how) {
  Ring<Message> dropped;
  {
    const std::lock_guard lock{pipe_.mutex};
    pipe_.reading.store(std::max(pipe_.reading.load(std::memory_order_relaxed), how), std::memory_order_relaxed);
    dropped.swap(pipe_.transit);
    pipe_.reader_waits = false;
  }
  inbox_.clear();
  pipe_.to_writer.ring();
}

bool PipeReader::writer_has_ended() const {
  const std::lock_guard lock{pipe_.mutex};
  return pipe_.end != PipeEnd::none;
}

Amount PipeReader::queued() const {
  const std::lock_guard lock{pipe_.mutex};
  return pipe_.is_read() ? pipe_.handed_over - taken_ : Amount{};
}

}  // namespace parley::detail
