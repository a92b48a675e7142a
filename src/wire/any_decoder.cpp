#include <parley/wire/any_decoder.hpp>

namespace parley::wire {
namespace {

/// One overload for each option struct: adding a framing adds a line here and in any_encoder.cpp.
struct MakeDecoder {
  std::size_t size_max;

  AnyDecoder operator()(const LengthPrefixed& o) const { return AnyDecoder{LengthPrefixedDecoder{o, size_max}}; }
  AnyDecoder operator()(const VarintPrefixed& o) const { return AnyDecoder{VarintPrefixedDecoder{o, size_max}}; }
  AnyDecoder operator()(const Separator& o) const { return AnyDecoder{SeparatorDecoder{o, size_max}}; }
  AnyDecoder operator()(const FixedLength& o) const { return AnyDecoder{FixedLengthDecoder{o, size_max}}; }
  AnyDecoder operator()(const UntilEof& o) const { return AnyDecoder{UntilEofDecoder{o, size_max}}; }
  AnyDecoder operator()(const Raw& o) const { return AnyDecoder{RawDecoder{o, size_max}}; }
  AnyDecoder operator()(const IdleGap& o) const { return AnyDecoder{IdleGapDecoder{o, size_max}}; }
  AnyDecoder operator()(const std::shared_ptr<const CustomFraming>& custom) const {
    return AnyDecoder{CustomDecoder{*custom, size_max}};
  }
};

}  // namespace

AnyDecoder make_decoder(const Framing& framing, std::size_t message_size_max) {
  return std::visit(MakeDecoder{message_size_max}, framing.options());
}

}  // namespace parley::wire
