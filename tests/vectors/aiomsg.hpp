// Golden bytes of the aiomsg protocol, version 1 and legacy. Those of docs/protocols/aiomsg.md that were captured from
// programs are marked so there.
#pragma once

#include "vectors/framing.hpp"

#include <parley/error.hpp>
#include <parley/wire/dialect.hpp>
#include <parley/wire/peer_frame.hpp>

#include <ostream>
#include <string>
#include <vector>

namespace parley::test {

struct AiomsgVector {
  const char* name;
  Dialect dialect;
  const char* wire;  ///< hexadecimal
  bool greeted;      ///< the peer's greeting has been seen before
  wire::PeerFrameKind kind;
  const char* payload = "";  ///< hexadecimal; of a greeting, the identity
  const char* id = "";
  error code{};            ///< other than none: there is no frame
  bool sent_alike = true;  ///< our encoder gives the same bytes
};

inline std::ostream& operator<<(std::ostream& out, const AiomsgVector& vector) { return out << vector.wire; }

inline const std::vector<AiomsgVector>& aiomsg_vectors() {
  using Kind = wire::PeerFrameKind;
  constexpr Dialect v1 = Dialect::aiomsg;
  constexpr Dialect legacy = Dialect::aiomsg_legacy;
  static const std::vector<AiomsgVector> vectors{
      {"hello_from_b", v1, "00000012 01 01 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", false, Kind::hello,
       "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"},
      {"hello_from_a", v1, "00000012 01 01 000102030405060708090a0b0c0d0e0f", false, Kind::hello,
       "000102030405060708090a0b0c0d0e0f"},
      {"heartbeat", v1, "00000001 02", true, Kind::heartbeat},
      {"data", v1, "00000003 03 6d30", true, Kind::data, "6d30"},
      {"data_empty", v1, "00000001 03", true, Kind::data},
      {"request", v1, "00000013 04 27f2afe75f944590aaf0c23c52f94b6c 6d30", true, Kind::request, "6d30",
       "27f2afe75f944590aaf0c23c52f94b6c"},
      {"request_of_three_bytes", v1, "00000014 04 00112233445566778899aabbccddeeff aabbcc", true, Kind::request,
       "aabbcc", "00112233445566778899aabbccddeeff"},
      {"request_empty", v1, "00000011 04 00112233445566778899aabbccddeeff", true, Kind::request, "",
       "00112233445566778899aabbccddeeff"},
      {"acknowledgement", v1, "00000011 05 00112233445566778899aabbccddeeff", true, Kind::acknowledgement, "",
       "00112233445566778899aabbccddeeff"},

      // What is passed over.
      {"unknown_type", v1, "00000002 7f 00", true, Kind::other, "00", "", {}, false},
      {"zero_length", v1, "00000000", true, Kind::other, "", "", {}, false},
      {"second_hello",
       v1,
       "00000012 01 01 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
       true,
       Kind::other,
       "01f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
       "",
       {},
       false},
      {"second_hello_of_one_byte", v1, "00000001 01", true, Kind::other, "", "", {}, false},
      {"acknowledgement_too_short", v1, "00000005 05 00112233", true, Kind::other, "00112233", "", {}, false},

      // What ends a connection.
      {"request_too_short", v1, "00000005 04 00112233", true, Kind::other, "", "", error::malformed},
      {"data_over_the_limit", v1, "00000042 03", true, Kind::other, "", "", error::message_too_large},
      {"request_over_the_limit", v1, "00000052 04", true, Kind::other, "", "", error::message_too_large},
      {"length_of_four_gigabytes", v1, "ffffffff 03", true, Kind::other, "", "", error::message_too_large},
      {"unknown_type_over_the_limit", v1, "00000100 7f", true, Kind::other, "", "", error::message_too_large},
      {"data_before_hello", v1, "00000003 03", false, Kind::other, "", "", error::malformed},
      {"hello_of_version_2", v1, "00000012 01 02", false, Kind::other, "", "", error::handshake_failed},
      {"hello_of_one_byte", v1, "00000001 01", false, Kind::other, "", "", error::malformed},
      {"hello_with_a_short_identity", v1, "00000003 01 01", false, Kind::other, "", "", error::malformed},
      {"hello_too_long", v1, "00000013 01 01", false, Kind::other, "", "", error::malformed},
      {"first_frame_empty", v1, "00000000", false, Kind::other, "", "", error::malformed},
      {"first_frame_far_too_long", v1, "00010000", false, Kind::other, "", "", error::malformed},
      {"http_instead", v1, "47455420", false, Kind::other, "", "", error::malformed},

      {"legacy_identity", legacy, "00000010 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", false, Kind::hello,
       "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"},
      {"legacy_identity_of_one_byte", legacy, "00000001 61", false, Kind::hello, "61", "", {}, false},
      {"legacy_heartbeat", legacy, "00000010 61696f6d73672d686561727462656174", true, Kind::heartbeat},
      {"legacy_data", legacy, "00000002 6d30", true, Kind::data, "6d30"},
      {"legacy_request", legacy, "00000017 c2db104eea4149fabbd35089b7bff66a 00524551 00 6d30", true, Kind::request,
       "6d30", "c2db104eea4149fabbd35089b7bff66a"},
      {"legacy_acknowledgement", legacy, "00000015 c2db104eea4149fabbd35089b7bff66a 00524550 00", true,
       Kind::acknowledgement, "", "c2db104eea4149fabbd35089b7bff66a"},
      {"legacy_data_empty", legacy, "00000000", true, Kind::data, "", "", {}, false},
      {"legacy_identity_empty", legacy, "00000000", false, Kind::other, "", "", error::malformed},
      {"legacy_identity_too_long", legacy, "00000101", false, Kind::other, "", "", error::malformed},
      {"legacy_data_over_the_limit", legacy, "00000056", true, Kind::other, "", "", error::message_too_large},
  };
  return vectors;
}

/// Of the messages in the vectors above.
inline constexpr std::size_t aiomsg_message_size_max = 64;

}  // namespace parley::test
