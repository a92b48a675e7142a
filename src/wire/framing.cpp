#include <parley/wire/framing.hpp>

#include <parley/wire/framing_text.hpp>

#include <stdexcept>

namespace parley {
namespace {

template <class Options>
Options checked(Options options) {
  wire::check(options);
  return options;
}

std::shared_ptr<const CustomFraming> checked(std::shared_ptr<const CustomFraming> custom) {
  if (!custom) throw std::invalid_argument("a custom framing must not be a null pointer");
  return custom;
}

}  // namespace

Framing::Framing(LengthPrefixed options) : options_{checked(options)} {}
Framing::Framing(VarintPrefixed options) noexcept : options_{options} {}
Framing::Framing(Separator options) : options_{checked(std::move(options))} {}
Framing::Framing(FixedLength options) : options_{checked(options)} {}
Framing::Framing(UntilEof options) noexcept : options_{options} {}
Framing::Framing(Raw options) noexcept : options_{options} {}
Framing::Framing(IdleGap options) : options_{checked(options)} {}
Framing::Framing(std::shared_ptr<const CustomFraming> custom) : options_{checked(std::move(custom))} {}

std::string Framing::name() const { return to_string(*this); }

bool Framing::needs_half_close() const {
  if (const auto* const custom = std::get_if<std::shared_ptr<const CustomFraming>>(&options_))
    return (*custom)->needs_half_close();
  return std::holds_alternative<UntilEof>(options_);
}

bool Framing::uses_time() const {
  if (const auto* const custom = std::get_if<std::shared_ptr<const CustomFraming>>(&options_))
    return (*custom)->uses_time();
  return std::holds_alternative<IdleGap>(options_);
}

}  // namespace parley

namespace parley::wire {

void check(const LengthPrefixed& options) {
  const std::size_t width = options.width;
  if (width != 1 && width != 2 && width != 4 && width != 8)
    throw std::invalid_argument("the width of a length prefix is 1, 2, 4 or 8 bytes, not " + std::to_string(width));
  if (options.order != ByteOrder::big && options.order != ByteOrder::little)
    throw std::invalid_argument("the byte order of a length prefix is big or little");
  if (options.offset > 0 && static_cast<std::uint64_t>(options.offset) > unsigned_max(width))
    throw std::invalid_argument("a length prefix of width " + std::to_string(width) + " cannot hold the offset " +
                                std::to_string(options.offset) + "; the largest is " +
                                std::to_string(unsigned_max(width)));
}

void check(const Separator& options) {
  if (options.bytes.empty()) throw std::invalid_argument("a separator has at least one byte");
  if (options.bytes.size() > separator_size_max)
    throw std::invalid_argument("a separator has at most " + std::to_string(separator_size_max) + " bytes, not " +
                                std::to_string(options.bytes.size()));
}

void check(const FixedLength& options) {
  if (options.size == 0) throw std::invalid_argument("messages of fixed length have a size of at least 1 byte");
  if (options.size > body_size_max)
    throw std::invalid_argument("messages of fixed length have a size of at most " + std::to_string(body_size_max) +
                                " bytes, not " + std::to_string(options.size));
}

void check(const IdleGap& options) {
  if (options.gap <= Duration::zero())
    throw std::invalid_argument(
        "an idle gap is longer than nothing; without one every read is a message, which is raw");
  if (options.gap > idle_gap_max) throw std::invalid_argument("an idle gap is at most 24 hours long");
}

}  // namespace parley::wire
