// Message: immutable bytes that are cheap to copy and to hand around.
//
// A body of up to `Message::inline_size_max` bytes lives in the Message itself. A larger one is shared: copying a
// Message copies no payload, and received messages are slices of the buffer they were read into. A slice keeps that
// whole buffer alive; `compact()` gives a Message that keeps only its own bytes.
//
// Thread rule: distinct Message objects may be used from any threads, also when they share their bytes.
#pragma once

#include <parley/detail/copy_small.hpp>
#include <parley/detail/export.hpp>
#include <parley/detail/shared_bytes.hpp>

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// Immutable bytes; a copy of a large one shares them. See the top of this header.
class PARLEY_EXPORT Message {
 public:
  /// Bodies up to this many bytes are stored in the object; copying such a Message takes no memory.
  static constexpr std::size_t inline_size_max = 64;

  /// An empty message (zero bytes; legal in every framing that can carry it).
  Message() noexcept : tagged_size_{0} {}

  /// Copies the text.
  Message(std::string_view text) : Message(std::as_bytes(std::span{text})) {}  // NOLINT(google-explicit-constructor)
  Message(const char* text) : Message(std::string_view{text}) {}               // NOLINT(google-explicit-constructor)
  Message(const std::string& text) : Message(std::string_view{text}) {}        // NOLINT(google-explicit-constructor)
  /// Copies the bytes.
  Message(std::span<const std::byte> bytes) {  // NOLINT(google-explicit-constructor)
    if (bytes.size() <= inline_size_max) {
      store_inline(bytes);
    } else {
      store_shared(bytes);
    }
  }

  /// Takes the memory over; a body that fits inline is copied instead.
  Message(std::string&& text);                  // NOLINT(google-explicit-constructor)
  Message(std::vector<std::byte>&& bytes);      // NOLINT(google-explicit-constructor)
  Message(std::vector<unsigned char>&& bytes);  // NOLINT(google-explicit-constructor)

  /// One message of several pieces, in order, with a single copy.
  [[nodiscard]] static Message join(std::span<const std::span<const std::byte>> pieces);
  [[nodiscard]] static Message join(std::initializer_list<std::string_view> pieces);

  /// A copy shares a large body, and has its own of a small one; neither takes memory.
  Message(const Message& other) noexcept { copy_from(other); }
  /// Leaves `other` empty.
  Message(Message&& other) noexcept { take_from(other); }
  /// As the copy constructor.
  Message& operator=(const Message& other) noexcept {
    if (this != &other) {
      release();
      copy_from(other);
    }
    return *this;
  }
  /// Leaves `other` empty.
  Message& operator=(Message&& other) noexcept {
    if (this != &other) {
      release();
      take_from(other);
    }
    return *this;
  }

  ~Message() { release(); }

  /// Of the body, in bytes.
  [[nodiscard]] std::size_t size() const noexcept { return tagged_size_ & ~shared_flag; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// The first byte, as long as this Message is there, unchanged and unmoved. Not null, even when there is none.
  [[nodiscard]] const std::byte* data() const noexcept { return is_shared() ? body_.shared.data : body_.bytes; }

  /// The body, as bytes and as characters (of no particular encoding). Valid as long as this Message, unchanged and
  /// unmoved.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data(), size()}; }
  [[nodiscard]] std::string_view view() const noexcept { return {reinterpret_cast<const char*>(data()), size()}; }
  /// A copy as a string; `view()` is the form without one.
  [[nodiscard]] std::string text() const { return std::string{view()}; }

  /// `count` bytes from `offset`, sharing the memory where it is shared. Throws std::out_of_range past the end.
  [[nodiscard]] Message slice(std::size_t offset, std::size_t count) const;

  /// The same bytes, keeping nothing else alive.
  [[nodiscard]] Message compact() const;

  /// Bytes of memory this Message keeps alive beyond itself; 0 for an inline body.
  [[nodiscard]] std::size_t pinned_size() const noexcept { return is_shared() ? body_.shared.owner->block_size : 0; }

  friend bool operator==(const Message& a, const Message& b) noexcept { return a.view() == b.view(); }

  /// For framings and transports: a slice of `owner`'s bytes, on which the caller keeps its own reference. Copies
  /// instead when the body fits inline.
  [[nodiscard]] static Message slice_of(detail::SharedBytes& owner, std::span<const std::byte> bytes) noexcept {
    Message m;
    if (bytes.size() <= inline_size_max) {
      m.store_inline(bytes);
    } else {
      owner.add_reference();
      m.set_shared(owner, bytes);
    }
    return m;
  }

  /// For framings and transports: what keeps the bytes of a body that is not inline; null for one that is.
  [[nodiscard]] detail::SharedBytes* owner() const noexcept { return is_shared() ? body_.shared.owner : nullptr; }

  /// Copies `inline_size_max` bytes.
  static void copy_all_inline(std::byte* to, const std::byte* from) noexcept {
    static_assert(inline_size_max == 64 && sizeof(Body) == 64);
    detail::copy_64(to, from);
  }
  /// As slice_of for a body that fits inline, where `inline_size_max` bytes may be read from `data` on: one copy of
  /// fixed size is several times cheaper than one of exactly `size`.
  void assign_inline(const std::byte* data, std::size_t size) noexcept {
    release();
    copy_all_inline(body_.bytes, data);
    tagged_size_ = size;
  }

 private:
  static constexpr std::size_t shared_flag = ~(~std::size_t{0} >> 1);

  struct Shared {
    const std::byte* data;
    detail::SharedBytes* owner;
  };
  union Body {
    Body() noexcept {}
    std::byte bytes[inline_size_max];
    Shared shared;
  };

  [[nodiscard]] bool is_shared() const noexcept { return (tagged_size_ & shared_flag) != 0; }

  void store_inline(std::span<const std::byte> bytes) noexcept {
    tagged_size_ = bytes.size();
    detail::copy_small(body_.bytes, bytes.data(), bytes.size());
  }
  void store_shared(std::span<const std::byte> bytes);
  /// Takes over one reference on `owner`.
  void set_shared(detail::SharedBytes& owner, std::span<const std::byte> bytes) noexcept {
    body_.shared = {bytes.data(), &owner};
    tagged_size_ = bytes.size() | shared_flag;
  }
  // Whole-object copies of a known size beat a copy of just the bytes in use; the rest may well be uninitialised.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
  void copy_from(const Message& other) noexcept {
    copy_all_inline(body_.bytes, other.body_.bytes);
    tagged_size_ = other.tagged_size_;
    if (is_shared()) body_.shared.owner->add_reference();
  }
  void take_from(Message& other) noexcept {
    copy_all_inline(body_.bytes, other.body_.bytes);
    tagged_size_ = other.tagged_size_;
    other.tagged_size_ = 0;
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
  void release() noexcept {
    if (is_shared()) body_.shared.owner->drop_reference();
  }

  Body body_;
  std::size_t tagged_size_;
};

static_assert(sizeof(Message) == 72);

/// The bytes as they are.
PARLEY_EXPORT std::ostream& operator<<(std::ostream& out, const Message& message);

}  // namespace parley
