// What an encoder puts around a body: bytes before it, bytes after it, padding. The body itself is never copied here.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace parley::wire {

/// Filled by an encoder, read by the caller before the next call. The spans point into `scratch` or into memory of the
/// encoder's own, so an Envelope cannot be copied.
/// On the wire: header, body, `pad_size` bytes of `pad`, trailer.
class Envelope {
 public:
  Envelope() = default;
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;

  std::span<const std::byte> header;   ///< before the body
  std::span<const std::byte> trailer;  ///< behind body and padding
  std::size_t pad_size = 0;            ///< bytes of padding behind the body
  std::byte pad{};                     ///< each of them
  /// The last message of this direction: the stream's sending side is shut down behind it.
  bool ends_stream = false;

  /// Room for small headers and trailers, so that an encoder needs no memory of its own.
  std::array<std::byte, 32> scratch{};

  /// Nothing around the body. `scratch` keeps what is in it.
  void clear() noexcept {
    header = {};
    trailer = {};
    pad_size = 0;
    ends_stream = false;
  }
};

}  // namespace parley::wire
