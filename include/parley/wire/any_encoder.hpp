// The encoder of any Framing: says what goes around a body, and copies none of it.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/custom.hpp>
#include <parley/wire/fixed_length.hpp>
#include <parley/wire/framing.hpp>
#include <parley/wire/idle_gap.hpp>
#include <parley/wire/length_prefixed.hpp>
#include <parley/wire/raw.hpp>
#include <parley/wire/separator.hpp>
#include <parley/wire/until_eof.hpp>
#include <parley/wire/varint_prefixed.hpp>

#include <span>
#include <utility>
#include <variant>

namespace parley::wire {

/// Encodes one direction of one connection; takes no memory for a message.
class PARLEY_EXPORT AnyEncoder {
 public:
  /// One of the library's, or a user's behind a CustomEncoder.
  using Concrete = std::variant<LengthPrefixedEncoder, VarintPrefixedEncoder, SeparatorEncoder, FixedLengthEncoder,
                                UntilEofEncoder, RawEncoder, IdleGapEncoder, CustomEncoder>;

  /// See make_encoder.
  explicit AnyEncoder(Concrete concrete) noexcept : concrete_{std::move(concrete)} {}

  /// Fills `out` for `body`; on the wire: header, body, padding, trailer. The spans in `out` stay valid until `out` or
  /// this encoder is used again, moved or destroyed. Errors: message_too_large, unframeable, send_ended, or a custom
  /// framing's own; after an error `out` is unspecified, nothing is to be written, and the next message may be tried.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) {
    if (auto* const plain = std::get_if<LengthPrefixedEncoder>(&concrete_)) [[likely]]
      return plain->encode(body, out);
    return encode_other(body, out);
  }

 private:
  [[nodiscard]] boost::system::error_code encode_other(std::span<const std::byte> body, Envelope& out);

  Concrete concrete_;
};

/// Throws std::invalid_argument as make_decoder does. `message_size_max` is in bytes of body.
[[nodiscard]] PARLEY_EXPORT AnyEncoder make_encoder(const Framing& framing, std::size_t message_size_max);

}  // namespace parley::wire
