// The other side of a smart socket, without parley: the bytes of the protocol, put together by hand.
#pragma once

#include "raw_peer.hpp"

#include <string>

namespace parley::test {

/// Sixteen times the same byte, and as it is written on a command line.
[[nodiscard]] std::string identity_bytes(char each);
[[nodiscard]] std::string identity_text(char each);

/// Frames.
[[nodiscard]] std::string aiomsg_hello(const std::string& identity);
[[nodiscard]] std::string aiomsg_data(const std::string& payload);
[[nodiscard]] std::string aiomsg_request(const std::string& id, const std::string& payload);
[[nodiscard]] std::string aiomsg_acknowledgement(const std::string& id);

/// A connection on which both sides have greeted.
class AiomsgPeer {
 public:
  /// `us`: see identity_bytes.
  [[nodiscard]] static AiomsgPeer connect(const std::string& endpoint, char us);
  [[nodiscard]] static AiomsgPeer accept(const RawListener& listener, char us);

  void send(const std::string& frames) const { peer_.send(frames); }
  /// The next frame that is no heartbeat, without its length; empty at the end of the stream.
  [[nodiscard]] std::string receive() const;
  void close() { peer_.close(); }

  /// The identity of the other side, as text.
  [[nodiscard]] const std::string& other() const noexcept { return other_; }

 private:
  explicit AiomsgPeer(RawPeer peer);

  RawPeer peer_;
  std::string other_;
};

}  // namespace parley::test
