// faulty_stream: a Stream that behaves as badly as a network may, on purpose and repeatably.
//
//   FaultPlan plan;
//   plan.read_size_max = 1;                                      // bytes arrive one by one
//   plan.fail_read = {3, asio::error::connection_reset};         // and the third read fails
//   Stream stream = faulty_stream(std::move(inner), plan);
//
// Reads and writes are counted from 1; a try that would block is not counted. What failed once stays failed.
// The thread rule is that of Stream.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/transport/stream.hpp>

#include <cstddef>
#include <limits>
#include <optional>

namespace parley::testing {

/// One failure.
struct Fault {
  std::size_t operation;           ///< the read or write that fails, and all after it; counted from 1
  boost::system::error_code code;  ///< what it fails with
};

/// What goes wrong, and when.
struct FaultPlan {
  /// As much as the stream below gives or takes.
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  /// Most bytes one read delivers, and one write takes. At least 1.
  std::size_t read_size_max = unlimited;
  std::size_t write_size_max = unlimited;

  /// A failure, if there is to be one.
  std::optional<Fault> fail_read;
  std::optional<Fault> fail_write;

  /// From this operation on nothing comes and nothing goes: waits end only when the stream is closed or destroyed.
  std::optional<std::size_t> stall_read;
  std::optional<std::size_t> stall_write;

  /// Every so many tries say would_block although they could go on, after a wait that said ready, too. 0: never; 1
  /// would block for ever, and is taken as 2.
  std::size_t spurious_period = 0;

  /// False: only the asynchronous operations work, as with a user's own stream.
  bool can_wait = true;
  /// False: one direction cannot be ended alone, as with TLS.
  bool can_half_close = true;
};

/// Throws std::invalid_argument for a size limit of 0.
[[nodiscard]] PARLEY_EXPORT transport::Stream faulty_stream(transport::Stream inner, FaultPlan plan);

}  // namespace parley::testing
