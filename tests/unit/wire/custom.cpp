#include <parley/wire/any_decoder.hpp>
#include <parley/wire/any_encoder.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace parley::wire {
namespace {

/// Answers whatever it is told to.
class Scripted final : public CustomFraming {
 public:
  explicit Scripted(DecodeStep step) : step_{step} {}

  [[nodiscard]] std::unique_ptr<FrameDecoder> make_decoder(std::size_t) const override {
    return std::make_unique<Decoder>(step_);
  }
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte>, Envelope&) const override {
    return error::unframeable;
  }
  [[nodiscard]] std::string name() const override { return "scripted"; }
  [[nodiscard]] bool needs_half_close() const override { return true; }
  [[nodiscard]] bool uses_time() const override { return true; }

 private:
  class Decoder final : public FrameDecoder {
   public:
    explicit Decoder(DecodeStep step) : step_{step} {}
    [[nodiscard]] DecodeStep decode(std::span<const std::byte>, bool, TimePoint now) override {
      deadline_ = now + std::chrono::seconds{1};
      return step_;
    }
    [[nodiscard]] std::optional<TimePoint> next_deadline() const override { return deadline_; }

   private:
    DecodeStep step_;
    std::optional<TimePoint> deadline_{};
  };

  DecodeStep step_;
};

class Useless final : public CustomFraming {
  [[nodiscard]] std::unique_ptr<FrameDecoder> make_decoder(std::size_t) const override { return nullptr; }
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte>, Envelope&) const override { return {}; }
  [[nodiscard]] std::string name() const override { return "useless"; }
};

constexpr std::array<std::byte, 4> four_bytes{};

DecodeStep answer_to(DecodeStep scripted, std::size_t unread_size, bool eof) {
  auto decoder = make_decoder(std::make_shared<Scripted>(scripted), 64);
  return decoder.decode(std::span{four_bytes}.first(unread_size), eof, TimePoint{});
}

void expect_malformed(const DecodeStep& step) {
  EXPECT_EQ(step.kind, DecodeStep::Kind::error);
  EXPECT_EQ(step.code, error::malformed);
}

TEST(CustomDecoder, passes_on_a_sound_frame) {
  const DecodeStep step = answer_to(DecodeStep::frame(1, 2, 4), 4, false);
  EXPECT_EQ(step.kind, DecodeStep::Kind::frame);
  EXPECT_EQ(step.begin, 1u);
  EXPECT_EQ(step.size, 2u);
  EXPECT_EQ(step.consumed, 4u);
}

TEST(CustomDecoder, refuses_frames_that_would_hang_or_overrun_the_driver) {
  expect_malformed(answer_to(DecodeStep::frame(0, 0, 0), 4, false));
  expect_malformed(answer_to(DecodeStep::frame(0, 5, 5), 4, false));
  expect_malformed(answer_to(DecodeStep::frame(3, 2, 4), 4, false));
  expect_malformed(answer_to(DecodeStep::frame(5, 0, 4), 4, false));
  expect_malformed(answer_to(DecodeStep::frame(1, ~std::size_t{0}, 4), 4, false));
}

TEST(CustomDecoder, turns_a_need_that_is_met_into_one_byte_more) {
  EXPECT_EQ(answer_to(DecodeStep::needs(4), 4, false).need, 5u);
  EXPECT_EQ(answer_to(DecodeStep::needs(9), 4, false).need, 9u);
}

TEST(CustomDecoder, ends_where_a_need_cannot_be_met) {
  EXPECT_EQ(answer_to(DecodeStep::needs(9), 0, true).kind, DecodeStep::Kind::end);
  const DecodeStep step = answer_to(DecodeStep::needs(9), 3, true);
  EXPECT_EQ(step.code, error::truncated);
  EXPECT_EQ(step.offset, 3u);
}

TEST(CustomDecoder, takes_no_end_before_the_end) {
  EXPECT_EQ(answer_to(DecodeStep::end(), 0, true).kind, DecodeStep::Kind::end);
  EXPECT_EQ(answer_to(DecodeStep::end(), 2, false).need, 3u);
  EXPECT_EQ(answer_to(DecodeStep::end(), 2, true).code, error::truncated);
}

TEST(CustomDecoder, keeps_an_error_offset_within_the_bytes) {
  EXPECT_EQ(answer_to(DecodeStep::fail(error::malformed, 9), 4, false).offset, 4u);
}

TEST(CustomDecoder, passes_time_both_ways) {
  auto decoder = make_decoder(std::make_shared<Scripted>(DecodeStep::needs(9)), 64);
  EXPECT_EQ(decoder.next_deadline(), std::nullopt);
  const TimePoint now{std::chrono::hours{1}};
  (void)decoder.decode({}, false, now);
  EXPECT_EQ(decoder.next_deadline(), now + std::chrono::seconds{1});
}

TEST(CustomFraming, says_what_it_needs) {
  const Framing framing = std::make_shared<Scripted>(DecodeStep::end());
  EXPECT_TRUE(framing.needs_half_close());
  EXPECT_TRUE(framing.uses_time());
  EXPECT_EQ(framing.name(), "scripted");
}

TEST(CustomFraming, is_asked_only_for_bodies_within_the_limit) {
  auto encoder = make_encoder(std::make_shared<Scripted>(DecodeStep::end()), 3);
  Envelope envelope;
  EXPECT_EQ(encoder.encode(four_bytes, envelope), error::message_too_large);
  EXPECT_EQ(encoder.encode(std::span{four_bytes}.first(3), envelope), error::unframeable);
}

TEST(CustomFraming, that_makes_no_decoder_is_refused) {
  EXPECT_THROW((void)make_decoder(std::make_shared<Useless>(), 64), std::invalid_argument);
}

}  // namespace
}  // namespace parley::wire
