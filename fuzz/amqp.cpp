// AMQP 0-9-1. Input: choice (u8) || cut (u8) || stream, up to its end.
//
// An even choice: the stream is frames. Each is decoded from every front of the rest, in heap blocks of the exact size,
// and what was understood of it is written and understood alike.
//
// An odd choice: the stream is what a broker says to a client, after a handshake or in place of one. The same has to
// come of it however it is cut; each command is answered once, each message confirmed once, and what the client says
// itself can be read.
#include "framing_input.hpp"
#include "require.hpp"
#include "wire/amqp_client.hpp"

#include <parley/wire/amqp_content.hpp>
#include <parley/wire/amqp_field.hpp>
#include <parley/wire/amqp_frame.hpp>
#include <parley/wire/amqp_methods.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parley::fuzz {
namespace {

using wire::AmqpChannel;
using wire::AmqpClient;
using wire::AmqpEvent;
using wire::AmqpFrameKind;
using wire::AmqpFrames;
using wire::AmqpFrameStep;
using wire::AmqpMethod;
using wire::AmqpMethodRead;
using wire::AmqpTable;
using wire::AmqpTableReader;
namespace amqp = wire::amqp;

using Bytes = std::vector<std::byte>;

Bytes exact(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// --- frames ----------------------------------------------------------------------------------------------------------

/// A table that was read has fields to its end.
void go_through(AmqpTable table, unsigned depth) {
  require(depth <= wire::amqp_table_depth_max);
  std::size_t size = 0;
  AmqpTableReader reader{table};
  while (const auto field = reader.next()) {
    const bool has_length = field->type == 'S' || field->type == 'F' || field->type == 'A' || field->type == 'x';
    size += 1 + field->name.size() + 1 + field->value.size() + (has_length ? 4 : 0);
    if (field->type == 'F') go_through(field->table(), depth + 1);
  }
  require(size == table.fields.size());
}

Bytes written(const AmqpMethod& method) {
  Bytes out;
  wire::put_amqp_method(out, 3, method);
  const AmqpFrameStep step = AmqpFrames{~std::size_t{0}}.decode(out);
  require(step.outcome == AmqpFrameStep::Outcome::frame && step.kind == AmqpFrameKind::method && step.channel == 3);
  require(step.consumed == out.size());
  return {out.begin() + static_cast<std::ptrdiff_t>(step.payload_begin), out.end() - 1};
}

void read_method(const Bytes& payload) {
  const AmqpMethodRead read = wire::read_amqp_method(payload);
  if (std::holds_alternative<std::monostate>(read.method)) return require(!std::string_view{read.why}.empty());
  require(wire::id_of(read.method) == read.id);
  if (const auto* const start = std::get_if<amqp::ConnectionStart>(&read.method)) {
    go_through(start->server_properties, 1);
  }
  if (const auto* const declare = std::get_if<amqp::QueueDeclare>(&read.method)) go_through(declare->arguments, 1);
  const Bytes again = written(read.method);
  // What is reserved may have been longer; nothing else gets lost.
  require(again.size() <= payload.size());
  const AmqpMethodRead read_again = wire::read_amqp_method(again);
  require(read_again.method.index() == read.method.index());
  require(written(read_again.method) == again);
}

void read_content_header(const Bytes& payload) {
  const wire::AmqpContentRead read = wire::read_amqp_content_header(payload);
  if (!read.is_good) return require(!std::string_view{read.why}.empty());
  Bytes out;
  wire::put_amqp_content_header(out, 1, read.header);
  require(out.size() <= AmqpFrames::frame_size_min);
  const auto again = wire::read_amqp_content_header(
      std::span{out}.subspan(AmqpFrames::header_size, out.size() - AmqpFrames::overhead));
  require(again.is_good && again.header.body_size == read.header.body_size);
  require(again.header.properties == read.header.properties);
}

AmqpFrameStep decode_growing(const AmqpFrames& frames, std::string_view rest) {
  const AmqpFrameStep whole = frames.decode(exact(rest));
  std::size_t needed = 0;
  for (std::size_t size = 0; size <= rest.size(); ++size) {
    const AmqpFrameStep step = frames.decode(exact(rest.substr(0, size)));
    if (step.outcome != AmqpFrameStep::Outcome::need) {
      require(size >= needed && step.outcome == whole.outcome && step.code == whole.code);
      require(step.consumed == whole.consumed && step.payload_size == whole.payload_size);
      return whole;
    }
    require(step.need > size && step.need >= needed && step.need <= frames.frame_size_max());
    needed = step.need;
  }
  require(whole.outcome == AmqpFrameStep::Outcome::need);
  return whole;
}

void read_frames(std::string_view rest) {
  const AmqpFrames frames{512};
  while (!rest.empty()) {
    const AmqpFrameStep step = decode_growing(frames, rest);
    if (step.outcome == AmqpFrameStep::Outcome::error)
      require(step.code != error{} && !std::string_view{step.why}.empty());
    if (step.outcome != AmqpFrameStep::Outcome::frame) return;
    require(step.consumed <= frames.frame_size_max() && step.payload_begin + step.payload_size + 1 == step.consumed);
    const Bytes payload = exact(rest.substr(step.payload_begin, step.payload_size));
    if (step.kind == AmqpFrameKind::method) read_method(payload);
    if (step.kind == AmqpFrameKind::header) read_content_header(payload);
    rest.remove_prefix(step.consumed);
  }
}

// --- a client --------------------------------------------------------------------------------------------------------

constexpr std::size_t body_size_max = 300;

/// A client, and a program that has something to say on two channels.
class Conversation {
 public:
  using Kind = AmqpEvent::Kind;

  explicit Conversation(unsigned choice) : choice_{choice}, client_{settings(), in_, out_} {
    client_.start(now_);
    if ((choice & 2) != 0) return;
    amqp::ConnectionStart start{0, 9, {}, {"PLAIN"}, {"en_US"}};
    hear(frame(0, start) + frame(0, amqp::ConnectionTune{4, 4096, 0}) + frame(0, amqp::ConnectionOpenOk{}));
    require(client_.is_open());
    if ((choice & 4) == 0) return;
    hear(frame(1, amqp::ChannelOpenOk{}) + frame(2, amqp::ChannelOpenOk{}) + frame(2, amqp::ConfirmSelectOk{}));
  }

  void hear(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<std::byte> room = in_.prepare(client_.wanted_size());
      const std::size_t size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      in_.commit(size);
      bytes.remove_prefix(size);
    }
    listen();
  }

  /// Ends it, and tells all.
  std::string end() {
    if ((choice_ & 8) != 0) client_.close(now_);
    client_.stream_ended();
    listen();
    require(has_ended_ || !client_.is_open());
    require(client_.is_over() && unanswered_.empty() && client_.unanswered_count() == 0);
    require(!client_.next_deadline() && client_.wanted_size() == 0);
    read_output();
    return told_;
  }

 private:
  static AmqpClient::Settings settings() {
    AmqpClient::Settings settings;
    settings.frame_size_max = 4096;
    settings.body_size_max = body_size_max;
    settings.unanswered_count_max = 12;
    settings.unconfirmed_max = 8;
    return settings;
  }

  static std::string frame(std::uint16_t channel, const AmqpMethod& method) {
    Bytes out;
    wire::put_amqp_method(out, channel, method);
    return text_of(out);
  }

  void listen() {
    while (const AmqpEvent event = client_.next_event(now_)) {
      require(!has_ended_);
      told_ += std::to_string(static_cast<int>(event.kind)) + ' ' + std::to_string(event.token) + ' ' +
               std::to_string(event.number) + ' ' + event.name + event.sentence + event.exchange + event.routing_key +
               event.properties.type + event.body.text() + '\n';
      hear(event);
    }
    require(client_.unanswered_count() <= 12);
  }

  void hear(const AmqpEvent& event) {
    switch (event.kind) {
      case Kind::opened: begin(); break;
      case Kind::channel_opened:
      case Kind::done:
        require(unanswered_.erase(event.token) == 1);
        if (!event.code && unanswered_.size() < 4) ask(event.channel);
        break;
      case Kind::delivered:
        require(event.body.size() <= body_size_max);
        (void)client_.ack(event.channel, event.number);
        if (event.is_redelivered) (void)client_.nack(event.channel, event.number, true, false);
        break;
      case Kind::returned: require(event.body.size() <= body_size_max); break;
      case Kind::confirmed:
        require(unconfirmed_.erase({event.channel.generation, event.number}) == 1);
        publish(event.channel);
        break;
      case Kind::channel_closed: open(); break;
      case Kind::failed: require(event.code.failed()); [[fallthrough]];
      case Kind::closed:
      case Kind::closed_by_peer:
        require(!event.sentence.empty());
        has_ended_ = true;
        break;
      default: break;
    }
  }

  void begin() {
    (void)open();
    const AmqpChannel second = open();
    if (!client_.confirm_select(second, next_token_)) unanswered_.insert(next_token_++);
    for (int i = 0; i < 3; ++i) publish(second);
  }

  AmqpChannel open() {
    const auto opened = client_.open_channel(next_token_);
    if (!opened.code) unanswered_.insert(next_token_++);
    return opened.channel;
  }

  void publish(AmqpChannel channel) {
    AmqpClient::Outgoing message;
    message.body = Message{std::string(next_token_ % 90, 'm')};
    const auto published = client_.publish(channel, message);
    if (published.number != 0) require(unconfirmed_.insert({channel.generation, published.number}).second);
  }

  void ask(AmqpChannel channel) {
    // Seldom closed: most of what there is to find is on a channel that goes on.
    const boost::system::error_code code = [&] {
      if (next_token_ % 12 == 11) return client_.close_channel(channel, next_token_);
      switch (next_token_ % 5) {
        case 0: return client_.declare_queue(channel, next_token_, {.queue = "q"});
        case 1: return client_.qos(channel, next_token_, 1);
        case 2: return client_.consume(channel, next_token_, {.queue = "q"});
        case 3: return client_.bind_queue(channel, next_token_, {.queue = "q", .exchange = "e"});
        default: return client_.purge_queue(channel, next_token_, "q");
      }
    }();
    if (!code) unanswered_.insert(next_token_++);
  }

  void read_output() {
    std::array<Piece, 8> pieces{};
    std::string said;
    while (!out_.empty()) {
      const std::size_t count = out_.gather(pieces);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        said += text_of({pieces[i].data, pieces[i].size});
        size += pieces[i].size;
      }
      (void)out_.consume(size);
    }
    require(said.starts_with("AMQP"));
    std::string_view rest = std::string_view{said}.substr(AmqpFrames::protocol_header.size());
    while (!rest.empty()) {
      const Bytes unread = exact(rest);
      const AmqpFrameStep step = AmqpFrames{4096}.decode(unread);
      require(step.outcome == AmqpFrameStep::Outcome::frame);
      const auto payload = std::span{unread}.subspan(step.payload_begin, step.payload_size);
      if (step.kind == AmqpFrameKind::method) {
        require(!std::holds_alternative<std::monostate>(wire::read_amqp_method(payload).method));
      }
      if (step.kind == AmqpFrameKind::header) require(wire::read_amqp_content_header(payload).is_good);
      rest.remove_prefix(step.consumed);
    }
    told_ += said;
  }

