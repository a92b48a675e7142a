#include <parley/wire/framing.hpp>

#include <parley/wire/any_decoder.hpp>
#include <parley/wire/any_encoder.hpp>

#include "examples/2_recipes/start_end_checksum.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace parley {
namespace {

TEST(Framing, is_a_u32_length_in_network_order_by_default) {
  EXPECT_EQ(Framing{}, Framing{LengthPrefixed{}});
  EXPECT_EQ(Framing{}, (Framing{LengthPrefixed{.width = 4, .order = ByteOrder::big, .offset = 0}}));
}

TEST(Framing, compares_kind_and_options) {
  EXPECT_EQ(Framing{Separator{";"}}, Framing{Separator{";"}});
  EXPECT_NE(Framing{Separator{";"}}, Framing{Separator{}});
  EXPECT_NE(Framing{UntilEof{}}, Framing{Raw{}});
}

TEST(Framing, compares_custom_framings_by_identity) {
  const auto custom = std::make_shared<const StartEndChecksum>();
  EXPECT_EQ(Framing{custom}, Framing{custom});
  EXPECT_NE(Framing{custom}, Framing{std::make_shared<StartEndChecksum>()});
}

TEST(Framing, refuses_a_null_custom_framing) {
  EXPECT_THROW(Framing{std::shared_ptr<const CustomFraming>{}}, std::invalid_argument);
  EXPECT_THROW(Framing{std::shared_ptr<StartEndChecksum>{}}, std::invalid_argument);
}

TEST(Framing, refuses_widths_other_than_1_2_4_and_8) {
  for (std::size_t width = 0; width < 20; ++width) {
    const bool is_good = width == 1 || width == 2 || width == 4 || width == 8;
    const LengthPrefixed options{.width = width};
    if (is_good)
      EXPECT_NO_THROW(Framing{options});
    else
      EXPECT_THROW(Framing{options}, std::invalid_argument) << width;
  }
}

TEST(Framing, refuses_an_offset_that_the_width_cannot_say) {
  EXPECT_NO_THROW((Framing{LengthPrefixed{.width = 1, .offset = 255}}));
  EXPECT_THROW((Framing{LengthPrefixed{.width = 1, .offset = 256}}), std::invalid_argument);
  EXPECT_NO_THROW((Framing{LengthPrefixed{.width = 8, .offset = std::numeric_limits<std::int64_t>::max()}}));
  EXPECT_NO_THROW((Framing{LengthPrefixed{.width = 1, .offset = std::numeric_limits<std::int64_t>::min()}}));
}

TEST(Framing, refuses_separators_without_bytes_or_with_too_many) {
  EXPECT_THROW(Framing{Separator{""}}, std::invalid_argument);
  EXPECT_NO_THROW(Framing{Separator{std::string(256, 'x')}});
  EXPECT_THROW(Framing{Separator{std::string(257, 'x')}}, std::invalid_argument);
}

TEST(Framing, refuses_a_fixed_length_of_nothing) {
  EXPECT_THROW(Framing{FixedLength{}}, std::invalid_argument);
  EXPECT_THROW(Framing{FixedLength{.size = ~std::size_t{0}}}, std::invalid_argument);
}

TEST(Framing, refuses_gaps_of_nothing_and_of_more_than_a_day) {
  EXPECT_THROW(Framing{IdleGap{.gap = Duration{0}}}, std::invalid_argument);
  EXPECT_THROW(Framing{IdleGap{.gap = Duration{-1}}}, std::invalid_argument);
  EXPECT_NO_THROW(Framing{IdleGap{.gap = Duration{1}}});
  EXPECT_NO_THROW(Framing{IdleGap{.gap = std::chrono::hours{24}}});
  EXPECT_THROW(Framing{IdleGap{.gap = Duration::max()}}, std::invalid_argument);
}

TEST(Framing, only_an_idle_gap_uses_time) {
  EXPECT_TRUE(Framing{IdleGap{}}.uses_time());
  EXPECT_FALSE(Framing{}.uses_time());
  EXPECT_FALSE(Framing{Raw{}}.uses_time());
  EXPECT_FALSE(Framing{std::make_shared<StartEndChecksum>()}.uses_time());
}

TEST(Framing, refuses_a_limit_that_leaves_no_message) {
  EXPECT_THROW((void)wire::make_decoder(FixedLength{.size = 65}, 64), std::invalid_argument);
  EXPECT_THROW((void)wire::make_encoder(FixedLength{.size = 65}, 64), std::invalid_argument);
  EXPECT_THROW((void)wire::make_decoder(Raw{}, 0), std::invalid_argument);
  EXPECT_THROW((void)wire::make_encoder(Raw{}, 0), std::invalid_argument);
  EXPECT_THROW((void)wire::make_decoder(IdleGap{}, 0), std::invalid_argument);
  EXPECT_THROW((void)wire::make_encoder(IdleGap{}, 0), std::invalid_argument);
}

TEST(Framing, only_until_eof_needs_a_half_close) {
  EXPECT_TRUE(Framing{UntilEof{}}.needs_half_close());
  EXPECT_FALSE(Framing{}.needs_half_close());
  EXPECT_FALSE(Framing{Raw{}}.needs_half_close());
  EXPECT_FALSE(Framing{std::make_shared<StartEndChecksum>()}.needs_half_close());
}

TEST(Framing, says_what_is_wrong_with_its_options) {
  try {
    const Framing framing{LengthPrefixed{.width = 3}};
    FAIL();
  } catch (const std::invalid_argument& refused) {
    EXPECT_STREQ(refused.what(), "the width of a length prefix is 1, 2, 4 or 8 bytes, not 3");
  }
}

TEST(AnyDecoder, can_be_replaced_by_the_decoder_of_another_framing) {
  auto decoder = wire::make_decoder(Framing{}, 64);
  decoder = wire::make_decoder(Separator{}, 64);
  const std::string_view line = "abc\n";
  EXPECT_EQ(decoder.decode(std::as_bytes(std::span{line}), false, TimePoint{}).size, 3u);
}

TEST(AnyDecoder, has_no_deadline_for_framings_that_do_not_use_time) {
  EXPECT_EQ(wire::make_decoder(Framing{}, 64).next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace parley
