// However the bytes are cut, the same messages, errors and offsets come out: random framings, random messages, random
// damage, random cuts. Raw apart, whose messages are the cuts.
//
// PARLEY_PROPERTY_SCALE multiplies the number of tries. A failure names its seed, which is all it takes to repeat it.
#include "try_count.hpp"

#include "examples/2_recipes/start_end_checksum.hpp"
#include "support/chunked_decode.hpp"

#include <parley/wire/any_encoder.hpp>
#include <parley/wire/framing_text.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <random>

namespace parley::test {
namespace {

/// One try: everything random about it comes from its seed.
class Random {
 public:
  explicit Random(unsigned seed) : engine_{seed} {}

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  bool chance(std::size_t in) { return below(in) == 0; }
  char letter() { return "aab\r\n"[below(5)]; }

  std::string text(std::size_t size_bound) {
    std::string text(below(size_bound), '\0');
    for (char& c : text) c = letter();
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

Framing random_framing(Random& random) {
  constexpr std::array<std::size_t, 4> widths{1, 2, 4, 8};
  constexpr std::array<std::int64_t, 5> offsets{0, 4, 200, -1, -3};
  switch (random.below(8)) {
    case 0: return Framing{};
    case 1:
      return LengthPrefixed{.width = widths[random.below(4)],
                            .order = random.chance(2) ? ByteOrder::big : ByteOrder::little,
                            .offset = offsets[random.below(5)]};
    case 2: return VarintPrefixed{};
    case 3:
      return Separator{
          .bytes = random.letter() + random.text(4), .keep = random.chance(2), .allow_in_body = random.chance(2)};
    case 4: return FixedLength{.size = 1 + random.below(20), .pad = 'a', .strip = random.chance(2)};
    case 5: return UntilEof{};
    case 6: return IdleGap{};  // no time passes, so that the end of the stream is what ends its message
    default: return std::make_shared<StartEndChecksum>();
  }
}

/// Some messages that the framing can carry, as they are on the wire, and a damage in every other stream.
std::string random_stream(Random& random, const Framing& framing, std::size_t message_size_max) {
  wire::AnyEncoder encoder = wire::make_encoder(framing, message_size_max);
  std::string stream;
  for (std::size_t tries = random.below(12); tries > 0; --tries) {
    const std::string body = random.text(random.chance(8) ? 400 : 24);
    wire::Envelope probe;
    if (wire::make_encoder(framing, message_size_max).encode(std::as_bytes(std::span{body}), probe)) continue;
    if (framing.needs_half_close()) return encode_text(encoder, body);
    stream += encode_text(encoder, body);
  }
  if (stream.empty() || random.chance(2)) return stream;
  if (random.chance(2)) stream.resize(random.below(stream.size()));
  if (!stream.empty()) stream[random.below(stream.size())] ^= static_cast<char>(1 << random.below(8));
  return stream;
}

TEST(FramingChunking, gives_the_same_messages_errors_and_offsets_however_cut) {
  for (unsigned seed = 1; seed <= try_count(4000) && !::testing::Test::HasFailure(); ++seed) {
    Random random{seed};
    const Framing framing = random_framing(random);
    const std::size_t message_size_max = 20 + random.below(random.chance(2) ? 20 : 400);
    const std::string stream = random_stream(random, framing, message_size_max);
    const Decoded whole = decode_whole(framing, message_size_max, stream);
    for (int cut = 0; cut < 4; ++cut) {
      const std::size_t chunk_bound = std::size_t{2} << (2 * cut);
      const auto next_chunk_size = [&] { return random.below(chunk_bound); };
      EXPECT_EQ(decode_chunks(framing, message_size_max, stream, next_chunk_size, random.chance(2), random.chance(2)),
                whole)
          << "seed " << seed << ", framing " << to_string(framing) << ", limit " << message_size_max;
    }
  }
}

TEST(FramingChunking, delivers_what_was_sent) {
  for (unsigned seed = 1; seed <= try_count(2000) && !::testing::Test::HasFailure(); ++seed) {
    Random random{seed};
    const Framing framing = LengthPrefixed{.width = 8, .order = random.chance(2) ? ByteOrder::big : ByteOrder::little};
    const std::array<Framing, 4> framings{Framing{}, framing, VarintPrefixed{}, Separator{"\xff\xfe"}};
    const Framing& chosen = framings[random.below(framings.size())];
    wire::AnyEncoder encoder = wire::make_encoder(chosen, 1000);
    std::vector<std::string> sent(random.below(20));
    std::string stream;
    for (std::string& body : sent) stream += encode_text(encoder, body = random.text(random.chance(4) ? 1000 : 20));
    const auto next_chunk_size = [&] { return random.below(300); };
    const Decoded arrived = decode_chunks(chosen, 1000, stream, next_chunk_size, random.chance(2), random.chance(2));
    EXPECT_EQ(arrived.messages, sent) << "seed " << seed << ", framing " << to_string(chosen);
    EXPECT_EQ(arrived.ending, Decoded::Ending::end);
  }
}

TEST(FramingChunking, an_idle_gap_is_found_wherever_the_bytes_between_two_are_cut) {
  const Duration gap = std::chrono::milliseconds{5};
  for (unsigned seed = 1; seed <= try_count(1000) && !::testing::Test::HasFailure(); ++seed) {
    Random random{seed};
    ChunkedDecode decode{IdleGap{.gap = gap}, 1000, false};
    TimePoint now{};
    std::vector<std::string> sent(random.below(10));
    for (std::string& message : sent) {
      message = "." + random.text(30);
      for (std::string_view rest = message; !rest.empty();
           now += Duration{random.below(static_cast<std::size_t>(gap.count()))}) {
        const std::string_view chunk = rest.substr(0, 1 + random.below(10));
        rest.remove_prefix(chunk.size());
        decode.set_time(now);
        decode.feed(chunk);
        if (random.chance(2)) decode.feed({});  // asked too early
      }
      now = std::max(now, *decode.next_deadline()) + Duration{random.below(3)};
      decode.set_time(now);
      decode.feed({});
    }
    EXPECT_EQ(decode.finish().messages, sent) << "seed " << seed;
    EXPECT_EQ(decode.result().ending, Decoded::Ending::end);
  }
}

TEST(FramingChunking, raw_loses_and_reorders_nothing) {
  for (unsigned seed = 1; seed <= try_count(500); ++seed) {
    Random random{seed};
    const std::string stream = random.text(500);
    const auto next_chunk_size = [&] { return random.below(50); };
    const Decoded arrived = decode_chunks(Raw{}, 16, stream, next_chunk_size, random.chance(2), random.chance(2));
    std::string joined;
    for (const std::string& message : arrived.messages) {
      EXPECT_LE(message.size(), 16u);
      joined += message;
    }
    ASSERT_EQ(joined, stream) << "seed " << seed;
  }
}

}  // namespace
}  // namespace parley::test
