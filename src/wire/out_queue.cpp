#include "wire/out_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::detail {
namespace {

// A connection that sends little takes a small block; one that fills it, large ones.
constexpr std::uint32_t small_block = 16 * 1024;
constexpr std::uint32_t large_block = 64 * 1024;

// A peer may choose how large a header is, as that of an answer, which comes with what the request had.
constexpr std::size_t header_in_place_size_max = OutQueue::copied_size_max - Message::inline_size_max;

// Larger rings than these are given back when the queue rests.
constexpr std::size_t kept_segments = 16;
constexpr std::size_t kept_ends = 64;

}  // namespace

void OutQueue::append(const wire::Envelope& envelope, const Message& body) {
  copy(envelope.header);
  if (body.size() <= copied_size_max) {
    copy(body.bytes());
  } else {
    reference(body);
  }
  fill(envelope.pad_size, envelope.pad);
  copy(envelope.trailer);
  end_message();
}

void OutQueue::append(std::span<const std::byte> header, const Message& body, Note note) {
  const bool is_copied = body.size() <= copied_size_max;
  if (!is_copied || header.size() > header_in_place_size_max) {
    copy(header);
    is_copied ? copy(body.bytes()) : reference(body);
    end_message(note);
    return;
  }
  std::byte* out = append_in_place(header.size() + body.size(), Message::inline_size_max, note);
  std::memcpy(out, header.data(), header.size());
  out += header.size();
  // An inline body is copied by a move of fixed size, a little past its end: several times cheaper than an exact copy.
  if (body.size() <= Message::inline_size_max) {
    Message::copy_all_inline(out, body.data());
  } else {
    std::memcpy(out, body.data(), body.size());
  }
}

void OutQueue::append(std::span<const std::byte> header, std::span<const Part> parts) {
  copy(header);
  for (const Part& part : parts) {
    part.bytes.size() <= copied_size_max ? copy(part.bytes) : reference(part.bytes, *part.memory);
  }
  end_message();
}

void OutQueue::append_control(std::span<const std::byte> frame) {
  copy(frame);
  ends_.emplace_back(appended_size_, true, Note::none);
  ++control_count_;
}

void OutQueue::append_shared(SharedBytes& block, std::span<const std::byte> bytes, const Message& body) {
  Segment* back = segments_.empty() ? nullptr : &segments_.back();
  if (back == nullptr || back->data + back->size != bytes.data() || !back->memory.is_to(block)) {
    back = &segments_.emplace_back();
    back->memory = SharedRef{block};
    back->data = bytes.data();
  }
  back->size += bytes.size();
  appended_size_ += bytes.size();
  extends_back_ = false;
  if (!body.empty()) reference(body);
  end_message();
}

std::size_t OutQueue::consume(std::size_t size) {
  gone_size_ += size;
  gathered_size_ = 0;
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
  for (; !ends_.empty() && ends_.front().position() <= gone_size_; ends_.pop_front()) {
    front_begin_ = ends_.front().position();
    if (ends_.front().is_control()) [[unlikely]]
      --control_count_;
    else
      ++gone;
  }
  gone_count_ += static_cast<std::uint32_t>(gone);
  return gone;
}

std::pair<std::size_t, std::uint64_t> OutQueue::first_untouched() const noexcept {
  std::uint64_t begin = front_begin_;
  for (std::size_t i = 0; i < ends_.size(); begin = ends_[i++].position()) {
    if (!ends_[i].is_control() && begin >= gone_size_ + gathered_size_) return {i, begin};
  }
  return {ends_.size(), begin};
}

std::size_t OutQueue::being_written_count() const noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < ends_.size() && ends_[i].position() <= gone_size_ + gathered_size_; ++i) {
    if (!ends_[i].is_control()) ++count;
  }
  return count;
}

bool OutQueue::drop_oldest() {
  const auto [index, begin] = first_untouched();
  if (index == ends_.size()) return false;
  cut_out(index, begin);
  return true;
}

OutQueue::TakenOut OutQueue::take_oldest() {
  const auto [index, begin] = first_untouched();
  if (index == ends_.size()) return {};
  TakenOut taken;
  taken.note = ends_[index].note();
  taken.bytes.reserve(static_cast<std::size_t>(ends_[index].position() - begin));
  for (const Segment& segment : cut_out(index, begin)) {
    taken.bytes.insert(taken.bytes.end(), segment.data, segment.data + segment.size);
  }
  return taken;
}

/// Takes a message out of the middle. What stands before it is from now on as if it had been appended that much later.
std::vector<OutQueue::Segment> OutQueue::cut_out(std::size_t index, std::uint64_t begin) {
  const std::uint64_t size = ends_[index].position() - begin;
  std::vector<Segment> before = take_segments(static_cast<std::size_t>(begin - gone_size_));
  std::vector<Segment> out = take_segments(static_cast<std::size_t>(size));
  if (segments_.empty()) extends_back_ = false;
  for (; !before.empty(); before.pop_back()) segments_.emplace_front(std::move(before.back()));
  for (std::size_t i = 0; i < index; ++i) ends_[i].shift(size);
  ends_.take(index);
  front_begin_ += size;
  gone_size_ += size;
  return out;
}

/// Takes `size` bytes from the front; a segment that is only partly among them is split.
std::vector<OutQueue::Segment> OutQueue::take_segments(std::size_t size) {
  std::vector<Segment> taken;
  while (size > 0) {
    Segment& front = segments_.front();
    if (front.size <= size) {
      size -= front.size;
      taken.push_back(segments_.take_front());
      continue;
    }
    Segment& part = taken.emplace_back();
    part.data = front.data;
    part.size = size;
    part.memory = front.memory.share();
    front.data += size;
    front.size -= size;
    size = 0;
  }
  return taken;
}

void OutQueue::clear() {
  segments_.clear();
  ends_.clear();
  control_count_ = 0;
  block_.reset();
  extends_back_ = false;
  gathered_size_ = 0;
  gone_size_ = front_begin_ = appended_size_;
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
  segment.memory = SharedRef{*block_};
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

void OutQueue::reference(std::span<const std::byte> bytes, SharedBytes& memory) {
  Segment& segment = segments_.emplace_back();
  segment.memory = SharedRef{memory};
  segment.data = bytes.data();
  segment.size = bytes.size();
  appended_size_ += segment.size;
  extends_back_ = false;
}

}  // namespace parley::detail
