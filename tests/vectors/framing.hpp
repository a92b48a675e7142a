// Golden bytes for every framing: what is on the wire, the messages in it, and how the stream ends.
//
// The vectors named smart_connection_ and flexi_ are what programs written for those libraries send.
#pragma once

#include <parley/error.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

struct FramingVector {
  const char* name;
  const char* framing;  ///< as parse_framing takes it
  const char* wire;     ///< hexadecimal; blanks have no meaning
  std::vector<std::string> messages{};
  error code{};                  ///< how the stream ends; none means cleanly
  std::size_t error_offset = 0;  ///< from the beginning of the stream
  std::size_t error_size = 0;    ///< of message_too_large
  std::size_t message_size_max = 64;
  bool sent_alike = true;  ///< our encoder gives the same bytes for these messages
};

inline std::ostream& operator<<(std::ostream& out, const FramingVector& vector) { return out << vector.wire; }

inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    if (high < 0) {
      high = digit(c);
    } else {
      bytes.push_back(static_cast<char>(high * 16 + digit(c)));
      high = -1;
    }
  }
  return bytes;
}

inline const std::vector<FramingVector>& framing_vectors() {
  static const std::vector<FramingVector> vectors{
      // A u32 in network order, as Smart Connection writes it.
      {.name = "smart_connection_abc", .framing = "length", .wire = "00000003 616263", .messages = {"abc"}},
      {.name = "smart_connection_empty", .framing = "length", .wire = "00000000", .messages = {""}},
      {.name = "smart_connection_d", .framing = "length", .wire = "00000001 64", .messages = {"d"}},
      {.name = "smart_connection_json_text", .framing = "length", .wire = "00000004 22686922", .messages = {"\"hi\""}},
      {.name = "smart_connection_json_object",
       .framing = "length",
       .wire = "00000008 7b2261223a20317d",
       .messages = {"{\"a\": 1}"}},
      {.name = "smart_connection_json_reply",
       .framing = "length",
       .wire = "0000000e 7b226563686f223a20226869227d",
       .messages = {"{\"echo\": \"hi\"}"}},
      {.name = "smart_connection_pickle_text",
       .framing = "length",
       .wire = "00000011 80049506000000000000008c026869942e",
       .messages = {from_hex("80049506000000000000008c026869942e")}},
      {.name = "smart_connection_pickle_dict",
       .framing = "length",
       .wire = "00000015 8004950a000000000000007d948c0161944b01732e",
       .messages = {from_hex("8004950a000000000000007d948c0161944b01732e")}},
      {.name = "smart_connection_pickle_none",
       .framing = "length",
       .wire = "00000004 80044e2e",
       .messages = {from_hex("80044e2e")}},
      {.name = "smart_connection_pickle_list",
       .framing = "length",
       .wire = "0000001c 80049511000000000000005d94284b0147400400000000000088652e",
       .messages = {from_hex("80049511000000000000005d94284b0147400400000000000088652e")}},
      {.name = "smart_connection_three_in_one_segment",
       .framing = "length",
       .wire = "00000003 6f6e65 00000003 74776f 00000005 7468726565",
       .messages = {"one", "two", "three"}},
      {.name = "length_announces_4_gib",
       .framing = "length",
       .wire = "00000001 64 ffffffff 00",
       .messages = {"d"},
       .code = error::message_too_large,
       .error_offset = 5,
       .error_size = 0xffff'ffff},
      {.name = "length_stops_in_the_header",
       .framing = "length",
       .wire = "00000001 64 0000",
       .messages = {"d"},
       .code = error::truncated,
       .error_offset = 7},
      {.name = "length_stops_in_the_body",
       .framing = "length",
       .wire = "00000003 6162",
       .code = error::truncated,
       .error_offset = 6},
      {.name = "length_at_the_limit",
       .framing = "length",
       .wire = "00000002 6162",
       .messages = {"ab"},
       .message_size_max = 2},
      {.name = "length_over_the_limit",
       .framing = "length",
       .wire = "00000003 616263",
       .code = error::message_too_large,
       .error_size = 3,
       .message_size_max = 2},
      {.name = "nothing_at_all", .framing = "length", .wire = ""},

      // Other widths and orders.
      {.name = "length_1", .framing = "length:1", .wire = "03 616263 00 01 64", .messages = {"abc", "", "d"}},
      {.name = "length_2_big", .framing = "length:2", .wire = "0003 616263 0000", .messages = {"abc", ""}},
      {.name = "length_2_little", .framing = "length:2:little", .wire = "0300 616263", .messages = {"abc"}},
      {.name = "length_4_little", .framing = "length:4:little", .wire = "03000000 616263", .messages = {"abc"}},
      {.name = "length_8_big", .framing = "length:8", .wire = "0000000000000003 616263", .messages = {"abc"}},
      {.name = "length_8_little", .framing = "length:8:little", .wire = "0300000000000000 616263", .messages = {"abc"}},
      {.name = "length_8_largest",
       .framing = "length:8",
       .wire = "ffffffffffffffff 00",
       .code = error::message_too_large,
       .error_size = 0xffff'ffff'ffff'ffff},
      {.name = "length_8_would_wrap_with_its_header",
       .framing = "length:8",
       .wire = "fffffffffffffff8 00",
       .code = error::message_too_large,
       .error_size = 0xffff'ffff'ffff'fff8,
       .message_size_max = ~std::size_t{0}},
      {.name = "length_8_stops_in_the_header",
       .framing = "length:8:little",
       .wire = "03000000000000",
       .code = error::truncated,
       .error_offset = 7},

      // Offsets.
      {.name = "length_counts_its_header",
       .framing = "length:4:big:+4",
       .wire = "00000007 616263 00000004",
       .messages = {"abc", ""}},
      {.name = "length_below_its_header",
       .framing = "length:4:big:+4",
       .wire = "00000005 64 00000003 616263",
       .messages = {"d"},
       .code = error::malformed,
       .error_offset = 5},
      {.name = "length_little_with_offset",
       .framing = "length:2:little:+2",
       .wire = "0500 616263",
       .messages = {"abc"}},
      {.name = "length_leaves_out_two",
       .framing = "length:2:big:-2",
       .wire = "0001 616263 0000 6465",
       .messages = {"abc", "de"}},
      {.name = "length_wraps_by_its_offset",
       .framing = "length:8:big:-2",
       .wire = "ffffffffffffffff",
       .code = error::message_too_large,
       .error_size = 0xffff'ffff'ffff'ffff},

      // Varints.
      {.name = "varint_short", .framing = "varint", .wire = "03 616263 00 01 64", .messages = {"abc", "", "d"}},
      {.name = "varint_two_bytes",
       .framing = "varint",
       .wire = "8001 "
               "7878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787"
               "8787878787878787878787878"
               "7878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787"
               "8787878787878787878787878",
       .messages = {std::string(128, 'x')},
       .message_size_max = 128},
      {.name = "varint_longer_than_necessary",
       .framing = "varint",
       .wire = "8300 616263 80808080808080808000 8100 64",
       .messages = {"abc", "", "d"},
       .sent_alike = false},
      {.name = "varint_largest",
       .framing = "varint",
       .wire = "00 ffffffffffffffffff01",
       .messages = {""},
       .code = error::message_too_large,
       .error_offset = 1,
       .error_size = 0xffff'ffff'ffff'ffff},
      {.name = "varint_of_65_bits",
       .framing = "varint",
       .wire = "00 ffffffffffffffffff02",
       .messages = {""},
       .code = error::malformed,
       .error_offset = 10},
      {.name = "varint_without_end",
       .framing = "varint",
       .wire = "8080808080808080808000",
       .code = error::malformed,
       .error_offset = 9},
      {.name = "varint_stops_in_the_length",
       .framing = "varint",
       .wire = "80",
       .code = error::truncated,
       .error_offset = 1},
      {.name = "varint_stops_in_the_body",
       .framing = "varint",
       .wire = "03 6162",
       .code = error::truncated,
       .error_offset = 3},
      {.name = "varint_over_the_limit",
       .framing = "varint",
       .wire = "ac02 00",
       .code = error::message_too_large,
       .error_size = 300},

      // Separators.
      {.name = "separator_dropped",
       .framing = "separator",
       .wire = "68656c6c6f0a 0a 610a",
       .messages = {"hello", "", "a"}},
      {.name = "flexi_lines",
       .framing = "separator:\\n:keep",
       .wire = "68656c6c6f0a 610a620a",
       .messages = {"hello\n", "a\n", "b\n"}},
      {.name = "flexi_echo_has_two",
       .framing = "separator:\\n:keep",
       .wire = "72653a68656c6c6f 0a 0a",
       .messages = {"re:hello\n", "\n"}},
      {.name = "flexi_carriage_returns_stay",
       .framing = "separator:\\n:keep",
       .wire = "610d0a0d0a",
       .messages = {"a\r\n", "\r\n"}},
      {.name = "flexi_two_semicolons",
       .framing = "separator:;;:keep",
       .wire = "68656c6c6f3b3b 783b3b",
       .messages = {"hello;;", "x;;"}},
      {.name = "separator_of_two_bytes",
       .framing = "separator:\\r\\n",
       .wire = "610d0a 620d630a0d0a 0d0a",
       .messages = {"a", "b\rc\n", ""}},
      {.name = "separator_that_repeats_itself",
       .framing = "separator:aab",
       .wire = "61616162 616161616162",
       .messages = {"a", "aaa"}},
      {.name = "separator_of_one_repeated_byte",
       .framing = "separator:--",
       .wire = "782d2d2d2d2d2d792d2d",
       .messages = {"x", "", "", "y"}},
      {.name = "separator_zero", .framing = "separator:\\0", .wire = "6100 00", .messages = {"a", ""}},
      {.name = "separator_missing_at_the_end",
       .framing = "separator",
       .wire = "610a 6263",
       .messages = {"a"},
       .code = error::truncated,
       .error_offset = 4},
      {.name = "separator_half_there",
       .framing = "separator:\\r\\n",
       .wire = "610d0a 0d",
       .messages = {"a"},
       .code = error::truncated,
       .error_offset = 4},
      {.name = "separator_at_the_limit",
       .framing = "separator:\\r\\n",
       .wire = "616263640d0a 616263640d0a",
       .messages = {"abcd", "abcd"},
       .message_size_max = 4},
      {.name = "separator_kept_at_the_limit",
       .framing = "separator:\\r\\n:keep",
       .wire = "616263640d0a",
       .messages = {"abcd\r\n"},
       .message_size_max = 4},
      {.name = "separator_over_the_limit",
       .framing = "separator:\\r\\n",
       .wire = "610d0a 61626364650d0a",
       .messages = {"a"},
       .code = error::message_too_large,
       .error_offset = 3,
       .error_size = 5,
       .message_size_max = 4},
      {.name = "separator_never_comes",
       .framing = "separator",
       .wire = "6161616161616161",
       .code = error::message_too_large,
       .error_size = 5,
       .message_size_max = 4},
      {.name = "separator_under_a_limit_of_none",
       .framing = "separator",
       .wire = "0a 0a",
       .messages = {"", ""},
       .message_size_max = 0},

      // Fixed lengths.
      {.name = "flexi_fixed_16",
       .framing = "fixed:16",
       .wire = "68656c6c6f 2020202020202020202020",
       .messages = {"hello           "}},
      {.name = "fixed_16_stripped",
       .framing = "fixed:16:strip",
       .wire = "68656c6c6f 2020202020202020202020 20202020202020202020202020202020",
       .messages = {"hello", ""}},
      {.name = "flexi_fixed_in_short_reads",
       .framing = "fixed:8",
       .wire = "6162636465666768",
       .messages = {"abcdefgh"}},
      {.name = "fixed_padded_by_zeros",
       .framing = "fixed:4:pad=\\0:strip",
       .wire = "61000000 00620000",
       .messages = {"a", std::string{"\0b", 2}}},
      {.name = "fixed_1", .framing = "fixed:1", .wire = "616263", .messages = {"a", "b", "c"}},
      {.name = "fixed_cut_short",
       .framing = "fixed:4",
       .wire = "61626364 6566",
       .messages = {"abcd"},
       .code = error::truncated,
       .error_offset = 6},

      // Until the end of the stream.
      {.name = "flexi_eof_request", .framing = "eof", .wire = "68656c6c6f", .messages = {"hello"}},
      {.name = "flexi_eof_reply", .framing = "eof", .wire = "72653a68656c6c6f", .messages = {"re:hello"}},
      {.name = "eof_at_once", .framing = "eof", .wire = ""},
      {.name = "eof_at_the_limit", .framing = "eof", .wire = "61626364", .messages = {"abcd"}, .message_size_max = 4},
      {.name = "eof_over_the_limit",
       .framing = "eof",
       .wire = "616263646566",
       .code = error::message_too_large,
       .error_size = 5,
       .message_size_max = 4},
  };
  return vectors;
}

}  // namespace parley::test
