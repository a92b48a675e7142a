// Drives a framing's decoder as a connection would, over bytes cut into any chunks, and holds it to its contract.
//
// Every call of `decode` sees the unread bytes in a heap block of exactly their size, so that AddressSanitizer notices
// a read past either end. A broken contract is std::logic_error: a failed test, and a crash under libFuzzer.
#pragma once

#include <parley/wire/any_decoder.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::test {

/// What came out of a stream. Offsets are counted from the beginning of the stream.
struct Decoded {
  enum class Ending { waiting, end, error };

  std::vector<std::string> messages{};
  std::vector<std::size_t> frame_ends{};
  Ending ending = Ending::waiting;
  parley::error code{};
  std::size_t error_offset = 0;
  std::size_t error_size = 0;

  bool operator==(const Decoded&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Decoded& decoded) {
  for (const std::string& message : decoded.messages) {
    out << '[' << message.size() << "] ";
    for (const char c : message.substr(0, 40)) out << (c >= ' ' && c <= '~' ? c : '?');
    out << ", ";
  }
  switch (decoded.ending) {
    case Decoded::Ending::waiting: return out << "waiting";
    case Decoded::Ending::end: return out << "end";
    case Decoded::Ending::error: break;
  }
  return out << make_error_code(decoded.code).message() << " at " << decoded.error_offset << ", size "
             << decoded.error_size;
}

/// One stream through one decoder. `feed` the chunks, then `finish`.
class ChunkedDecode {
 public:
  /// `obey_need`: ask the decoder only when it can do better; otherwise at every chunk, as a timer would.
  ChunkedDecode(const Framing& framing, std::size_t message_size_max, bool obey_need = false)
      : decoder_{wire::make_decoder(framing, message_size_max)}, obey_need_{obey_need} {}

  void feed(std::string_view chunk) {
    unread_ += chunk;
    cut(false);
  }

  /// From here on the decoder is told this time. A driver that woke for it feeds nothing.
  void set_time(TimePoint now) { now_ = now; }
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return decoder_.next_deadline(); }

  /// The stream ends behind `chunk`.
  Decoded finish(std::string_view chunk = {}) {
    unread_ += chunk;
    cut(true);
    return result_;
  }

  [[nodiscard]] const Decoded& result() const noexcept { return result_; }

 private:
  void cut(bool eof) {
    while (result_.ending == Decoded::Ending::waiting) {
      if (obey_need_ && !eof && unread_.size() < need_) return;
      if (!take(ask(eof), eof)) return;
    }
  }

  wire::DecodeStep ask(bool eof) {
    const std::size_t size = unread_.size();
    const auto exact = std::make_unique_for_overwrite<std::byte[]>(size);
    std::copy_n(reinterpret_cast<const std::byte*>(unread_.data()), size, exact.get());
    return decoder_.decode(std::span<const std::byte>{exact.get(), size}, eof, now_);
  }

  /// Whether to ask again.
  bool take(const wire::DecodeStep& step, bool eof) {
    switch (step.kind) {
      case wire::DecodeStep::Kind::need:
        require(!eof, "need at the end of the stream");
        require(step.need > unread_.size(), "a need that is met already");
        need_ = step.need;
        return false;
      case wire::DecodeStep::Kind::frame: take_frame(step, eof); return true;
      case wire::DecodeStep::Kind::end:
        require(eof && unread_.empty(), "an end before the end");
        result_.ending = Decoded::Ending::end;
        return false;
      case wire::DecodeStep::Kind::error: break;
    }
    take_error(step, eof);
    return false;
  }

  void take_frame(const wire::DecodeStep& step, bool eof) {
    require(step.consumed > 0, "a frame of no bytes");
    require(eof || !obey_need_ || step.consumed >= need_,
            "a need of more than the frame, which would have been held back");
    require(step.consumed <= unread_.size(), "a frame beyond the bytes");
    require(step.begin <= step.consumed && step.size <= step.consumed - step.begin, "a body outside its frame");
    result_.messages.push_back(unread_.substr(step.begin, step.size));
    unread_.erase(0, step.consumed);
    dropped_ += step.consumed;
    result_.frame_ends.push_back(dropped_);
    need_ = 0;
  }

