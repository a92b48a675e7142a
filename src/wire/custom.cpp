#include <parley/wire/custom.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley::wire {
namespace {

bool lies_within(const DecodeStep& frame, std::size_t unread_size) noexcept {
  return frame.consumed > 0 && frame.consumed <= unread_size && frame.begin <= frame.consumed &&
         frame.size <= frame.consumed - frame.begin;
}

}  // namespace

CustomDecoder::CustomDecoder(const CustomFraming& framing, std::size_t message_size_max)
    : decoder_{framing.make_decoder(message_size_max)} {
  if (!decoder_) throw std::invalid_argument("the framing '" + framing.name() + "' made no decoder");
}

DecodeStep CustomDecoder::decode(std::span<const std::byte> unread, bool eof, TimePoint now) {
  DecodeStep step = decoder_->decode(unread, eof, now);
  switch (step.kind) {
    case DecodeStep::Kind::need:
      return DecodeStep::incomplete(unread.size(), eof, std::max(step.need, unread.size() + 1));
    case DecodeStep::Kind::frame:
      return lies_within(step, unread.size()) ? step : DecodeStep::fail(error::malformed, 0);
    case DecodeStep::Kind::error: step.offset = std::min(step.offset, unread.size()); return step;
    case DecodeStep::Kind::end: break;
  }
  // Before the end of the stream, or with bytes left, it has not ended cleanly.
  return DecodeStep::incomplete(unread.size(), eof, unread.size() + 1);
}

CustomEncoder::CustomEncoder(std::shared_ptr<const CustomFraming> framing, std::size_t message_size_max)
    : framing_{std::move(framing)}, size_max_{std::min(message_size_max, body_size_max)} {}

boost::system::error_code CustomEncoder::encode(std::span<const std::byte> body, Envelope& out) const {
  if (body.size() > size_max_) return error::message_too_large;
  out.clear();
  return framing_->encode(body, out);
}

}  // namespace parley::wire
