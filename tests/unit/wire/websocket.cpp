#include <parley/wire/websocket.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace parley::wire {
namespace {

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> made;
  for (const unsigned each : values) made.push_back(static_cast<std::byte>(each));
  return made;
}

std::string reason_of(std::initializer_list<unsigned> values) {
  const WsHeaderStep step = decode_ws_header(bytes(values));
  return step.kind == WsHeaderStep::Kind::error ? step.reason : "";
}

TEST(WebSocket, the_answer_to_the_key_of_rfc_6455) {
  EXPECT_EQ(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocket, base64_pads) {
  const auto encode = [](std::string_view text) { return base64(std::as_bytes(std::span{text})); };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foob"), "Zm9vYg==");
}

TEST(WebSocket, the_masked_hello_of_rfc_6455) {
  const auto frame = bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58});
  const WsHeaderStep step = decode_ws_header(frame);
  ASSERT_EQ(step.kind, WsHeaderStep::Kind::frame);
  EXPECT_EQ(step.consumed, 6U);
  EXPECT_EQ(step.frame.size, 5U);
  EXPECT_EQ(step.frame.opcode, WsOpcode::text);
  std::string text(5, ' ');
  apply_ws_mask(reinterpret_cast<std::byte*>(text.data()), frame.data() + 6, 5, step.frame.mask, 0);
  EXPECT_EQ(text, "Hello");
}

TEST(WebSocket, every_header_comes_back_as_it_was_and_not_before_it_is_whole) {
  for (const std::uint64_t size : {0ULL, 1ULL, 125ULL, 126ULL, 65'535ULL, 65'536ULL, 1ULL << 40, (1ULL << 63) - 1}) {
    for (const bool is_masked : {false, true}) {
      WsFrame frame;
      frame.size = size;
      frame.is_masked = is_masked;
      if (is_masked) frame.mask = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
      std::array<std::byte, WsFrame::header_size_max> out{};
      const std::size_t whole = encode_ws_header(frame, out);
      for (std::size_t part = 0; part < whole; ++part) {
        EXPECT_EQ(decode_ws_header(std::span{out}.first(part)).kind, WsHeaderStep::Kind::need);
      }
      const WsHeaderStep step = decode_ws_header(std::span{out}.first(whole));
      ASSERT_EQ(step.kind, WsHeaderStep::Kind::frame);
      EXPECT_EQ(step.consumed, whole);
      EXPECT_EQ(step.frame.size, size);
      EXPECT_EQ(step.frame.mask, frame.mask);
    }
  }
}

TEST(WebSocket, a_mask_goes_on_where_the_last_piece_ended) {
  const WsMask mask{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  const std::vector<std::byte> plain(100, std::byte{0});
  std::vector<std::byte> whole(100);
  apply_ws_mask(whole.data(), plain.data(), 100, mask, 0);
  std::vector<std::byte> pieces(100);
  std::size_t at = 0;
  for (std::size_t size = 1; at < 100; ++size) {
    const std::size_t part = std::min(size, 100 - at);
    apply_ws_mask(pieces.data() + at, plain.data() + at, part, mask, at);
    at += part;
  }
  EXPECT_EQ(pieces, whole);
}

TEST(WebSocket, codes_that_a_close_frame_may_have) {
  for (const unsigned code : {1000U, 1001U, 1003U, 1007U, 1011U, 1014U, 3000U, 4999U})
    EXPECT_TRUE(may_close_with(code)) << code;
  for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U, 65535U})
    EXPECT_FALSE(may_close_with(code)) << code;
}

TEST(WebSocket, headers_that_break_the_rules) {
  EXPECT_EQ(reason_of({0xc2, 0x00}), "a reserved bit is set");
  EXPECT_EQ(reason_of({0x83, 0x00}), "an unknown opcode");
  EXPECT_EQ(reason_of({0x8b, 0x00}), "an unknown opcode");
  EXPECT_EQ(reason_of({0x09, 0x00}), "a control frame in fragments");
  EXPECT_EQ(reason_of({0x89, 126}), "a control frame of over 125 bytes");
  EXPECT_EQ(reason_of({0x82, 126, 0, 125}), "a size that is longer than necessary");
  EXPECT_EQ(reason_of({0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff}), "a size that is longer than necessary");
  EXPECT_EQ(reason_of({0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}), "a size of more than 63 bits");
}

}  // namespace
}  // namespace parley::wire
