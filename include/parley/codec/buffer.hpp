// Bytes being written, of a number not known before: small ones without taking memory.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/message.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace parley::codec {

/// Grows as needed: the first KiB lies in the object itself. Neither copied nor moved.
class PARLEY_EXPORT Buffer {
 public:
  Buffer() noexcept : begin_{near_}, at_{near_}, end_{near_ + near_size} {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  /// Appends.
  void put(char c) {
    if (at_ == end_) grow(1);
    *at_++ = c;
  }
  void put(std::string_view text) {
    if (text.empty()) return;  // it may have no address, which memcpy must not be given
    char* const to = room(text.size());
    std::memcpy(to, text.data(), text.size());
    advance(text.size());
  }
  void put(std::span<const std::byte> bytes) {
    put(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  /// Room for `size` bytes at the end; advance() then says how many have been written.
  [[nodiscard]] char* room(std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) grow(size);
    return at_;
  }
  void advance(std::size_t size) noexcept { at_ += size; }

  /// Bytes written.
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  /// Of bytes already written, to be changed in place.
  [[nodiscard]] char* data() noexcept { return begin_; }
  /// What has been written: until the next call that appends, and as a copy.
  [[nodiscard]] std::string_view view() const noexcept { return {begin_, size()}; }
  [[nodiscard]] Message message() const { return Message{view()}; }

 private:
  static constexpr std::size_t near_size = 1024;

  void grow(std::size_t size);

  char* begin_;
  char* at_;
  char* end_;
  std::unique_ptr<char[]> far_;
  char near_[near_size];
};

}  // namespace parley::codec