  void take_error(const wire::DecodeStep& step, bool eof) {
    require(step.code != error{}, "an error without a code");
    require(step.offset <= unread_.size(), "an error beyond the bytes");
    const wire::DecodeStep again = ask(eof);
    require(
        again.kind == step.kind && again.code == step.code && again.offset == step.offset && again.size == step.size,
        "a decoder that failed and did not stay so");
    result_.ending = Decoded::Ending::error;
    result_.code = step.code;
    result_.error_offset = dropped_ + step.offset;
    result_.error_size = step.size;
  }

  static void require(bool kept, const char* breach) {
    if (!kept) throw std::logic_error(std::string{"the decoder answered "} + breach);
  }

  wire::AnyDecoder decoder_;
  bool obey_need_;
  TimePoint now_{};
  std::string unread_{};
  std::size_t dropped_ = 0;
  std::size_t need_ = 0;
  Decoded result_{};
};

/// The whole stream in one chunk, and its end with it.
inline Decoded decode_whole(const Framing& framing, std::size_t message_size_max, std::string_view stream) {
  return ChunkedDecode{framing, message_size_max}.finish(stream);
}

/// Cut as `next_chunk_size` says (zero counts as one); the end comes with the last chunk, or by itself.
template <class NextChunkSize>
Decoded decode_chunks(const Framing& framing, std::size_t message_size_max, std::string_view stream,
                      NextChunkSize next_chunk_size, bool obey_need, bool end_with_last_chunk) {
  ChunkedDecode decode{framing, message_size_max, obey_need};
  for (;;) {
    const std::string_view chunk = stream.substr(0, std::max<std::size_t>(next_chunk_size(), 1));
    stream.remove_prefix(chunk.size());
    if (stream.empty() && end_with_last_chunk) return decode.finish(chunk);
    decode.feed(chunk);
    if (stream.empty()) return decode.finish();
  }
}

/// Every way to cut `stream` that finds mistakes: byte by byte, and once at each byte; both with the end by itself and
/// with the last bytes, obeying `need` and not.
template <class Check>
void for_each_cut(const Framing& framing, std::size_t message_size_max, std::string_view stream, Check check) {
  for (const bool obey_need : {false, true}) {
    for (const bool end_with_last_chunk : {false, true}) {
      const auto cut = [&](auto next_chunk_size, const std::string& how) {
        check(decode_chunks(framing, message_size_max, stream, next_chunk_size, obey_need, end_with_last_chunk),
              how + (obey_need ? ", obeying need" : "") + (end_with_last_chunk ? ", the end with the last bytes" : ""));
      };
      cut([] { return std::size_t{1}; }, "byte by byte");
      for (std::size_t at = 1; at < stream.size(); ++at) {
        cut([&, first = true]() mutable { return std::exchange(first, false) ? at : stream.size(); },
            "split at " + std::to_string(at));
      }
    }
  }
}

/// What `envelope` and `body` are on the wire, as text.
inline std::string wire_text(const wire::Envelope& envelope, std::string_view body) {
  const auto as_text = [](std::span<const std::byte> bytes) {
    return std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  };
  std::string wire{as_text(envelope.header)};
  wire += body;
  wire.append(envelope.pad_size, static_cast<char>(envelope.pad));
  wire += as_text(envelope.trailer);
  return wire;
}

/// Everything `encoder` puts on the wire for `body`, as text; throws std::logic_error when it refuses.
template <class Encoder>
std::string encode_text(Encoder& encoder, std::string_view body) {
  wire::Envelope envelope;
  if (const auto refused = encoder.encode(std::as_bytes(std::span{body}), envelope))
    throw std::logic_error("the encoder refused: " + refused.message());
  return wire_text(envelope, body);
}

}  // namespace parley::test
