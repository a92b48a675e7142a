#include "transport/ws/session.hpp"

#include "transport/printable.hpp"
#include "transport/ws/frame_writer.hpp"
#include "transport/ws/input.hpp"

#include <parley/error.hpp>
#include <parley/wire/bytes.hpp>
#include <parley/wire/utf8.hpp>
#include <parley/wire/websocket.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using wire::WsClose;
using wire::WsFrame;
using wire::WsOpcode;

/// The length prefix that stands for a WebSocket message above this layer.
constexpr std::size_t prefix_size = 4;

/// Bytes that one read looks through for something to give out: of frames without payload there could be any number.
constexpr std::size_t look_size_max = 4 * WsInput::block_size;

class WsSession final : public Layer {
 public:
  WsSession(std::unique_ptr<Upgrade> upgrade, bool is_server, const WsOptions& options, Below& below)
      : upgrade_{std::move(upgrade)},
        is_server_{is_server},
        messages_{options.messages()},
        message_size_max_{std::min<std::size_t>(options.message_size_max(), 0xffff'ffff)},
        ping_interval_{options.ping_interval()},
        below_{below},
        in_{below},
        writer_{below, !is_server, messages_} {}

  void handshake(error_code& ec) override;
  std::size_t read(std::span<std::byte> room, error_code& ec) override;
  std::size_t write(std::span<const asio::const_buffer> buffers, error_code& ec) override;
  void end() noexcept override { close(WsClose::normal); }
  [[nodiscard]] Duration heartbeat_interval() const noexcept override { return ping_interval_; }
  void heartbeat(error_code& ec) override;
  [[nodiscard]] const std::string& explain() const noexcept override { return sentence_; }

 private:
  /// What read() found to do next.
  enum class Next { plain_bytes, more_input, over };

  Next advance();
  Next begin_frame(const WsFrame& frame);
  Next begin_data(const WsFrame& frame);
  Next end_frame();
  Next on_control(std::span<const std::byte> payload);
  Next on_close(std::span<const std::byte> payload);
  Next fail(error_code code, WsClose close_code, std::string sentence);
  Next over(error_code ec);
  Next stream_ended(error_code ec);

  std::size_t give_plain(std::span<std::byte> room);
  std::size_t give_payload(std::span<std::byte> room);
  void take_payload(std::byte* to, std::size_t size);
  void announce(std::size_t size);
  void answer_ping();
  void look_for_life();
  [[nodiscard]] bool ping();
  void close(WsClose code);

  [[nodiscard]] std::string peer() const { return is_server_ ? "the client" : "the server"; }

  std::unique_ptr<Upgrade> upgrade_;  // until it is done
  bool is_greeted_ = false;
  const bool is_server_;
  const WsMessages messages_;
  const std::size_t message_size_max_;
  const std::chrono::milliseconds ping_interval_;
  Below& below_;
  WsInput in_;
  WsFrameWriter writer_;

  WsFrame frame_;               // the one whose payload is coming
  std::uint64_t received_ = 0;  // of its payload
  bool is_in_frame_ = false;
  bool is_in_message_ = false;        // a data frame that was not final has come
  std::vector<std::byte> assembled_;  // one_each: the fragments so far
  std::vector<std::byte> plain_;      // to be given out before anything else: a prefix, a message of fragments
  std::size_t plain_begin_ = 0;
  std::optional<std::vector<std::byte>> ping_;  // the latest that has not been answered
  bool is_heard_ = true;                        // something has come since the last heartbeat
  bool is_asked_ = false;                       // by a ping, since something has come
  bool is_closed_ = false;                      // by this side
  error_code end_;                              // of reading
  std::string sentence_;
};

// --- the handshake ---------------------------------------------------------------------------------------------------

void WsSession::handshake(error_code& ec) {
  if (!std::exchange(is_greeted_, true)) {
    const std::string greeting = upgrade_->greeting();
    below_.give(std::as_bytes(std::span{greeting}));
  }
  for (;;) {
    const std::size_t before = in_.unread().size();
    in_.fetch(ec);
    if (ec && ec != asio::error::would_block) {
      if (ec == asio::error::eof) {
        sentence_ = peer() + " closed the connection during the WebSocket handshake";
        ec = error::handshake_failed;
      }
      return;
    }
    const UpgradeStep step = upgrade_->feed({reinterpret_cast<const char*>(in_.unread().data()), in_.unread().size()});
    below_.give(std::as_bytes(std::span{step.output}));
    if (step.kind == UpgradeStep::Kind::failed) {
      ec = step.code;
      sentence_ = step.sentence;
      return;
    }
    if (step.kind == UpgradeStep::Kind::done) {
      ec = {};
      in_.consume(step.consumed);
      upgrade_.reset();
      return;
    }
    if (in_.unread().size() == before) return;  // would_block
  }
}

// --- reading ---------------------------------------------------------------------------------------------------------

std::size_t WsSession::read(std::span<std::byte> room, error_code& ec) {
  ec = {};
  std::size_t total = 0;
  std::size_t looked_at = 0;
  while (total < room.size()) {
    const std::size_t size = give_plain(room.subspan(total));
    total += size;
    if (size > 0) continue;
    ec = end_;
    if (ec) break;
    if (advance() != Next::more_input) continue;
    if (looked_at >= look_size_max) break;
    const std::size_t before = in_.unread().size();
    in_.fetch(ec);
    looked_at += in_.unread().size() - before;
    if (ec == asio::error::would_block) break;
    is_heard_ = true;
    if (ec) stream_ended(ec);
  }
  in_.release_memory();
  answer_ping();
  return total;
}

/// Plain bytes that are there; 0 if the input has to be looked at first.
std::size_t WsSession::give_plain(std::span<std::byte> room) {
  if (plain_begin_ < plain_.size()) {
    const std::size_t size = std::min(room.size(), plain_.size() - plain_begin_);
    std::memcpy(room.data(), plain_.data() + plain_begin_, size);
    plain_begin_ += size;
    if (plain_begin_ == plain_.size()) {
      plain_begin_ = 0;
      plain_.clear();
      if (plain_.capacity() > 64) plain_ = {};
    }
    return size;
  }
  const bool is_passed_on =
      is_in_frame_ && !wire::is_control(frame_.opcode) && (messages_ == WsMessages::pieces || !is_in_message_);
  return is_passed_on ? give_payload(room) : 0;
}

std::size_t WsSession::give_payload(std::span<std::byte> room) {
  const std::uint64_t left = frame_.size - received_;
  std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left, room.size()));
  if (in_.unread().empty() && size >= WsInput::block_size) {
    // Straight to where it is wanted.
    error_code ec;
    size = below_.take(room.first(size), ec);
    if (ec) {
      if (ec != asio::error::would_block) stream_ended(ec);
      return 0;
    }
    if (frame_.is_masked) wire::apply_ws_mask(room.data(), room.data(), size, frame_.mask, received_);
    received_ += size;
    is_heard_ = true;
    return size;
  }
  size = std::min(size, in_.unread().size());
  take_payload(room.data(), size);
  return size;
}

