// Compression of every message, as zlib does it (RFC 1950 and 1951): what other languages' zlib modules understand.
//
//   MakeFilter small = deflate_filter({.level = 9});                 // each message a zlib stream of its own
//   MakeFilter stream = deflate_filter({.keeps_context = true});     // one zlib stream for each direction, flushed
//                                                                    // behind every message (Z_SYNC_FLUSH)
//
// The second kind makes many small messages that resemble each other a good deal smaller, as each refers to those
// before it. It costs memory for each peer, and no message may be lost on the way.
#pragma once

#include <parley/app/filter.hpp>
#include <parley/detail/export.hpp>
#include <parley/limits.hpp>

#include <cstddef>

namespace parley::app {

/// How messages are compressed, and how far they may grow.
struct Deflate {
  /// 0 (not at all), 1 (fast) to 9 (small).
  int level = 6;
  /// Later messages refer to earlier ones. Takes some 260 KiB for each peer that was sent a message, and 45 KiB for
  /// each that sent one; without it a thread needs that once. A peer that ends its stream, or leaves out a flush,
  /// fails.
  bool keeps_context = false;
  /// Largest message, in bytes, that a received one may be inflated to. One that would be larger is
  /// error::message_too_large, and no more memory than this is taken for it.
  std::size_t inflated_size_max = limits::message_size_max;
  /// What to do about a message that is no zlib stream, a damaged one, or too large. With `keeps_context` only
  /// fail_peer is possible, as what follows builds on it.
  OnBadMessage on_bad_message = OnBadMessage::fail_peer;
};

/// Compresses what goes out, inflates what comes in. An empty message is compressed as well, to a few bytes. Throws
/// std::invalid_argument for a level that is none, and for `drop` with `keeps_context`.
[[nodiscard]] PARLEY_EXPORT MakeFilter deflate_filter(const Deflate& options);

}  // namespace parley::app
