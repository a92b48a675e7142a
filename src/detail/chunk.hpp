// Chunk: a reference-counted block of memory that bytes are read into and written from, taken from a small pool.
#pragma once

#include <parley/detail/shared_bytes.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace parley::detail {

/// Bytes behind their own header in one allocation. Blocks of a pooled size go back to the pool when the last reference
/// is dropped; others are freed.
class Chunk final : public SharedBytes {
 public:
  /// At least `capacity` bytes, uninitialised. Any thread.
  static Chunk& take(std::size_t capacity);

  [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] std::size_t capacity() const noexcept { return block_size; }

 private:
  friend class ChunkPool;
  explicit Chunk(std::size_t capacity) noexcept : SharedBytes{&give_back, capacity} {}
  static void give_back(SharedBytes* self) noexcept;
};

/// One reference on a Chunk, or none.
class ChunkRef {
 public:
  ChunkRef() noexcept = default;
  /// Takes over the reference the caller holds.
  explicit ChunkRef(Chunk& chunk) noexcept : chunk_{&chunk} {}
  ChunkRef(const ChunkRef&) = delete;
  ChunkRef& operator=(const ChunkRef&) = delete;
  ChunkRef(ChunkRef&& other) noexcept : chunk_{std::exchange(other.chunk_, nullptr)} {}
  ChunkRef& operator=(ChunkRef&& other) noexcept {
    ChunkRef{std::move(other)}.swap(*this);
    return *this;
  }
  ~ChunkRef() { reset(); }

  void swap(ChunkRef& other) noexcept { std::swap(chunk_, other.chunk_); }
  void reset() noexcept {
    if (chunk_ != nullptr) std::exchange(chunk_, nullptr)->drop_reference();
  }
  [[nodiscard]] explicit operator bool() const noexcept { return chunk_ != nullptr; }
  [[nodiscard]] Chunk& operator*() const noexcept { return *chunk_; }
  [[nodiscard]] Chunk* operator->() const noexcept { return chunk_; }

 private:
  Chunk* chunk_ = nullptr;
};

/// One reference on shared bytes of any kind, or none.
class SharedRef {
 public:
  SharedRef() noexcept = default;
  /// A further reference.
  explicit SharedRef(SharedBytes& bytes) noexcept : bytes_{&bytes} { bytes.add_reference(); }
  SharedRef(const SharedRef&) = delete;
  SharedRef& operator=(const SharedRef&) = delete;
  SharedRef(SharedRef&& other) noexcept : bytes_{std::exchange(other.bytes_, nullptr)} {}
  SharedRef& operator=(SharedRef&& other) noexcept {
    SharedRef{std::move(other)}.swap(*this);
    return *this;
  }
  ~SharedRef() {
    if (bytes_ != nullptr) bytes_->drop_reference();
  }

  void swap(SharedRef& other) noexcept { std::swap(bytes_, other.bytes_); }
  [[nodiscard]] SharedBytes* get() const noexcept { return bytes_; }
  [[nodiscard]] bool is_to(const SharedBytes& bytes) const noexcept { return bytes_ == &bytes; }
  [[nodiscard]] SharedRef share() const noexcept { return bytes_ == nullptr ? SharedRef{} : SharedRef{*bytes_}; }

 private:
  SharedBytes* bytes_ = nullptr;
};

}  // namespace parley::detail
