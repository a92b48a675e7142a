#include "detail/chunk.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <new>

namespace parley::detail {
namespace {

/// The sizes that are kept, and how many blocks of each: at most 3 MiB lie idle in the whole process.
struct SizeClass {
  std::size_t capacity;
  std::size_t kept_max;
};
constexpr std::array<SizeClass, 3> size_classes{{{16 * 1024, 32}, {64 * 1024, 8}, {256 * 1024, 8}}};
constexpr std::size_t kept_max = 32;

}  // namespace

/// Kept for the life of the process: chunks may come back from static destructors.
class ChunkPool {
 public:
  static ChunkPool& instance() {
    static ChunkPool* const pool = new ChunkPool;
    return *pool;
  }

  Chunk* take(std::size_t capacity) noexcept {
    Shelf* shelf = shelf_for(capacity);
    if (shelf == nullptr) return nullptr;
    const std::lock_guard lock{mutex_};
    if (shelf->count == 0) return nullptr;
    Chunk* chunk = shelf->chunks[--shelf->count];
    chunk->reset_references();
    return chunk;
  }

  void give_back(Chunk* chunk) noexcept {
    if (Shelf* shelf = shelf_for(chunk->capacity())) {
      const std::lock_guard lock{mutex_};
      if (shelf->count < shelf->size_class.kept_max) {
        shelf->chunks[shelf->count++] = chunk;
        return;
      }
    }
    chunk->~Chunk();
    ::operator delete(chunk);
  }

  static Chunk* make(std::size_t capacity) { return new (::operator new(sizeof(Chunk) + capacity)) Chunk{capacity}; }

 private:
  struct Shelf {
    SizeClass size_class;
    std::size_t count = 0;
    std::array<Chunk*, kept_max> chunks{};
  };

  Shelf* shelf_for(std::size_t capacity) noexcept {
    for (Shelf& shelf : shelves_) {
      if (shelf.size_class.capacity == capacity) return &shelf;
    }
    return nullptr;
  }

  std::mutex mutex_;
  std::array<Shelf, 3> shelves_{{{size_classes[0]}, {size_classes[1]}, {size_classes[2]}}};
};

Chunk& Chunk::take(std::size_t capacity) {
  if (Chunk* kept = ChunkPool::instance().take(capacity)) return *kept;
  return *ChunkPool::make(capacity);
}

void Chunk::give_back(SharedBytes* self) noexcept { ChunkPool::instance().give_back(static_cast<Chunk*>(self)); }

}  // namespace parley::detail
