#include "wire/out_queue.hpp"

#include "detail/chunk.hpp"

#include "support/bytes_of.hpp"

#include <parley/wire/envelope.hpp>

#include <boost/asio/buffer.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace parley::detail {
namespace {

namespace asio = boost::asio;

constexpr std::size_t copied_max = OutQueue::copied_size_max;

/// A queue beside the bytes it must give, in order, and where its messages end in them.
class Queue {
 public:
  void append(const std::string& header, const std::string& body, std::size_t pad_size = 0,
              const std::string& trailer = {}) {
    wire::Envelope envelope;
    envelope.header = test::bytes_of(header);
    envelope.trailer = test::bytes_of(trailer);
    envelope.pad_size = pad_size;
    envelope.pad = std::byte{'.'};
    queue.append(envelope, Message{body});
    expected += header + body + std::string(pad_size, '.') + trailer;
    ends.push_back(expected.size());
  }

  /// As a small message is appended: with bytes behind it overwritten.
  void append_in_place(const std::string& text) {
    std::byte* const out = queue.append_in_place(text.size(), 64);
    std::memcpy(out, text.data(), text.size());
    std::memset(out + text.size(), '!', 64);
    expected += text;
    ends.push_back(expected.size());
  }

  /// One message of a header and parts that lie in memory of their own, which nobody else holds afterwards.
  void append_parts(const std::string& header, const std::vector<std::string>& texts) {
    std::vector<ChunkRef> chunks;
    std::vector<OutQueue::Part> parts;
    expected += header;
    for (const std::string& text : texts) {
      Chunk& chunk = *chunks.emplace_back(ChunkRef{Chunk::take(text.size())});
      std::memcpy(chunk.data(), text.data(), text.size());
      parts.push_back({{chunk.data(), text.size()}, &chunk});
      expected += text;
    }
    queue.append(test::bytes_of(header), parts);
    ends.push_back(expected.size());
  }

  /// Writes up to `size` bytes of what is gathered into at most `buffers_max` buffers.
  void write(std::size_t size, std::size_t buffers_max = 64) {
    std::vector<asio::const_buffer> buffers(buffers_max);
    buffers.resize(queue.gather(buffers));
    std::string part(std::min(size, asio::buffer_size(buffers)), '\0');
    asio::buffer_copy(asio::buffer(part), buffers);
    EXPECT_EQ(part, expected.substr(written, part.size()));
    written += part.size();
    const std::size_t gone = queue.consume(part.size());
    std::size_t expected_gone = 0;
    while (!ends.empty() && ends.front() <= written) {
      ends.erase(ends.begin());
      ++expected_gone;
    }
    EXPECT_EQ(gone, expected_gone);
    check();
  }

  void check() const {
    EXPECT_EQ(queue.size(), expected.size() - written);
    EXPECT_EQ(queue.empty(), expected.size() == written);
    EXPECT_EQ(queue.message_count(), ends.size());
  }

  void drain() {
    while (!queue.empty()) write(expected.size());
    EXPECT_EQ(written, expected.size());
  }

  OutQueue queue;
  std::string expected;
  std::vector<std::size_t> ends;
  std::size_t written = 0;
};

TEST(OutQueue, is_empty_at_first) {
  OutQueue queue;
  std::array<asio::const_buffer, 4> buffers;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.gather(buffers), 0U);
  EXPECT_EQ(queue.message_count(), 0U);
}

TEST(OutQueue, small_messages_lie_behind_one_another_in_one_buffer) {
  Queue q;
  for (int i = 0; i < 10; ++i) q.append("head", "body", 0, "end");
  std::array<asio::const_buffer, 4> buffers;
  ASSERT_EQ(q.queue.gather(buffers), 1U);
  EXPECT_EQ(buffers[0].size(), q.expected.size());
  q.drain();
}

TEST(OutQueue, goes_on_after_a_partial_write_at_every_byte) {
  const auto fill = [](Queue& q) {
    q.append("h1", "small body", 0, "t");
    q.append("h2", std::string(copied_max + 1, 'L'), 3, "trailer");
    q.append("", "", 0, "");
    q.append_in_place("in place");
    q.append("h3", std::string(70, 'm'));
  };
  Queue whole;
  fill(whole);
  for (std::size_t at = 1; at < whole.expected.size(); ++at) {
    Queue q;
    fill(q);
    q.write(at);
    q.append("late", "message");
    q.drain();
    if (::testing::Test::HasFailure()) FAIL() << "cut at " << at;
  }
}

