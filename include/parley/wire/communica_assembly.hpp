// A message of communica that comes in chunks (docs/protocols/communica.md, section 2), as far as it has come.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/error.hpp>
#include <parley/wire/communica_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace parley::wire {

/// Takes the frames of one direction of a connection, each as it has been decoded.
class PARLEY_EXPORT CommunicaAssembly final {
 public:
  /// What came of a frame.
  struct Result {
    error code{};              ///< what is wrong, if anything is: malformed or message_too_large
    const char* why = "";      ///< what the peer did
    std::size_t size = 0;      ///< message_too_large: how much has come, in bytes
    bool is_complete = false;  ///< metadata() and data() are those of a whole message
  };

  /// `limits`: of whole messages.
  explicit CommunicaAssembly(const CommunicaLimits& limits) noexcept : limits_{limits} {}

  /// Whether the rest of a message has to come next.
  [[nodiscard]] bool is_open() const noexcept { return next_index_ > 0; }

  /// The next frame, which is a chunk: `step` is what was decoded of `frame`.
  [[nodiscard]] Result add(const CommunicaStep& step, std::span<const std::byte> frame);

  /// Of the message that add() has completed; until the next one begins.
  [[nodiscard]] const std::string& metadata() const noexcept { return metadata_; }
  [[nodiscard]] std::vector<std::byte>& data() noexcept { return data_; }

 private:
  CommunicaLimits limits_;
  std::uint32_t next_index_ = 0;
  std::uint32_t count_ = 0;
  std::string metadata_;
  std::vector<std::byte> data_;
};

}  // namespace parley::wire
