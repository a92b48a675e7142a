// An AmqpClient whose broker is the test: what it says is put together here, what it hears is taken apart.
#pragma once

#include "support/bytes_of.hpp"
#include "vectors/amqp.hpp"
#include "wire/amqp_client.hpp"

#include <parley/wire/amqp_content.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

[[nodiscard]] inline std::string amqp_text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Frames, as a broker or a client would say them.
[[nodiscard]] inline std::string amqp_frame(std::uint16_t channel, const wire::AmqpMethod& method) {
  std::vector<std::byte> out;
  wire::put_amqp_method(out, channel, method);
  return amqp_text_of(out);
}
[[nodiscard]] inline std::string amqp_frame(std::uint16_t channel, const wire::AmqpContentHeader& header) {
  std::vector<std::byte> out;
  wire::put_amqp_content_header(out, channel, header);
  return amqp_text_of(out);
}
[[nodiscard]] inline std::string amqp_body(std::uint16_t channel, std::string_view part) {
  std::array<std::byte, wire::AmqpFrames::header_size> header{};
  wire::AmqpFrames::put_header(header.data(), wire::AmqpFrameKind::body, channel, part.size());
  return amqp_text_of(header) + std::string{part} + '\xCE';
}
inline const std::string amqp_heartbeat{"\x08\0\0\0\0\0\0\xCE", 8};

/// A message for a consumer, in one frame of body.
[[nodiscard]] inline std::string amqp_delivery(std::uint16_t channel, std::uint64_t tag, std::string_view body) {
  return amqp_frame(channel, wire::amqp::BasicDeliver{"tag", tag, false, "exchange", "key"}) +
         amqp_frame(channel, wire::AmqpContentHeader{body.size(), {}}) + (body.empty() ? "" : amqp_body(channel, body));
}

/// What the client has said, one frame after the other.
struct AmqpHeard {
  wire::AmqpFrameKind kind{};
  std::uint16_t channel = 0;
  std::string payload{};

  [[nodiscard]] wire::AmqpMethodRead method() const { return wire::read_amqp_method(bytes_of(payload)); }
  /// As in `1 queue.declare`, `2 header`, `2 body 30`, `heartbeat`.
  [[nodiscard]] std::string text() const {
    const std::string number = std::to_string(channel) + ' ';
    switch (kind) {
      case wire::AmqpFrameKind::method: return number + method().id.name;
      case wire::AmqpFrameKind::header: return number + "header";
      case wire::AmqpFrameKind::body: return number + "body " + std::to_string(payload.size());
      case wire::AmqpFrameKind::heartbeat: return "heartbeat";
    }
    return "?";
  }
};

class AmqpLink {
 public:
  using Kind = wire::AmqpEvent::Kind;

  explicit AmqpLink(wire::AmqpClient::Settings settings = {}) : client{std::move(settings), in_, out_} {}

  parley::detail::InBuffer in_{64 * 1024};
  parley::detail::OutQueue out_;
  TimePoint now{std::chrono::hours{1}};
  wire::AmqpClient client;

  /// The broker says this; it is not read yet.
  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<std::byte> room = in_.prepare(client.wanted_size());
      const std::size_t size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      in_.commit(size);
      bytes.remove_prefix(size);
    }
  }
  void say(std::uint16_t channel, const wire::AmqpMethod& method) { say(amqp_frame(channel, method)); }

  [[nodiscard]] wire::AmqpEvent next() { return client.next_event(now); }
  /// All that has come, and none.
  [[nodiscard]] std::vector<wire::AmqpEvent> events() {
    std::vector<wire::AmqpEvent> all;
    while (wire::AmqpEvent event = next()) all.push_back(std::move(event));
    return all;
  }
  /// The next after the broker has said this.
  [[nodiscard]] wire::AmqpEvent after(std::uint16_t channel, const wire::AmqpMethod& method) {
    say(channel, method);
    return next();
  }
  [[nodiscard]] wire::AmqpEvent after(std::string_view bytes) {
    say(bytes);
    return next();
  }

  /// The bytes that the client has said since this was asked last.
  [[nodiscard]] std::string output() {
    std::string bytes;
    struct Piece {
      const std::byte* data;
      std::size_t size;
    };
    std::array<Piece, 4> pieces{};
    while (!out_.empty()) {
      const std::size_t count = out_.gather(pieces);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        bytes += amqp_text_of({pieces[i].data, pieces[i].size});
        size += pieces[i].size;
      }
      (void)out_.consume(size);
    }
    return bytes;
  }
  /// The same as frames; the protocol header is none.
  [[nodiscard]] std::vector<AmqpHeard> heard() {
    std::string bytes = output();
    if (bytes.starts_with("AMQP")) bytes.erase(0, wire::AmqpFrames::protocol_header.size());
    std::vector<AmqpHeard> frames;
    while (!bytes.empty()) {
      const wire::AmqpFrameStep step = wire::AmqpFrames{1 << 20}.decode(bytes_of(bytes));
      if (step.outcome != wire::AmqpFrameStep::Outcome::frame) {
        frames.push_back({});
        break;
      }
      frames.push_back({step.kind, step.channel, bytes.substr(step.payload_begin, step.payload_size)});
      bytes.erase(0, step.consumed);
    }
    return frames;
  }
  /// The same as text, with commas between.
  [[nodiscard]] std::string heard_text() {
    std::string text;
    for (const AmqpHeard& each : heard()) text += (text.empty() ? "" : ", ") + each.text();
    return text;
  }

  /// The handshake, up to `opened`.
  void open(const wire::amqp::ConnectionTune& tune = {2047, 131'072, 60}) {
    client.start(now);
    say(from_hex(amqp_start));
    say(0, tune);
    (void)next();
    say(0, wire::amqp::ConnectionOpenOk{});
    (void)next();
    (void)output();
  }
  /// A channel, open.
  [[nodiscard]] wire::AmqpChannel open_channel() {
    const wire::AmqpChannel channel = client.open_channel(0).channel;
    say(channel.number, wire::amqp::ChannelOpenOk{});
    (void)next();
    (void)output();
    return channel;
  }
};

}  // namespace parley::test
