#include "wire/in_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace parley::detail {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t smallest_read = 16 * kib;
constexpr std::size_t read_size = 256 * kib;

/// A buffer fed from an endless, recognisable stream.
class Fed {
 public:
  explicit Fed(std::size_t read_max = read_size) : buffer{read_max} {}

  static char byte_at(std::size_t position) { return static_cast<char>('a' + position % 23); }

  /// One read of at most `size` bytes; returns how many.
  std::size_t read(std::size_t size, std::size_t frame_size = 0) {
    const std::span<std::byte> room = buffer.prepare(frame_size);
    EXPECT_GT(room.size(), 0U);
    const std::size_t part = std::min(size, room.size());
    for (std::size_t i = 0; i < part; ++i) room[i] = std::byte(byte_at(received + i));
    buffer.commit(part);
    received += part;
    check();
    return part;
  }

  /// Reads until `size` bytes are unread.
  void fill(std::size_t size, std::size_t frame_size = 0) {
    while (buffer.size() < size) read(size - buffer.size(), frame_size);
  }

  Message take(std::size_t size) {
    Message message;
    buffer.slice(0, size, message);
    buffer.consume(size);
    EXPECT_EQ(message.text(), expected(taken, size));
    taken += size;
    return message;
  }

  void check() const {
    EXPECT_EQ(buffer.size(), received - taken);
    const auto unread = buffer.unread();
    const std::string_view view{reinterpret_cast<const char*>(unread.data()), unread.size()};
    EXPECT_EQ(view, expected(taken, received - taken));
  }

  static std::string expected(std::size_t from, std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = byte_at(from + i);
    return text;
  }

  InBuffer buffer;
  std::size_t received = 0;
  std::size_t taken = 0;
};

TEST(InBuffer, is_empty_at_first) {
  const InBuffer buffer{read_size};
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_TRUE(buffer.unread().empty());
}

TEST(InBuffer, a_read_has_room_for_at_least_16_kib) {
  InBuffer buffer{1};
  EXPECT_GE(buffer.prepare(0).size(), smallest_read);
}

TEST(InBuffer, the_residue_of_a_frame_is_kept_for_the_next_read) {
  Fed fed;
  fed.read(1000);
  fed.take(700);
  fed.read(500);
  fed.take(800);
  EXPECT_EQ(fed.buffer.size(), 0U);
}

TEST(InBuffer, slices_keep_their_bytes_whatever_is_read_later) {
  Fed fed;
  std::vector<std::pair<std::size_t, Message>> slices;
  std::mt19937 random{3};
  for (int i = 0; i < 300; ++i) {
    fed.read(1 + random() % (40 * kib));
    while (fed.buffer.size() > 0 && random() % 4 != 0) {
      const std::size_t at = fed.taken;
      slices.emplace_back(at, fed.take(1 + random() % fed.buffer.size()));
    }
    if (random() % 16 == 0) fed.buffer.park();
    fed.check();
  }
  for (const auto& [at, message] : slices) ASSERT_EQ(message.text(), Fed::expected(at, message.size()));
}

TEST(InBuffer, an_empty_slice_is_an_empty_message) {
  Fed fed;
  fed.read(100);
  Message message{"something"};
  fed.buffer.slice(10, 0, message);
  EXPECT_TRUE(message.empty());
}

TEST(InBuffer, a_slice_shares_the_block_and_a_small_one_does_not) {
  Fed fed;
  fed.read(1000);
  EXPECT_GE(fed.take(100).pinned_size(), smallest_read);
  EXPECT_EQ(fed.take(64).pinned_size(), 0U);
}

TEST(InBuffer, small_slices_are_right_up_to_the_last_byte) {
  for (std::size_t size = 1; size <= 70; ++size) {
    Fed fed;
    fed.read(100);
    fed.take(100 - size);
    fed.take(size);
  }
}

TEST(InBuffer, a_large_frame_gets_a_block_of_its_own_size) {
  Fed fed;
  const std::size_t frame = 1'000'000;
  fed.read(4);
  const std::span<std::byte> room = fed.buffer.prepare(frame);
  EXPECT_EQ(room.size(), frame - 4);
  fed.fill(frame, frame);
  const Message message = fed.take(frame);
  EXPECT_LT(message.pinned_size(), frame + frame / 8);
}

