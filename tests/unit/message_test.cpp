#include <parley/message.hpp>

#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace parley {
namespace {

constexpr std::size_t inline_max = Message::inline_size_max;

/// Sizes around every way a body is stored or copied.
std::vector<std::size_t> interesting_sizes() {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 0; size <= inline_max + 2; ++size) sizes.push_back(size);
  sizes.insert(sizes.end(), {127, 4096, 70'000});
  return sizes;
}

std::string text_of(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

const void* address(const Message& message) { return message.data(); }

TEST(Message, is_72_bytes_and_stores_64_of_them_inline) {
  EXPECT_EQ(sizeof(Message), 72U);
  EXPECT_EQ(inline_max, 64U);
  EXPECT_EQ(Message{text_of(64)}.pinned_size(), 0U);
  EXPECT_GE(Message{text_of(65)}.pinned_size(), 65U);
}

TEST(Message, is_empty_by_default) {
  const Message message;
  EXPECT_TRUE(message.empty());
  EXPECT_EQ(message.size(), 0U);
  EXPECT_EQ(message.text(), "");
  EXPECT_EQ(message.pinned_size(), 0U);
}

TEST(Message, has_the_bytes_it_was_made_of_whatever_their_size) {
  for (const std::size_t size : interesting_sizes()) {
    const std::string text = text_of(size);
    const auto bytes = std::as_bytes(std::span{text});
    EXPECT_EQ(Message{text}.text(), text);
    EXPECT_EQ(Message{std::string_view{text}}.text(), text);
    EXPECT_EQ(Message{bytes}.text(), text);
    EXPECT_EQ(Message{std::string{text}}.text(), text);
    EXPECT_EQ((Message{std::vector<std::byte>{bytes.begin(), bytes.end()}}.text()), text);
    EXPECT_EQ((Message{std::vector<unsigned char>{text.begin(), text.end()}}.text()), text);
    EXPECT_EQ(Message{text}.size(), size);
  }
}

TEST(Message, keeps_zero_bytes) {
  const std::string text{"a\0b", 3};
  EXPECT_EQ(Message{text}.text(), text);
}

TEST(Message, takes_over_the_memory_of_a_large_string) {
  std::string text = text_of(1000);
  const void* const memory = text.data();
  const Message message{std::move(text)};
  EXPECT_EQ(address(message), memory);
}

TEST(Message, takes_over_the_memory_of_large_vectors) {
  std::vector<std::byte> bytes(1000, std::byte{7});
  std::vector<unsigned char> characters(1000, 7);
  const void* const bytes_memory = bytes.data();
  const void* const characters_memory = characters.data();
  const Message from_bytes{std::move(bytes)};
  const Message from_characters{std::move(characters)};
  EXPECT_EQ(address(from_bytes), bytes_memory);
  EXPECT_EQ(address(from_characters), characters_memory);
  EXPECT_EQ(from_bytes, from_characters);
}

TEST(Message, copies_of_a_large_one_share_its_bytes) {
  const Message message{text_of(1000)};
  const Message copy = message;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(address(copy), address(message));
}

TEST(Message, a_copy_outlives_the_original) {
  Message copy;
  {
    const Message message{text_of(1000)};
    copy = message;
  }
  EXPECT_EQ(copy.text(), text_of(1000));
}

TEST(Message, is_empty_once_moved_from) {
  for (const std::size_t size : {10U, 1000U}) {
    Message message{text_of(size)};
    Message other{std::move(message)};
    EXPECT_TRUE(message.empty());  // NOLINT(bugprone-use-after-move): specified
    EXPECT_EQ(message.pinned_size(), 0U);
    EXPECT_EQ(other.text(), text_of(size));
    message = std::move(other);
    EXPECT_TRUE(other.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(message.text(), text_of(size));
  }
}

TEST(Message, may_be_assigned_to_itself) {
  for (const std::size_t size : {10U, 1000U}) {
    Message message{text_of(size)};
    Message& same = message;
    message = same;
    EXPECT_EQ(message.text(), text_of(size));
    message = std::move(same);
    EXPECT_EQ(message.text(), text_of(size));
  }
}

TEST(Message, assignment_replaces_large_by_small_and_back) {
  Message message{text_of(1000)};
  message = Message{"small"};
  EXPECT_EQ(message.text(), "small");
  EXPECT_EQ(message.pinned_size(), 0U);
  message = Message{text_of(2000)};
  EXPECT_EQ(message.text(), text_of(2000));
}

TEST(Message, equals_another_of_the_same_bytes_however_stored) {
  EXPECT_EQ(Message{"abc"}, Message{"abc"});
  EXPECT_EQ(Message{}, Message{""});
  EXPECT_FALSE(Message{"abc"} == Message{"abd"});
  EXPECT_FALSE(Message{"abc"} == Message{"ab"});
  EXPECT_EQ(Message{text_of(200)}.slice(0, 100), Message{text_of(100)});
}

TEST(Message, a_large_slice_shares_and_a_small_one_does_not) {
  const Message message{text_of(1000)};
  const Message large = message.slice(10, 65);
  EXPECT_EQ(large.data(), message.data() + 10);
  EXPECT_EQ(large.pinned_size(), message.pinned_size());
  const Message small = message.slice(10, 64);
  EXPECT_EQ(small.pinned_size(), 0U);
  EXPECT_EQ(small.text(), text_of(1000).substr(10, 64));
}

TEST(Message, a_slice_outlives_what_it_was_cut_from) {
  Message slice;
  {
    const Message message{text_of(1000)};
    slice = message.slice(900, 100);
  }
  EXPECT_EQ(slice.text(), text_of(1000).substr(900));
}

TEST(Message, a_slice_of_itself_may_replace_it) {
  Message message{text_of(1000)};
  message = message.slice(1, 999);
  message = message.slice(1, 10);
  EXPECT_EQ(message.text(), text_of(1000).substr(2, 10));
}

TEST(Message, slicing_past_the_end_is_refused) {
  const Message message{"12345"};
  EXPECT_EQ(message.slice(5, 0), Message{});
  EXPECT_EQ(message.slice(0, 5), message);
  EXPECT_THROW((void)message.slice(6, 0), std::out_of_range);
  EXPECT_THROW((void)message.slice(0, 6), std::out_of_range);
  EXPECT_THROW((void)message.slice(3, static_cast<std::size_t>(-1)), std::out_of_range);
}

TEST(Message, compact_keeps_only_its_own_bytes) {
  const Message whole{text_of(100'000)};
  const Message compacted = whole.slice(5, 100).compact();
  EXPECT_LT(compacted.pinned_size(), 1000U);
  EXPECT_EQ(compacted.text(), text_of(100'000).substr(5, 100));
}

TEST(Message, compact_of_a_compact_one_copies_nothing) {
  const Message message{std::string_view{text_of(1000)}};
  EXPECT_EQ(address(message.compact()), address(message));
}

TEST(Message, join_puts_the_pieces_in_order) {
  EXPECT_EQ(Message::join({"ab", "", "c"}), Message{"abc"});
  EXPECT_EQ(Message::join({}), Message{});
  const std::string large = text_of(500);
  EXPECT_EQ(Message::join({large, "-", large}).text(), large + "-" + large);
  const std::array<std::span<const std::byte>, 2> pieces{std::as_bytes(std::span{"x", 1}),
                                                         std::as_bytes(std::span{"y", 1})};
  EXPECT_EQ(Message::join(pieces), Message{"xy"});
}

TEST(Message, is_written_to_a_stream_as_its_bytes) {
  std::ostringstream out;
  out << Message{"abc"} << Message{text_of(100)};
  EXPECT_EQ(out.str(), "abc" + text_of(100));
}

}  // namespace
}  // namespace parley
