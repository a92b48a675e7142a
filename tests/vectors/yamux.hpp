// Golden bytes of yamux, recorded from programs in Go (docs/protocols/yamux.md).
#pragma once

#include "vectors/mux.hpp"

#include <parley/wire/yamux_frame.hpp>

#include <vector>

namespace parley::test {

using YamuxVector = MuxVector<wire::YamuxFrame>;

inline const std::vector<YamuxVector>& yamux_vectors() {
  using Type = wire::YamuxType;
  using Flags = wire::YamuxFlags;
  static const std::vector<YamuxVector> vectors{
      {"ping", "000200010000000000000000", {0, Type::ping, Flags::syn, 0, 0}},
      {"ping_answered", "000200020000000000000000", {0, Type::ping, Flags::ack, 0, 0}},
      {"ping_1234_answered", "000200020000000000001234", {0, Type::ping, Flags::ack, 0, 0x1234}},
      {"open_1", "000100010000000100000000", {0, Type::window_update, Flags::syn, 1, 0}},
      {"open_3", "000100010000000300000000", {0, Type::window_update, Flags::syn, 3, 0}},
      {"accept_1", "000100020000000100000000", {0, Type::window_update, Flags::ack, 1, 0}},
      {"data_on_1", "000000000000000100000005 6162636465", {0, Type::data, 0, 1, 5}},
      {"data_on_3", "000000000000000300000005 6263646566", {0, Type::data, 0, 3, 5}},
      {"open_data_finish", "000000050000000100000002 6869", {0, Type::data, Flags::syn | Flags::fin, 1, 2}},
      {"finish_1", "000100040000000100000000", {0, Type::window_update, Flags::fin, 1, 0}},
      {"refuse_1", "000100080000000100000000", {0, Type::window_update, Flags::rst, 1, 0}},
      {"go_away", "000300000000000000000000", {0, Type::go_away, 0, 0, 0}},
      {"go_away_for_a_protocol_error", "000300000000000000000001", {0, Type::go_away, 0, 0, 1}},
      {"window_update", "000100000000000100020000", {0, Type::window_update, 0, 1, 131072}},
      {"open_with_512_kib", "000100010000000100040000", {0, Type::window_update, Flags::syn, 1, 262144}},
      {"accept_with_1_mib", "0001000200000001000c0000", {0, Type::window_update, Flags::ack, 1, 786432}},
  };
  return vectors;
}

/// A dialogue of two programs in Go: a ping, two channels, an echo on each, a go-away.
struct YamuxDialogue {
  const char* ping = "000200010000000000000000";
  const char* ping_answer = "000200020000000000000000";
  const char* opens = "000100010000000100000000 000100010000000300000000";
  const char* client_data = "000000000000000300000005 6263646566 000000000000000100000005 6162636465";
  const char* accepts = "000100020000000100000000 000100020000000300000000";
  const char* echoes = "000000000000000300000005 6263646566 000000000000000100000005 6162636465";
  const char* client_ends = "000100040000000100000000 000100040000000300000000 000300000000000000000000";
  const char* server_ends = "000100040000000300000000 000100040000000100000000";
};

}  // namespace parley::test