TEST(OutQueue, may_be_written_byte_by_byte) {
  Queue q;
  q.append("h1", "one", 2, "t");
  q.append("h2", std::string(copied_max + 10, 'L'));
  q.append("h3", "three");
  while (!q.queue.empty()) q.write(1);
}

TEST(OutQueue, a_message_of_no_bytes_at_all_counts_and_goes_with_what_is_before_it) {
  Queue q;
  q.append("", "before");
  q.append("", "");
  EXPECT_EQ(q.queue.message_count(), 2U);
  q.write(6);
  EXPECT_EQ(q.queue.message_count(), 0U);
}

TEST(OutQueue, large_bodies_are_referenced_and_others_copied) {
  OutQueue queue;
  std::array<asio::const_buffer, 4> buffers;
  const wire::Envelope bare;
  const Message large{std::string(copied_max + 1, 'L')};
  queue.append(bare, large);
  ASSERT_EQ(queue.gather(buffers), 1U);
  EXPECT_EQ(buffers[0].data(), large.data());
  queue.clear();
  const Message small{std::string(copied_max, 's')};
  queue.append(bare, small);
  ASSERT_EQ(queue.gather(buffers), 1U);
  EXPECT_NE(buffers[0].data(), small.data());
}

TEST(OutQueue, large_parts_are_referenced_where_they_lie_and_others_copied) {
  Queue q;
  q.append_parts("head", {"small", std::string(copied_max + 1, 'L'), std::string(copied_max, 's'), ""});
  std::array<asio::const_buffer, 8> buffers;
  ASSERT_EQ(q.queue.gather(buffers), 3U);
  EXPECT_EQ(buffers[0].size(), 9U);
  EXPECT_EQ(buffers[1].size(), copied_max + 1);
  EXPECT_EQ(buffers[2].size(), copied_max);
  q.drain();
}

