// Golden bytes of communica's stream protocol, recorded from the original program (docs/protocols/communica.md), but
// for those that are marked.
#pragma once

#include "vectors/framing.hpp"

#include <parley/error.hpp>
#include <parley/wire/communica_frame.hpp>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace parley::test {

inline const wire::CommunicaLimits communica_limits{.metadata_size_max = 100, .data_size_max = 200};

struct CommunicaVector {
  const char* name;
  std::string wire;  ///< hexadecimal
  wire::CommunicaCode frame = wire::CommunicaCode::message;
  std::string metadata{};
  std::string data{};
  std::uint32_t chunk_index = 0;
  std::uint32_t chunk_count = 0;
  error code{};  ///< other than none: there is no frame
};

inline std::ostream& operator<<(std::ostream& out, const CommunicaVector& vector) { return out << vector.name; }

inline std::string hex_of(std::string_view text) {
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

inline const std::vector<CommunicaVector>& communica_vectors() {
  using Code = wire::CommunicaCode;
  const std::string notice = R"({"id": "", "type": 2})";
  const std::string note = R"({"op": "note", "v": "fire and forget"})";
  const std::string request = R"({"id": "650957000000000000000000000000ff", "type": 1})";  // its id is made up
  const std::string head(53, 'm');
  static const std::vector<CommunicaVector> vectors{
      {"request", "00000053 0a 00000039" + hex_of(request + R"({"op": "echo", "v": null})"), Code::message, request,
       R"({"op": "echo", "v": null})"},
      {"notice", "00000040 0a 00000019 7b226964223a2022222c202274797065223a20327d" + hex_of(note), Code::message,
       notice, note},
      {"answer",
       "0000003d 0a 0000003a "
       "7b226964223a20223635303937653761653463613131663161353231303266633030303030303031222c2022747970"
       "65223a2031317d 3432",
       Code::message, R"({"id": "65097e7ae4ca11f1a52102fc00000001", "type": 11})", "42"},
      {"notice_with_a_route",
       "0000003c 0a 0000002a 7b226964223a2022222c202274797065223a20322c2022726f757465223a20226e6f7465227d "
       "226669726520616e"
       "6420666f7267657422",
       Code::message, R"({"id": "", "type": 2, "route": "note"})", R"("fire and forget")"},
      {"close_notice", "00000001 14", Code::close_notice},
      {"first_chunk", "00000098 0b 00000000 00000003 00000035" + hex_of(head + std::string(86, 'a')), Code::chunk, head,
       std::string(86, 'a'), 0, 3},
      {"second_chunk", "00000065 0b 00000001 00000003 00000000" + hex_of(std::string(88, 'b')), Code::chunk, "",
       std::string(88, 'b'), 1, 3},
      {"third_chunk", "0000003e 0b 00000002 00000003 00000000" + hex_of(std::string(49, 'c')), Code::chunk, "",
       std::string(49, 'c'), 2, 3},

      // Of our own, from here on.
      {"without_data", "00000006 0a 00000005 7d", Code::message, "}"},
      {"without_metadata", "00000006 0a 00000004 31", Code::message, "", "1"},
      {"without_anything", "00000005 0a 00000004", Code::message},
      {"only_chunk", "0000000e 0b 00000000 00000001 00000001 7d", Code::chunk, "}", "", 0, 1},
      {"empty_frame", "00000000", Code::message, "", "", 0, 0, error::malformed},
      {"unknown_kind", "00000001 0c", Code::message, "", "", 0, 0, error::malformed},
      {"close_notice_with_a_body", "00000002 14 00", Code::message, "", "", 0, 0, error::malformed},
      {"too_short_for_its_header", "00000004 0a 000000", Code::message, "", "", 0, 0, error::malformed},
      {"metadata_shorter_than_its_length", "00000005 0a 00000003", Code::message, "", "", 0, 0, error::malformed},
      {"metadata_past_the_end", "00000006 0a 00000006 7d", Code::message, "", "", 0, 0, error::malformed},
      {"metadata_of_four_gigabytes", "00000006 0a ffffffff 7d", Code::message, "", "", 0, 0, error::malformed},
      {"metadata_over_the_limit", "00000100 0a 00000069", Code::message, "", "", 0, 0, error::message_too_large},
      {"data_over_the_limit", "000000ce 0a 00000004", Code::message, "", "", 0, 0, error::message_too_large},
      {"frame_of_four_gigabytes", "ffffffff 0a 00000004", Code::message, "", "", 0, 0, error::message_too_large},
      {"chunk_too_short_for_its_header", "0000000c 0b 00000000 00000001 000000", Code::chunk, "", "", 0, 0,
       error::malformed},
      {"chunk_of_none", "0000000d 0b 00000000 00000000 00000000", Code::chunk, "", "", 0, 0, error::malformed},
      {"chunk_behind_the_last", "0000000d 0b 00000003 00000003 00000000", Code::chunk, "", "", 0, 0, error::malformed},
      {"second_chunk_with_metadata", "0000000e 0b 00000001 00000003 00000001 7d", Code::chunk, "", "", 0, 0,
       error::malformed},
      {"chunk_with_metadata_past_the_end", "0000000e 0b 00000000 00000003 00000002 7d", Code::chunk, "", "", 0, 0,
       error::malformed},
      {"chunk_over_the_limit", "000000d6 0b 00000000 00000003 00000000", Code::chunk, "", "", 0, 0,
       error::message_too_large},
  };
  return vectors;
}

}  // namespace parley::test
