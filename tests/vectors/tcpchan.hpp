// Golden bytes of TCPChan, version 0, recorded from the original program (docs/protocols/tcpchan.md).
#pragma once

#include "vectors/mux.hpp"

#include <parley/wire/tcpchan_frame.hpp>

#include <vector>

namespace parley::test {

using TcpChanVector = MuxVector<wire::TcpChanFrame>;

inline const std::vector<TcpChanVector>& tcpchan_vectors() {
  using Op = wire::TcpChanOp;
  static const std::vector<TcpChanVector> vectors{
      {"request", "0001feedbacc", {0, Op::handshake_request, 0xfeedbacc, 0}},
      {"reply", "0002feedbacc", {0, Op::handshake_reply, 0xfeedbacc, 0}},
      {"create_5", "000300000005", {0, Op::create, 5, 0}},
      {"create_a_random_one", "0003a6e4fbb4", {0, Op::create, 2800024500, 0}},
      {"payload_on_5", "000500000005 0003 6d302d", {0, Op::payload, 5, 3}},
      {"payload_on_a_random_one",
       "0005a6e4fbb4 0011 68656c6c6f2066726f6d20736572766572",
       {0, Op::payload, 2800024500, 17}},
      {"empty_payload", "000500000001 0000", {0, Op::payload, 1, 0}},
      {"full_payload", "000500000005 ffff", {0, Op::payload, 5, 65535}},
      {"close_5", "000400000005", {0, Op::close, 5, 0}},
      {"close_6", "000400000006", {0, Op::close, 6, 0}},
  };
  return vectors;
}

/// A whole exchange: the client opens 5 and 6, the server echoes.
struct TcpChanDialogue {
  const char* request = "0001feedbacc";
  const char* reply = "0002feedbacc";
  const char* creates = "000300000005 000300000006";
  const char* payloads = "00050000000500036d302d 00050000000600036d302d";
  const char* echoes = "00050000000500086563686f3a6d302d 00050000000600086563686f3a6d302d";
  const char* closes = "000400000005 000400000006";
};

}  // namespace parley::test
