// The decoder of any Framing, without a virtual call for the framings of the library.
//
// A driver cuts a whole batch within one visit, so that the decoder's type is looked up once for the batch and its
// code is inlined into the loop:
//
//   decoder.visit([&](auto& concrete) {
//     for (;;) {
//       const DecodeStep step = concrete.decode(unread, eof, now);
//       …
//     }
//   });
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

#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace parley::wire {

/// Decodes one direction of one connection. Movable; a moved-from one may only be destroyed or assigned to.
class AnyDecoder {
 public:
  /// One of the library's, or a user's behind a CustomDecoder.
  using Concrete = std::variant<LengthPrefixedDecoder, VarintPrefixedDecoder, SeparatorDecoder, FixedLengthDecoder,
                                UntilEofDecoder, RawDecoder, IdleGapDecoder, CustomDecoder>;

  /// See make_decoder.
  explicit AnyDecoder(Concrete concrete) noexcept : concrete_{std::move(concrete)} {}

  /// Calls `f` with the concrete decoder, as an lvalue, and returns what it returns.
  template <class F>
  decltype(auto) visit(F&& f) {
    if (auto* const plain = std::get_if<LengthPrefixedDecoder>(&concrete_)) [[likely]]
      return std::forward<F>(f)(*plain);
    return std::visit(std::forward<F>(f), concrete_);
  }

  /// One step; the contract is that of FrameDecoder.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint now) {
    return visit([&](auto& concrete) { return concrete.decode(unread, eof, now); });
  }

  /// When `decode` must be called again though nothing has come; only framings that use time have one.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const {
    if (const auto* const idle_gap = std::get_if<IdleGapDecoder>(&concrete_)) return idle_gap->next_deadline();
    const auto* const custom = std::get_if<CustomDecoder>(&concrete_);
    return custom == nullptr ? std::nullopt : custom->next_deadline();
  }

 private:
  Concrete concrete_;
};

/// Throws std::invalid_argument when the limit leaves the framing no message at all: Raw and IdleGap with a limit of
/// zero, or FixedLength messages larger than the limit. `message_size_max` is in bytes of body.
[[nodiscard]] PARLEY_EXPORT AnyDecoder make_decoder(const Framing& framing, std::size_t message_size_max);

}  // namespace parley::wire
