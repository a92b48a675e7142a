#include <parley/wire/bytes.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>

namespace parley::wire {
namespace {

constexpr std::array<std::byte, 9> bytes{std::byte{0xff}, std::byte{0x01}, std::byte{0x82},
                                         std::byte{0x03}, std::byte{0x84}, std::byte{0x05},
                                         std::byte{0x86}, std::byte{0x07}, std::byte{0x88}};
constexpr const std::byte* unaligned = bytes.data() + 1;

static_assert(load_big<std::uint8_t>(unaligned) == 0x01);
static_assert(load_big<std::uint16_t>(unaligned) == 0x0182);
static_assert(load_big<std::uint32_t>(unaligned) == 0x0182'0384);
static_assert(load_big<std::uint64_t>(unaligned) == 0x0182'0384'0586'0788);
static_assert(load_little<std::uint8_t>(unaligned) == 0x01);
static_assert(load_little<std::uint16_t>(unaligned) == 0x8201);
static_assert(load_little<std::uint32_t>(unaligned) == 0x8403'8201);
static_assert(load_little<std::uint64_t>(unaligned) == 0x8807'8605'8403'8201);

template <class T>
class Stored : public testing::Test {};
using Widths = testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(Stored, Widths);

TYPED_TEST(Stored, is_loaded_again_and_touches_nothing_else) {
  for (const TypeParam value : {TypeParam{0}, TypeParam{1}, static_cast<TypeParam>(0x8877'6655'4433'2211),
                                std::numeric_limits<TypeParam>::max()}) {
    std::array<std::byte, 10> big{};
    store_big(big.data() + 1, value);
    EXPECT_EQ(load_big<TypeParam>(big.data() + 1), value);
    EXPECT_EQ(big[0], std::byte{});
    EXPECT_EQ(big[1 + sizeof(TypeParam)], std::byte{});

    std::array<std::byte, 10> little{};
    store_little(little.data() + 1, value);
    EXPECT_EQ(load_little<TypeParam>(little.data() + 1), value);
    std::reverse(little.begin() + 1, little.begin() + 1 + sizeof(TypeParam));
    EXPECT_EQ(little, big);
  }
}

TYPED_TEST(Stored, is_the_same_with_the_width_known_only_at_run_time) {
  const auto value = static_cast<TypeParam>(0x8877'6655'4433'2211);
  std::array<std::byte, 8> fixed{};
  std::array<std::byte, 8> variable{};
  store_big(fixed.data(), value);
  store_unsigned(variable.data(), value, sizeof(TypeParam), ByteOrder::big);
  EXPECT_EQ(fixed, variable);
  EXPECT_EQ(load_unsigned(fixed.data(), sizeof(TypeParam), ByteOrder::big), value);

  store_little(fixed.data(), value);
  store_unsigned(variable.data(), value, sizeof(TypeParam), ByteOrder::little);
  EXPECT_EQ(fixed, variable);
  EXPECT_EQ(load_unsigned(fixed.data(), sizeof(TypeParam), ByteOrder::little), value);
}

TEST(UnsignedMax, is_all_bits_of_the_width) {
  EXPECT_EQ(unsigned_max(1), 0xffu);
  EXPECT_EQ(unsigned_max(2), 0xffffu);
  EXPECT_EQ(unsigned_max(4), 0xffff'ffffu);
  EXPECT_EQ(unsigned_max(8), ~std::uint64_t{0});
}

}  // namespace
}  // namespace parley::wire
