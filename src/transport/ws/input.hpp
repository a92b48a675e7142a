// Bytes received and not yet understood, contiguous.
#pragma once

#include "transport/layer.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace parley::transport {

class WsInput {
 public:
  /// One read asks for at most this much.
  static constexpr std::size_t block_size = 64 * 1024;

  explicit WsInput(Below& below) noexcept : below_{below} {}

  [[nodiscard]] std::span<const std::byte> unread() const noexcept { return {block_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t size) noexcept { begin_ += size; }

  [[nodiscard]] bool is_full() const noexcept { return block_ && end_ - begin_ == block_size; }

  /// Takes what there is from below. There must be room: no header, control frame or HTTP message needs a whole block.
  void fetch(boost::system::error_code& ec) {
    if (!block_) block_ = std::make_unique_for_overwrite<std::byte[]>(block_size);
    if (begin_ > 0) {
      std::memmove(block_.get(), block_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    end_ += below_.take({block_.get() + end_, block_size - end_}, ec);
  }

  /// An idle connection holds no buffer.
  void release_memory() noexcept {
    if (begin_ != end_) return;
    block_.reset();
    begin_ = end_ = 0;
  }

 private:
  Below& below_;
  std::unique_ptr<std::byte[]> block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace parley::transport
