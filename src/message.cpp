#include <parley/message.hpp>

#include "detail/spare_block.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

using detail::SharedBytes;
using detail::SpareBlock;

/// Bytes behind their own header, in one allocation.
class HeapBytes final : public SharedBytes {
 public:
  static HeapBytes& make(std::size_t size) {
    void* memory = SpareBlock::keeps(size) ? SpareBlock::of_this_thread().take(size) : nullptr;
    if (memory == nullptr) memory = ::operator new(sizeof(HeapBytes) + size);
    return *new (memory) HeapBytes{size};
  }
  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }

 private:
  explicit HeapBytes(std::size_t size) noexcept : SharedBytes{&destroy, size} {}
  static void destroy(SharedBytes* self) noexcept {
    auto* bytes = static_cast<HeapBytes*>(self);
    const std::size_t size = bytes->block_size;
    bytes->~HeapBytes();
    if (SpareBlock::keeps(size)) {
      SpareBlock::of_this_thread().give_back(bytes, size);
    } else {
      ::operator delete(bytes);
    }
  }
};

/// A container whose memory was taken over.
template <class Container>
class AdoptedBytes final : public SharedBytes {
 public:
  explicit AdoptedBytes(Container&& container) noexcept
      : SharedBytes{&destroy, container.capacity()}, container_{std::move(container)} {}
  std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span{container_}); }

 private:
  static void destroy(SharedBytes* self) noexcept { delete static_cast<AdoptedBytes*>(self); }
  Container container_;
};

}  // namespace

void Message::store_shared(std::span<const std::byte> bytes) {
  HeapBytes& heap = HeapBytes::make(bytes.size());
  std::memcpy(heap.data(), bytes.data(), bytes.size());
  set_shared(heap, {heap.data(), bytes.size()});
}

Message::Message(std::string&& text) {
  if (text.size() <= inline_size_max) {
    store_inline(std::as_bytes(std::span{text}));
    return;
  }
  auto* owner = new AdoptedBytes<std::string>{std::move(text)};
  set_shared(*owner, owner->bytes());
}

Message::Message(std::vector<std::byte>&& bytes) {
  if (bytes.size() <= inline_size_max) {
    store_inline(bytes);
    return;
  }
  auto* owner = new AdoptedBytes<std::vector<std::byte>>{std::move(bytes)};
  set_shared(*owner, owner->bytes());
}

Message::Message(std::vector<unsigned char>&& bytes) {
  if (bytes.size() <= inline_size_max) {
    store_inline(std::as_bytes(std::span{bytes}));
    return;
  }
  auto* owner = new AdoptedBytes<std::vector<unsigned char>>{std::move(bytes)};
  set_shared(*owner, owner->bytes());
}

Message Message::join(std::span<const std::span<const std::byte>> pieces) {
  std::size_t total = 0;
  for (const auto& piece : pieces) total += piece.size();
  Message m;
  std::byte* out = m.body_.bytes;
  if (total > inline_size_max) {
    HeapBytes& heap = HeapBytes::make(total);
    out = heap.data();
    m.set_shared(heap, {out, total});
  } else {
    m.tagged_size_ = total;
  }
  for (const auto& piece : pieces) {
    if (piece.empty()) continue;
    std::memcpy(out, piece.data(), piece.size());
    out += piece.size();
  }
  return m;
}

Message Message::join(std::initializer_list<std::string_view> pieces) {
  std::vector<std::span<const std::byte>> spans;
  spans.reserve(pieces.size());
  for (std::string_view piece : pieces) spans.push_back(std::as_bytes(std::span{piece}));
  return join(spans);
}

Message Message::slice(std::size_t offset, std::size_t count) const {
  if (offset > size() || count > size() - offset) {
    throw std::out_of_range("slice of " + std::to_string(count) + " bytes at " + std::to_string(offset) +
                            " does not lie in a message of " + std::to_string(size()) + " bytes");
  }
  const std::span<const std::byte> part = bytes().subspan(offset, count);
  return is_shared() ? slice_of(*body_.shared.owner, part) : Message{part};
}

Message Message::compact() const {
  if (pinned_size() <= size()) return *this;
  return Message{bytes()};
}

std::ostream& operator<<(std::ostream& out, const Message& message) { return out << message.view(); }

}  // namespace parley
