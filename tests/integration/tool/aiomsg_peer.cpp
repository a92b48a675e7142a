#include "aiomsg_peer.hpp"

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace parley::test {
namespace {

constexpr char type_hello = 1;
constexpr char type_heartbeat = 2;
constexpr char type_data = 3;
constexpr char type_request = 4;
constexpr char type_acknowledgement = 5;

std::string frame(char type, const std::string& rest) {
  const std::size_t size = rest.size() + 1;
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(size >> shift);
  return bytes + type + rest;
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes)
    for (const int digit : {(c >> 4) & 0xf, c & 0xf}) text += "0123456789abcdef"[digit];
  return text;
}

}  // namespace

std::string identity_bytes(char each) { return std::string(16, each); }
std::string identity_text(char each) { return hex(identity_bytes(each)); }

std::string aiomsg_hello(const std::string& identity) { return frame(type_hello, "\1" + identity); }
std::string aiomsg_data(const std::string& payload) { return frame(type_data, payload); }
std::string aiomsg_request(const std::string& id, const std::string& payload) {
  return frame(type_request, id + payload);
}
std::string aiomsg_acknowledgement(const std::string& id) { return frame(type_acknowledgement, id); }

AiomsgPeer::AiomsgPeer(RawPeer peer) : peer_{std::move(peer)} {}

AiomsgPeer AiomsgPeer::connect(const std::string& endpoint, char us) {
  AiomsgPeer made{RawPeer::connect(endpoint)};
  made.send(aiomsg_hello(identity_bytes(us)));
  made.other_ = hex(made.receive().substr(2));
  return made;
}

AiomsgPeer AiomsgPeer::accept(const RawListener& listener, char us) {
  AiomsgPeer made{listener.accept()};
  made.send(aiomsg_hello(identity_bytes(us)));
  made.other_ = hex(made.receive().substr(2));
  return made;
}

std::string AiomsgPeer::receive() const {
  for (;;) {
    const std::string head = peer_.receive(4);
    if (head.size() < 4) return {};
    std::size_t size = 0;
    for (const char c : head) size = size << 8 | static_cast<std::uint8_t>(c);
    std::string body = peer_.receive(size);
    if (body.size() != size) throw std::runtime_error("the stream ended in a frame");
    if (body.front() != type_heartbeat) return body;
  }
}

}  // namespace parley::test
