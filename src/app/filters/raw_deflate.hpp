// Deflate (RFC 1951) without the wrapping that zlib puts around it: the one place that knows Beast's implementation.
//
// Both objects are large (260 and 45 KiB when used), and come back to their first state by `restart`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace parley::app::detail {

class Deflater {
 public:
  /// 0 to 9.
  explicit Deflater(int level);
  ~Deflater();

  /// As new: nothing that follows refers to anything before it.
  void restart(int level);

  /// Appends to `out` what `body` becomes.
  enum class End : std::uint8_t {
    finish,  ///< with the end of the stream behind it; `restart` comes next
    flush,   ///< so that all of it can be inflated, up to the next byte; it ends with 00 00 ff ff
  };
  void deflate(std::span<const std::byte> body, End end, std::vector<std::byte>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Inflater {
 public:
  Inflater();
  ~Inflater();

  /// As new: nothing that follows may refer to anything before it.
  void restart();

  struct Result {
    enum class Kind : std::uint8_t {
      ended,      ///< The stream ended behind `consumed` bytes.
      went_on,    ///< All bytes were consumed, and the stream may go on.
      too_large,  ///< There is more than `size_max`.
      malformed,  ///< The bytes break the rules of deflate.
    };
    Kind kind;
    std::size_t consumed = 0;
  };

  /// `out` is set to what `in` becomes, and never grows beyond `size_max` + 1 bytes. Behind `too_large` and `malformed`
  /// only `restart` makes sense.
  Result inflate(std::span<const std::byte> in, std::size_t size_max, std::vector<std::byte>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::app::detail
