#pragma once

#include "bench/common/body.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench::raw {

inline constexpr std::size_t prefix_size = 4;  // u32 big-endian: bytes of body that follow

inline void store_prefix(unsigned char* frame, std::size_t body_size) noexcept {
  const std::uint32_t prefix = htonl(static_cast<std::uint32_t>(body_size));
  std::memcpy(frame, &prefix, sizeof prefix);
}

inline std::size_t load_prefix(const unsigned char* frame) noexcept {
  std::uint32_t prefix;
  std::memcpy(&prefix, frame, sizeof prefix);
  return ntohl(prefix);
}

/// As many equal frames as fit in `capacity` bytes (at least one), contiguous, to be written with one call.
/// Bodies stay as they are from batch to batch and only their marks are rewritten: the least that any sender must do.
class FrameBatch {
 public:
  FrameBatch(std::size_t capacity, std::size_t body_size)
      : stride_(prefix_size + body_size),
        frames_(std::max<std::size_t>(1, capacity / stride_)),
        bytes_(stride_ * frames_) {
    const auto body = make_body(body_size);
    for (std::size_t i = 0; i < frames_; ++i) {
      store_prefix(frame(i), body_size);
      std::memcpy(frame(i) + prefix_size, body.data(), body_size);
    }
  }

  /// Every frame a D; the first has index `next`.
  std::span<const unsigned char> data(std::uint64_t next) noexcept {
    for (std::size_t i = 0; i < frames_; ++i) store_mark(frame(i) + prefix_size, Mark::data, next + i);
    return bytes_;
  }

  /// The first frames, each body as `fill(index, body)` leaves it.
  template <class Fill>
  std::span<const unsigned char> each(std::size_t count, Fill&& fill) {
    for (std::size_t i = 0; i < count; ++i) fill(i, frame(i) + prefix_size);
    return {bytes_.data(), count * stride_};
  }

  /// One frame with this mark.
  std::span<const unsigned char> single(Mark mark, std::uint64_t count) noexcept {
    store_mark(frame(0) + prefix_size, mark, count);
    return {bytes_.data(), stride_};
  }

  /// Every frame from now on comes from this sender.
  void set_peer(std::uint32_t peer) noexcept {
    for (std::size_t i = 0; i < frames_; ++i) store_peer(frame(i) + prefix_size, peer);
  }

  std::size_t frames() const noexcept { return frames_; }

 private:
  unsigned char* frame(std::size_t index) noexcept { return bytes_.data() + index * stride_; }

  std::size_t stride_;
  std::size_t frames_;
  std::vector<unsigned char> bytes_;
};

/// Cuts a byte stream into frames and hands the mark of each, once its last byte is there, to `on_frame(bytes,
/// body_size)`; `bytes` then has the prefix and the mark, nothing more. Keeps only what it must of a frame split across
/// reads.
class FrameWalker {
 public:
  /// `copy_to`, when given, receives each body (it must be large enough for the largest).
  explicit FrameWalker(unsigned char* copy_to = nullptr) noexcept : copy_to_(copy_to) {}

  template <class OnFrame>
  void feed(std::span<const unsigned char> in, OnFrame&& on_frame) {
    in = finish_split_frame(in, on_frame);
    while (in.size() >= head_size) {
      const std::size_t whole = prefix_size + load_prefix(in.data());
      if (whole < head_size) throw std::runtime_error("a frame is too short for its mark");
      if (whole > in.size()) break;
      if (copy_to_) std::memcpy(copy_to_, in.data() + prefix_size, whole - prefix_size);
      on_frame(in.data(), whole - prefix_size);
      in = in.subspan(whole);
    }
    if (!in.empty()) begin_split_frame(in);
  }

 private:
  static constexpr std::size_t head_size = prefix_size + mark_and_peer_size;

  template <class OnFrame>
  std::span<const unsigned char> finish_split_frame(std::span<const unsigned char> in, OnFrame& on_frame) {
    if (seen_ == 0) return in;
    in = take_head(in);
    if (seen_ < head_size) return in;
    const std::size_t whole = prefix_size + load_prefix(head_);
    if (whole < head_size) throw std::runtime_error("a frame is too short for its mark");
    in = take_rest(in, whole);
    if (seen_ == whole) {
      on_frame(static_cast<const unsigned char*>(head_), whole - prefix_size);
      seen_ = 0;
    }
    return in;
  }

  void begin_split_frame(std::span<const unsigned char> in) {
    in = take_head(in);
    if (!in.empty()) take_rest(in, prefix_size + load_prefix(head_));
  }

  std::span<const unsigned char> take_head(std::span<const unsigned char> in) noexcept {
    if (seen_ >= head_size) return in;
    const std::size_t now = std::min(head_size - seen_, in.size());
    std::memcpy(head_ + seen_, in.data(), now);
    seen_ += now;
    if (seen_ == head_size && copy_to_) std::memcpy(copy_to_, head_ + prefix_size, mark_and_peer_size);
    return in.subspan(now);
  }

  std::span<const unsigned char> take_rest(std::span<const unsigned char> in, std::size_t whole) noexcept {
    const std::size_t now = std::min(whole - seen_, in.size());
    if (copy_to_) std::memcpy(copy_to_ + (seen_ - prefix_size), in.data(), now);
    seen_ += now;
    return in.subspan(now);
  }

  unsigned char* copy_to_;
  std::size_t seen_ = 0;  // bytes of the split frame so far; 0 between frames
  unsigned char head_[head_size];
};

}  // namespace bench::raw