  struct Piece {
    const std::byte* data;
    std::size_t size;
  };

  const unsigned choice_;
  const TimePoint now_{std::chrono::hours{1}};
  parley::detail::InBuffer in_{16 * 1024};
  parley::detail::OutQueue out_;
  AmqpClient client_;
  std::string told_;
  std::uint64_t next_token_ = 1;
  std::set<std::uint64_t> unanswered_;
  std::set<std::pair<std::uint32_t, std::uint64_t>> unconfirmed_;
  bool has_ended_ = false;
};

std::string converse(std::string_view stream, unsigned choice, ChunkSizes sizes, bool whole) {
  Conversation conversation{choice};
  while (!stream.empty()) {
    const std::string_view piece = stream.substr(0, whole ? stream.size() : sizes());
    conversation.hear(piece);
    stream.remove_prefix(piece.size());
  }
  return conversation.end();
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::Input input{data, size};
  const unsigned choice = input.u8();
  const parley::fuzz::ChunkSizes sizes{input.u8()};
  const std::string_view stream = input.rest();
  if (choice % 2 == 0) {
    parley::fuzz::read_frames(stream);
  } else {
    parley::fuzz::require(parley::fuzz::converse(stream, choice, sizes, true) ==
                          parley::fuzz::converse(stream, choice, sizes, false));
  }
  return 0;
}