void WsSession::take_payload(std::byte* to, std::size_t size) {
  if (frame_.is_masked) {
    wire::apply_ws_mask(to, in_.unread().data(), size, frame_.mask, received_);
  } else if (size > 0) {
    std::memcpy(to, in_.unread().data(), size);
  }
  in_.consume(size);
  received_ += size;
}

WsSession::Next WsSession::advance() {
  if (!is_in_frame_) {
    const wire::WsHeaderStep step = wire::decode_ws_header(in_.unread());
    if (step.kind == wire::WsHeaderStep::Kind::need) return Next::more_input;
    if (step.kind == wire::WsHeaderStep::Kind::error) {
      return fail(error::malformed, WsClose::protocol_error,
                  peer() + " sent what is not a WebSocket frame: " + step.reason);
    }
    in_.consume(step.consumed);
    return begin_frame(step.frame);
  }
  if (wire::is_control(frame_.opcode)) {
    if (in_.unread().size() < frame_.size) return Next::more_input;
    std::vector<std::byte> payload(static_cast<std::size_t>(frame_.size));
    take_payload(payload.data(), payload.size());
    is_in_frame_ = false;
    return on_control(payload);
  }
  if (messages_ == WsMessages::one_each && is_in_message_ && received_ < frame_.size) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(frame_.size - received_, in_.unread().size()));
    const std::size_t begin = assembled_.size();
    assembled_.resize(begin + size);
    take_payload(assembled_.data() + begin, size);
  }
  return received_ == frame_.size ? end_frame() : Next::more_input;
}

