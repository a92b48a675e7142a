#pragma once

#include "bench/common/body.hpp"

#include <parley/message.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace bench::messages {

/// Makes one Message after the other, each with its own mark.
class BodyMaker {
 public:
  explicit BodyMaker(std::size_t size, std::uint32_t peer = 0) : body_(make_body(size, peer)) {}

  parley::Message make(Mark mark, std::uint64_t count) {
    return body_.size() >= moved_size_min ? make_large(mark, count) : make_small(mark, count);
  }

  std::size_t size() const noexcept { return body_.size(); }

 private:
  /// From here on to fill a fresh vector and hand it over is cheaper than to copy a body that was ready.
  static constexpr std::size_t moved_size_min = 32 * 1024;

  parley::Message make_small(Mark mark, std::uint64_t count) {
    if (mark != Mark::data || count != stored_count_) store_mark(body_.data(), mark, count);
    parley::Message message{std::as_bytes(std::span{body_})};
    // Bytes copied right after they were stored, by loads of another size, stall the processor. A program has its
    // bodies from somewhere; here the mark of the next is stored as soon as this one is made.
    stored_count_ = count + 1;
    store_mark(body_.data(), Mark::data, stored_count_);
    return message;
  }

  parley::Message make_large(Mark mark, std::uint64_t count) const {
    std::vector<unsigned char> fresh(body_.size());
    store_mark(fresh.data(), mark, count);
    store_peer(fresh.data(), peer_of(body_.data()));
    return parley::Message{std::move(fresh)};
  }

  std::vector<unsigned char> body_;
  std::uint64_t stored_count_ = 0;  // of the mark in body_, which is that of a D whenever make() is called
};

}  // namespace bench::messages