TEST(OutQueue, padding_of_any_size_is_written_out) {
  Queue q;
  for (const std::size_t pad : {std::size_t{1}, copied_max - 1, copied_max, copied_max + 1, std::size_t{200'000}}) {
    q.append("h", "b", pad, "t");
  }
  q.drain();
}

TEST(OutQueue, headers_and_trailers_of_any_size_are_copied) {
  Queue q;
  q.append(std::string(copied_max + 1, 'h'), "b", 0, std::string(50'000, 't'));
  q.append(std::string(100'000, 'H'), std::string(copied_max + 1, 'B'));
  q.drain();
}

TEST(OutQueue, headers_of_any_size_go_before_bodies_that_are_copied) {
  const std::string header(65'536, 'h');
  for (const std::size_t size : {copied_max - 100, copied_max - 1, copied_max, copied_max + 1, header.size()}) {
    for (const std::size_t body_size : {std::size_t{0}, std::size_t{5}, std::size_t{1000}, copied_max}) {
      OutQueue queue;
      const Message body{std::string(body_size, 'b')};
      queue.append(std::as_bytes(std::span{header}.first(size)), body);
      std::string written;
      std::array<asio::const_buffer, 64> buffers;
      const std::size_t count = queue.gather(buffers);
      for (std::size_t i = 0; i < count; ++i) {
        written.append(static_cast<const char*>(buffers[i].data()), buffers[i].size());
      }
      EXPECT_EQ(written, header.substr(0, size) + body.text());
      EXPECT_EQ(queue.message_count(), 1U);
    }
  }
}

TEST(OutQueue, messages_cross_from_block_to_block) {
  Queue q;
  for (int i = 0; i < 3000; ++i) q.append_in_place(std::to_string(i) + std::string(61, 'x'));
  q.drain();
}

TEST(OutQueue, fills_blocks_to_their_last_byte) {
  for (std::size_t size = copied_max - 80; size <= copied_max; ++size) {
    Queue q;
    for (int i = 0; i < 20; ++i) q.append_in_place(std::string(size, static_cast<char>('a' + i)));
    q.drain();
  }
}

TEST(OutQueue, gathered_buffers_stay_good_while_more_is_appended) {
  Queue q;
  q.append("head", "first");
  q.append("head", std::string(copied_max + 1, 'L'));
  q.append_in_place("third");
  std::array<asio::const_buffer, 8> buffers;
  const std::size_t count = q.queue.gather(buffers);
  const std::string expected = q.expected;
  for (int i = 0; i < 2000; ++i) q.append_in_place(std::string(100, 'z'));
  for (int i = 0; i < 100; ++i) q.append("h", std::string(copied_max + 1, 'Z'));
  std::string gathered(expected.size(), '\0');
  asio::buffer_copy(asio::buffer(gathered), std::span{buffers.data(), count});
  EXPECT_EQ(gathered, expected);
  q.drain();
}

TEST(OutQueue, gathers_no_more_buffers_than_there_is_room_for) {
  Queue q;
  for (int i = 0; i < 10; ++i) q.append("h", std::string(copied_max + 1, 'L'));
  std::array<asio::const_buffer, 3> buffers;
  EXPECT_EQ(q.queue.gather(buffers), 3U);
  while (!q.queue.empty()) q.write(1 << 20, 3);
}

TEST(OutQueue, says_how_many_messages_are_being_written) {
  OutQueue queue;
  for (int i = 0; i < 3; ++i) queue.append(test::bytes_of("1234"), Message{"body"});
  queue.append_control(test::bytes_of("!"));
  EXPECT_EQ(queue.being_written_count(), 0U);

  std::array<asio::const_buffer, 4> buffers;
  EXPECT_EQ(queue.gather(buffers), 1U);
  EXPECT_EQ(queue.being_written_count(), 3U);
  queue.append(test::bytes_of("1234"), Message{"later"});
  EXPECT_EQ(queue.being_written_count(), 3U);
  queue.consume(12);  // and what was gathered behind it has not been taken
  EXPECT_EQ(queue.being_written_count(), 0U);
  EXPECT_EQ(queue.message_count(), 3U);
}

TEST(OutQueue, drops_everything_at_clear) {
  Queue q;
  q.append("h", "b");
  q.append("h", std::string(copied_max + 1, 'L'));
  q.queue.clear();
  EXPECT_TRUE(q.queue.empty());
  EXPECT_EQ(q.queue.message_count(), 0U);
  std::array<asio::const_buffer, 4> buffers;
  EXPECT_EQ(q.queue.gather(buffers), 0U);
}

TEST(OutQueue, is_usable_after_clear_and_counts_right) {
  Queue q;
  q.append("h", "dropped");
  q.queue.clear();
  wire::Envelope bare;
  q.queue.append(bare, "next");
  EXPECT_EQ(q.queue.message_count(), 1U);
  EXPECT_EQ(q.queue.consume(4), 1U);
  EXPECT_TRUE(q.queue.empty());
}

TEST(OutQueue, gives_memory_back_when_it_rests) {
  Queue q;
  for (int i = 0; i < 1000; ++i) q.append("h", std::string(copied_max + 1, 'L'));
  q.drain();
  q.queue.release_memory();
  q.append("h", "again");
  q.drain();
}

TEST(OutQueue, keeps_every_byte_in_order_under_any_operations) {
  std::mt19937 random{2};
  Queue q;
  for (int i = 0; i < 4000 && !::testing::Test::HasFailure(); ++i) {
    switch (random() % 6) {
      case 0: q.append("head", std::string(random() % (2 * copied_max), 'b'), random() % 100, "tail"); break;
      case 1: q.append("h", std::string(random() % 100, 'c')); break;
      case 2: q.append_in_place(std::string(1 + random() % 200, 'd')); break;
      case 3: q.write(random() % 10'000, 1 + random() % 8); break;
      case 4:
        q.append_parts("p", {std::string(random() % 100, 'e'), std::string(random() % (2 * copied_max), 'f')});
        break;
      default:
        if (random() % 8 == 0) {
          q.drain();
          q.queue.release_memory();
        }
    }
  }
  q.drain();
}

}  // namespace
}  // namespace parley::detail
