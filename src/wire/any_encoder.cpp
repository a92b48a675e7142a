#include <parley/wire/any_encoder.hpp>

namespace parley::wire {
namespace {

struct MakeEncoder {
  std::size_t size_max;

  AnyEncoder operator()(const LengthPrefixed& o) const { return AnyEncoder{LengthPrefixedEncoder{o, size_max}}; }
  AnyEncoder operator()(const VarintPrefixed& o) const { return AnyEncoder{VarintPrefixedEncoder{o, size_max}}; }
  AnyEncoder operator()(const Separator& o) const { return AnyEncoder{SeparatorEncoder{o, size_max}}; }
  AnyEncoder operator()(const FixedLength& o) const { return AnyEncoder{FixedLengthEncoder{o, size_max}}; }
  AnyEncoder operator()(const UntilEof& o) const { return AnyEncoder{UntilEofEncoder{o, size_max}}; }
  AnyEncoder operator()(const Raw& o) const { return AnyEncoder{RawEncoder{o, size_max}}; }
  AnyEncoder operator()(const IdleGap& o) const { return AnyEncoder{IdleGapEncoder{o, size_max}}; }
  AnyEncoder operator()(const std::shared_ptr<const CustomFraming>& custom) const {
    return AnyEncoder{CustomEncoder{custom, size_max}};
  }
};

}  // namespace

boost::system::error_code AnyEncoder::encode_other(std::span<const std::byte> body, Envelope& out) {
  return std::visit([&](auto& concrete) { return concrete.encode(body, out); }, concrete_);
}

AnyEncoder make_encoder(const Framing& framing, std::size_t message_size_max) {
  return std::visit(MakeEncoder{message_size_max}, framing.options());
}

}  // namespace parley::wire