TEST(InBuffer, a_large_frame_is_never_moved_once_its_size_is_known) {
  Fed fed;
  const std::size_t frame = 300'000;
  fed.read(100, 0);
  fed.read(100, frame);
  const std::byte* const at = fed.buffer.unread().data();
  while (fed.buffer.size() < frame) {
    fed.read(1000, frame);
    ASSERT_EQ(fed.buffer.unread().data(), at);
  }
}

/// How many times the unread bytes were moved while they came in pieces of `piece` bytes.
std::size_t moves_while_filling(std::size_t total, std::size_t piece, bool frame_size_grows) {
  InBuffer buffer{read_size};
  std::size_t moved = 0;
  const std::byte* at = nullptr;
  while (buffer.size() < total) {
    const std::size_t before = buffer.size();
    const std::span<std::byte> room = buffer.prepare(frame_size_grows ? buffer.size() + 1 : 0);
    const std::size_t part = std::min(piece, room.size());
    std::memset(room.data(), 'x', part);
    buffer.commit(part);
    if (buffer.unread().data() != at) moved += before;
    at = buffer.unread().data();
  }
  return moved;
}

TEST(InBuffer, moves_few_bytes_when_they_come_in_small_pieces) {
  for (const bool frame_size_grows : {false, true}) {
    for (const std::size_t piece : {std::size_t{10}, std::size_t{1000}, std::size_t{5000}}) {
      for (const std::size_t total : {60 * kib, 250 * kib, 2000 * kib}) {
        EXPECT_LT(moves_while_filling(total, piece, frame_size_grows), 4 * total)
            << total << " bytes in pieces of " << piece << (frame_size_grows ? ", frame size known to grow" : "");
      }
    }
  }
}

TEST(InBuffer, reads_ask_for_more_when_they_come_full_and_less_when_they_do_not) {
  Fed fed;
  const auto room = [&] { return fed.buffer.prepare(0).size(); };
  const auto read_and_take = [&](std::size_t size) {
    const std::size_t read = fed.read(size);
    fed.take(read);
  };
  EXPECT_EQ(room(), smallest_read);
  for (int i = 0; i < 10; ++i) read_and_take(read_size);
  EXPECT_EQ(room(), read_size);
  for (int i = 0; i < 10; ++i) {
    read_and_take(100);
    fed.buffer.park();
  }
  EXPECT_EQ(room(), smallest_read);
}

TEST(InBuffer, parked_with_nothing_unread_it_holds_no_memory) {
  Fed fed;
  const Message slice = [&] {
    fed.read(1000);
    return fed.take(1000);
  }();
  fed.buffer.park();
  fed.buffer.park();
  EXPECT_TRUE(fed.buffer.unread().empty());
  fed.read(10);
  fed.take(10);
}

TEST(InBuffer, parked_with_a_residue_it_keeps_just_that) {
  for (const std::size_t residue : {1U, 3U, 4U, 70U, 2000U, 5000U}) {
    Fed fed;
    fed.read(8000);
    fed.take(8000 - residue);
    fed.buffer.park();
    fed.check();
    fed.buffer.park();
    fed.read(100);
    fed.take(residue + 100);
  }
}

TEST(InBuffer, survives_any_order_of_reads_takes_and_parks) {
  std::mt19937 random{4};
  for (const std::size_t read_max : {std::size_t{1}, 20 * kib, read_size}) {
    Fed fed{read_max};
    for (int i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) {
      const std::size_t frame = random() % 4 == 0 ? fed.buffer.size() + 1 + random() % (600 * kib) : 0;
      fed.read(random() % 8 == 0 ? read_max * 2 : 1 + random() % 3000, frame);
      if (random() % 3 == 0) fed.take(random() % (fed.buffer.size() + 1));
      if (random() % 5 == 0) fed.take(fed.buffer.size());
      if (random() % 4 == 0) fed.buffer.park();
      fed.check();
    }
  }
}

TEST(InBuffer, what_is_unread_may_be_taken_between_prepare_and_commit) {
  Fed fed;
  fed.read(1000);
  const std::span<std::byte> room = fed.buffer.prepare(0);
  const Message first = fed.take(600);
  for (std::size_t i = 0; i < 50; ++i) room[i] = std::byte(Fed::byte_at(fed.received + i));
  const Message second = fed.take(400);
  fed.buffer.commit(50);
  fed.received += 50;
  fed.check();
}

}  // namespace
}  // namespace parley::detail
