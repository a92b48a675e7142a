// MuxOutput: what a core has to say and has not said yet. Answers that a peer provokes are counted: one that asks all
// the time and does not read what it is answered would have us keep all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace parley::wire {

class MuxOutput {
 public:
  [[nodiscard]] std::span<const std::byte> unwritten() const noexcept { return std::span{bytes_}.subspan(begin_); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - begin_; }

  /// Room for `size` bytes at the end.
  std::byte* extend(std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    return bytes_.data() + bytes_.size() - size;
  }
  void append(std::span<const std::byte> bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }

  void wrote(std::size_t size) noexcept {
    begin_ += size;
    written_ += size;
    if (begin_ == bytes_.size()) clear();
    // Half of it is behind us: what follows moves to the front, so that a queue that is never empty does not grow.
    if (begin_ > bytes_.size() / 2)
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_)), begin_ = 0;
    if (written_ < epoch_end_) return;
    provoked_before_ = provoked_;
    provoked_ = 0;
    epoch_end_ = written_ + this->size();
  }

  /// The peer is the cause of `size` bytes.
  void count_provoked(std::size_t size) noexcept { provoked_ += size; }
  /// Of what is unwritten, how much at most the peer has caused.
  [[nodiscard]] std::size_t provoked_max() const noexcept { return provoked_ + provoked_before_; }

 private:
  void clear() noexcept {
    begin_ = 0;
    constexpr std::size_t kept_capacity = 4096;
    if (bytes_.capacity() > kept_capacity) {
      std::vector<std::byte>{}.swap(bytes_);
    } else {
      bytes_.clear();
    }
    provoked_ = provoked_before_ = 0;
    epoch_end_ = written_;
  }

  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;
  std::uint64_t written_ = 0;
  // Counted by epochs, each as long as it takes to write what was there at its beginning.
  std::uint64_t epoch_end_ = 0;
  std::size_t provoked_ = 0;
  std::size_t provoked_before_ = 0;
};

}  // namespace parley::wire
