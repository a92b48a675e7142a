// A server's side of a WebSocket, from the first byte of the upgrade on. First bytes: options, a seed for the sizes of
// the reads; the rest is what the client sends. Whatever that is: no plain bytes after the end, no answer without
// bound, the same plain bytes however the input is cut, and the same content whether messages are told apart or not.
#include "require.hpp"
#include "transport/ws/session.hpp"

#include <parley/wire/bytes.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using namespace parley;
using boost::system::error_code;

class Client final : public transport::Below {
 public:
  Client(std::string_view bytes, std::size_t read_size_max) : bytes_{bytes}, read_size_max_{read_size_max} {}

  std::size_t take(std::span<std::byte> room, error_code& ec) override {
    ec = {};
    if (bytes_.empty()) ec = boost::asio::error::eof;
    const std::size_t size = std::min({room.size(), bytes_.size(), read_size_max_});
    std::memcpy(room.data(), bytes_.data(), size);
    bytes_.remove_prefix(size);
    return size;
  }
  void give(std::span<const std::byte> bytes) override { given_ += bytes.size(); }
  [[nodiscard]] bool is_congested() const override { return given_ > 64 * 1024; }
  [[nodiscard]] std::size_t given() const noexcept { return given_; }

 private:
  std::string_view bytes_;
  std::size_t read_size_max_;
  std::size_t given_ = 0;
};

struct Outcome {
  error_code ec;
  std::string plain;
  bool operator==(const Outcome&) const = default;
};

Outcome serve(std::string_view input, WsMessages messages, std::size_t read_size_max, std::size_t room_size) {
  Client client{input, read_size_max};
  const auto session =
      transport::make_ws_server({"/", {}}, WsOptions{}.messages(messages).message_size_max(1000), client);
  Outcome outcome;
  do session->handshake(outcome.ec);
  while (outcome.ec == boost::asio::error::would_block);
  std::string room(room_size, '\0');
  while (!outcome.ec) {
    const std::size_t size = session->read(std::as_writable_bytes(std::span{room}), outcome.ec);
    outcome.plain.append(room, 0, size);
    fuzz::require(size != 0 || outcome.ec);
  }
  error_code again;
  fuzz::require(session->read(std::as_writable_bytes(std::span{room}), again) == 0 || outcome.plain.empty());
  fuzz::require(client.given() <= 128 * 1024);
  return outcome;
}

/// The messages of `one_each`, each behind its size, as one.
std::string without_sizes(std::string_view plain) {
  std::string content;
  while (plain.size() >= 4) {
    const auto size = wire::load_big<std::uint32_t>(reinterpret_cast<const std::byte*>(plain.data()));
    content += plain.substr(4, size);
    plain.remove_prefix(std::min<std::size_t>(plain.size(), 4 + size));
  }
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const WsMessages messages = (data[0] & 1) != 0 ? WsMessages::one_each : WsMessages::pieces;
  std::string input{reinterpret_cast<const char*>(data) + 2, size - 2};
  // Most inputs are about frames, and should not have to find a handshake first.
  if ((data[0] & 2) != 0) {
    input =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" +
        input;
  }
  const Outcome whole = serve(input, messages, input.size() + 1, 4096);
  fuzz::require(whole == serve(input, messages, 1U + data[1] % 7U, 1U + data[1] / 7U));
  if (messages == WsMessages::one_each) {
    const Outcome pieces = serve(input, WsMessages::pieces, input.size() + 1, 4096);
    fuzz::require(pieces.plain.starts_with(without_sizes(whole.plain)));
  }
  return 0;
}
