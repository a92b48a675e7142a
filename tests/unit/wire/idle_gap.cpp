#include <parley/wire/idle_gap.hpp>

#include "support/bytes_of.hpp"
#include "support/chunked_decode.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace parley::wire {
namespace {

using namespace std::chrono_literals;
using test::ChunkedDecode;
using Texts = std::vector<std::string>;

constexpr TimePoint start{10h};
constexpr IdleGap gap{.gap = 20ms};

/// Feeds and wakes as a driver does, at moments counted from `start`.
class IdleGapLine {
 public:
  explicit IdleGapLine(std::size_t message_size_max = 64) : decode_{gap, message_size_max} {}

  IdleGapLine& bytes(Duration at, std::string_view chunk) {
    decode_.set_time(start + at);
    decode_.feed(chunk);
    return *this;
  }
  IdleGapLine& wake(Duration at) { return bytes(at, {}); }

  [[nodiscard]] const Texts& messages() const { return decode_.result().messages; }
  /// Counted from `start`.
  [[nodiscard]] std::optional<Duration> next_deadline() const {
    const auto deadline = decode_.next_deadline();
    return deadline ? std::optional{*deadline - start} : std::nullopt;
  }
  ChunkedDecode& decode() { return decode_; }

 private:
  ChunkedDecode decode_;
};

TEST(IdleGapDecoder, ends_a_message_when_the_line_was_silent_for_the_gap) {
  IdleGapLine line;
  line.bytes(0ms, "one").wake(20ms);
  EXPECT_EQ(line.messages(), (Texts{"one"}));
  line.bytes(100ms, "two").wake(120ms);
  EXPECT_EQ(line.messages(), (Texts{"one", "two"}));
}

TEST(IdleGapDecoder, counts_the_gap_from_the_last_byte) {
  IdleGapLine line;
  line.bytes(0ms, "a").bytes(15ms, "b").bytes(30ms, "c").wake(49ms);
  EXPECT_EQ(line.messages(), Texts{});
  EXPECT_EQ(line.next_deadline(), 50ms);
  line.wake(50ms);
  EXPECT_EQ(line.messages(), (Texts{"abc"}));
}

TEST(IdleGapDecoder, has_no_deadline_before_a_message_and_behind_one) {
  IdleGapLine line;
  line.wake(0ms);
  EXPECT_EQ(line.next_deadline(), std::nullopt);
  line.bytes(1ms, "a");
  EXPECT_EQ(line.next_deadline(), 21ms);
  line.wake(21ms);
  EXPECT_EQ(line.next_deadline(), std::nullopt);
}

TEST(IdleGapDecoder, a_wake_that_is_early_or_for_nothing_moves_no_deadline) {
  IdleGapLine line;
  line.bytes(0ms, "a").wake(5ms).wake(10ms);
  EXPECT_EQ(line.next_deadline(), 20ms);
}

TEST(IdleGapDecoder, bytes_seen_at_the_deadline_belong_to_the_message_before_them) {
  IdleGapLine line;
  line.bytes(0ms, "a").bytes(20ms, "b").wake(40ms);
  EXPECT_EQ(line.messages(), (Texts{"ab"}));
}

TEST(IdleGapDecoder, so_do_those_that_a_late_driver_sees_behind_it) {
  IdleGapLine line;
  line.bytes(0ms, "a").bytes(5s, "b").wake(5s + 20ms);
  EXPECT_EQ(line.messages(), (Texts{"ab"}));
}

TEST(IdleGapDecoder, but_not_when_it_was_told_of_the_deadline_before) {
  IdleGapLine line;
  line.bytes(0ms, "a").wake(5s).bytes(5s, "b").wake(6s);
  EXPECT_EQ(line.messages(), (Texts{"a", "b"}));
}

TEST(IdleGapDecoder, a_clock_that_goes_back_starts_the_silence_anew) {
  IdleGapLine line;
  line.bytes(0ms, "a").wake(-1h);
  EXPECT_EQ(line.messages(), Texts{});
  EXPECT_EQ(line.next_deadline(), -1h + 20ms);
  line.bytes(-2h, "b");
  EXPECT_EQ(line.next_deadline(), -2h + 20ms);
  line.wake(-2h + 20ms);
  EXPECT_EQ(line.messages(), (Texts{"ab"}));
}

TEST(IdleGapDecoder, the_end_of_the_stream_ends_the_last_message) {
  IdleGapLine line;
  line.bytes(0ms, "unfini");
  EXPECT_EQ(line.decode().finish("shed").messages, (Texts{"unfinished"}));
  EXPECT_EQ(line.decode().result().ending, test::Decoded::Ending::end);
}

TEST(IdleGapDecoder, an_end_with_nothing_before_it_is_a_clean_end_without_a_message) {
  ChunkedDecode decode{gap, 64};
  EXPECT_EQ(decode.finish().messages, Texts{});
  EXPECT_EQ(decode.result().ending, test::Decoded::Ending::end);
}

TEST(IdleGapDecoder, refuses_a_message_with_the_first_byte_over_the_limit) {
  IdleGapLine line{4};
  line.bytes(0ms, "ab").wake(20ms).bytes(30ms, "abcd");
  EXPECT_EQ(line.decode().result().ending, test::Decoded::Ending::waiting);
  line.bytes(31ms, "e");
  EXPECT_EQ(line.decode().result().code, error::message_too_large);
  EXPECT_EQ(line.decode().result().error_offset, 2u);
  EXPECT_EQ(line.decode().result().error_size, 5u);
}

TEST(IdleGapDecoder, any_decoder_passes_its_deadline_on) {
  AnyDecoder decoder = make_decoder(gap, 64);
  EXPECT_EQ(decoder.next_deadline(), std::nullopt);
  EXPECT_EQ(decoder.decode(test::bytes_of("abc"), false, start).need, 4u);
  EXPECT_EQ(decoder.next_deadline(), start + 20ms);
}

TEST(IdleGapEncoder, adds_nothing) {
  IdleGapEncoder encoder{gap, 64};
  EXPECT_EQ(test::encode_text(encoder, "abc"), "abc");
}

TEST(IdleGapEncoder, refuses_what_would_leave_no_trace_and_what_is_too_large) {
  IdleGapEncoder encoder{gap, 3};
  Envelope envelope;
  EXPECT_EQ(encoder.encode({}, envelope), error::unframeable);
  EXPECT_EQ(encoder.encode(test::bytes_of("abcd"), envelope), error::message_too_large);
}

}  // namespace
}  // namespace parley::wire