WsSession::Next WsSession::begin_frame(const WsFrame& frame) {
  if (frame.is_masked != is_server_) {
    return fail(error::malformed, WsClose::protocol_error,
                peer() + (is_server_ ? " sent a frame without a mask" : " sent a masked frame"));
  }
  frame_ = frame;
  received_ = 0;
  is_in_frame_ = true;
  return wire::is_control(frame.opcode) ? Next::plain_bytes : begin_data(frame);
}

WsSession::Next WsSession::begin_data(const WsFrame& frame) {
  if ((frame.opcode == WsOpcode::continuation) != is_in_message_) {
    return fail(error::malformed, WsClose::protocol_error,
                peer() + (is_in_message_ ? " began a message inside another" : " continued a message it never began"));
  }
  if (frame.opcode == WsOpcode::text) {
    return fail(error::malformed, WsClose::unsupported_data,
                peer() + " sent a text message; only binary ones are understood here");
  }
  if (messages_ == WsMessages::pieces) return Next::plain_bytes;
  if (frame.size > message_size_max_ - std::min(message_size_max_, assembled_.size())) {
    return fail(error::message_too_large, WsClose::too_big,
                peer() + " sent a message of more than " + std::to_string(message_size_max_) + " bytes");
  }
  if (!is_in_message_ && frame.is_final) {
    announce(static_cast<std::size_t>(frame.size));
  } else {
    is_in_message_ = true;  // from here on it is gathered
  }
  return Next::plain_bytes;
}

WsSession::Next WsSession::end_frame() {
  is_in_frame_ = false;
  if (messages_ == WsMessages::pieces) {
    is_in_message_ = !frame_.is_final;
  } else if (is_in_message_ && frame_.is_final) {
    is_in_message_ = false;
    announce(assembled_.size());
    plain_.insert(plain_.end(), assembled_.begin(), assembled_.end());
    assembled_ = {};
  }
  return Next::plain_bytes;
}

void WsSession::announce(std::size_t size) {
  std::array<std::byte, prefix_size> prefix;
  wire::store_big(prefix.data(), static_cast<std::uint32_t>(size));
  plain_.insert(plain_.end(), prefix.begin(), prefix.end());
}

WsSession::Next WsSession::on_control(std::span<const std::byte> payload) {
  switch (frame_.opcode) {
    case WsOpcode::ping:
      ping_.emplace(payload.begin(), payload.end());
      answer_ping();
      return Next::plain_bytes;
    case WsOpcode::close: return on_close(payload);
    default: return Next::plain_bytes;  // a pong that nobody waits for
  }
}

/// Of several pings the latest is enough (section 5.5.3); so a peer that pings and does not read costs nothing.
void WsSession::answer_ping() {
  if (!ping_ || is_closed_ || writer_.is_in_frame() || below_.is_congested()) return;
  writer_.control(WsOpcode::pong, *ping_);
  ping_.reset();
}

void WsSession::heartbeat(error_code& ec) {
  ec = end_;
  if (ec) return;
  if (!is_heard_) look_for_life();
  if (std::exchange(is_heard_, false)) {
    is_asked_ = false;
  } else if (!is_asked_) {
    is_asked_ = ping();
  } else {
    sentence_ = peer() + " has not answered a ping within " + std::to_string(ping_interval_.count()) + " ms";
    over(asio::error::timed_out);
    ec = end_;
  }
}

