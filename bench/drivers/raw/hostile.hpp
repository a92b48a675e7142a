#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/report.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"

#include <vector>

namespace bench::raw {

/// Bad company for the bystander scenario: `peers` connections that never speak, and one that asks to be sent to
/// (mark R) and never reads. Prints READY when all are there, and leaves at a line on standard input.
inline void hostile_client(const Options& o) {
  std::vector<Socket> mute;
  for (std::size_t i = 0; i < o.peers; ++i) mute.push_back(connect_to(o));
  FrameBatch request(0, o.size);
  const Socket deaf = connect_to(o);
  const auto bytes = request.single(Mark::send_to_me, 0);
  send_all(deaf.fd(), bytes.data(), bytes.size());
  say("READY");
  wait_for_line();
  JsonLine().add("held", mute.size() + 1).print();
}

}  // namespace bench::raw