/// The owner may not be reading just now, and the sign be among what it has not read.
void WsSession::look_for_life() {
  error_code ec;
  if (!in_.is_full()) in_.fetch(ec);
  is_heard_ = ec != asio::error::would_block;  // an end is for read() to find
}

/// Whether there was room for it. If not, we are the ones who send, and the stream below will notice when nobody reads.
bool WsSession::ping() {
  if (is_closed_ || writer_.is_in_frame() || below_.is_congested()) return false;
  writer_.control(WsOpcode::ping, {});
  return true;
}

WsSession::Next WsSession::on_close(std::span<const std::byte> payload) {
  if (payload.size() == 1) return fail(error::malformed, WsClose::protocol_error, peer() + " sent half a close code");
  const unsigned code =
      payload.size() < 2 ? static_cast<unsigned>(WsClose::normal) : wire::load_big<std::uint16_t>(payload.data());
  if (!wire::may_close_with(code)) {
    return fail(error::malformed, WsClose::protocol_error,
                peer() + " closed the WebSocket with code " + std::to_string(code) + ", which must not be sent");
  }
  const std::string reason = payload.size() < 2
                                 ? std::string{}
                                 : std::string{reinterpret_cast<const char*>(payload.data()) + 2, payload.size() - 2};
  if (!wire::is_utf8(reason)) {
    return fail(error::malformed, WsClose::not_utf8,
                peer() + " closed the WebSocket with code " + std::to_string(code) + " and words that are not UTF-8");
  }
  close(static_cast<WsClose>(code));
  if (code == static_cast<unsigned>(WsClose::normal) || code == static_cast<unsigned>(WsClose::going_away)) {
    return over(is_in_message_ ? error_code{error::truncated} : error_code{asio::error::eof});
  }
  sentence_ = peer() + " closed the WebSocket with code " + std::to_string(code);
  if (!reason.empty()) sentence_ += ": " + printable(reason);
  return over(error::refused_by_peer);
}

WsSession::Next WsSession::fail(error_code code, WsClose close_code, std::string sentence) {
  close(close_code);
  sentence_ = std::move(sentence);
  return over(code);
}

WsSession::Next WsSession::over(error_code ec) {
  end_ = ec;
  is_in_frame_ = false;
  return Next::over;
}

WsSession::Next WsSession::stream_ended(error_code ec) {
  if (ec != asio::error::eof) return over(ec);
  sentence_ =
      peer() + " ended the connection without the closing message of WebSocket; what it sent last may be missing";
  return over(error::truncated);
}

// --- writing ---------------------------------------------------------------------------------------------------------

std::size_t WsSession::write(std::span<const asio::const_buffer> buffers, error_code& ec) {
  ec = is_closed_ ? error_code{asio::error::broken_pipe} : error_code{};
  if (ec) return 0;
  answer_ping();
  return writer_.write(buffers);
}

void WsSession::close(WsClose code) {
  if (std::exchange(is_closed_, true) || writer_.is_in_frame()) return;
  below_.begin_farewell();
  std::array<std::byte, 2> payload;
  wire::store_big(payload.data(), static_cast<std::uint16_t>(code));
  writer_.control(WsOpcode::close, payload);
}

}  // namespace

std::string make_ws_key() {
  std::random_device device;
  std::array<std::byte, 16> key;
  for (std::size_t i = 0; i < key.size(); i += 4) {
    wire::store_big(key.data() + i, static_cast<std::uint32_t>(device()));
  }
  return wire::base64(key);
}

std::unique_ptr<Layer> make_ws_client(ClientUpgrade upgrade, const WsOptions& options, Below& below) {
  return std::make_unique<WsSession>(make_upgrade(std::move(upgrade)), false, options, below);
}
std::unique_ptr<Layer> make_ws_server(ServerUpgrade upgrade, const WsOptions& options, Below& below) {
  return std::make_unique<WsSession>(make_upgrade(std::move(upgrade)), true, options, below);
}

}  // namespace parley::transport
