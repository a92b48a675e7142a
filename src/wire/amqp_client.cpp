// How a connection begins and ends, and time. amqp_client_receiving.cpp has what the broker says,
// amqp_client_commands.cpp what the owner does.
#include "wire/amqp_client.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>

namespace parley::wire {
namespace {

/// User and password together have to fit in the smallest frame, beside what this side says of itself.
constexpr std::size_t login_size_max = 2048;

/// So many answers behind so much output that is not taken: the broker asks, and does not read.
constexpr std::size_t answers_max = 1000;
constexpr std::size_t output_backlog = 64 * limits::kib;

/// Of an interval of heartbeats; and of two, after which a silent broker is taken for dead.
constexpr unsigned checks_per_interval = 4;
constexpr unsigned silent_checks_max = 2 * checks_per_interval;

std::optional<TimePoint> later(TimePoint now, Duration span) noexcept {
  if (span >= TimePoint::max() - now) return std::nullopt;
  return now + span;
}

/// The front of a text that fits, whole characters of UTF-8.
std::string_view fitting(std::string_view text) noexcept {
  if (text.size() <= amqp_short_string_max) return text;
  std::size_t size = amqp_short_string_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

}  // namespace

void AmqpClient::require(const Settings& settings) {
  const auto refuse = [](const std::string& why) { throw std::invalid_argument("AMQP: " + why); };
  const std::size_t login_size = settings.user.size() + settings.password.size();
  if (login_size > login_size_max) {
    refuse("user and password have " + std::to_string(login_size) + " bytes, and may have " +
           std::to_string(login_size_max));
  }
  if (settings.user.find('\0') != std::string::npos || settings.password.find('\0') != std::string::npos) {
    refuse("neither user nor password may contain a NUL");
  }
  if (settings.virtual_host.size() > amqp_short_string_max) {
    refuse("the virtual host has a name of " + std::to_string(settings.virtual_host.size()) +
           " bytes, and there is room for 255");
  }
  if (settings.frame_size_max < AmqpFrames::frame_size_min) {
    refuse("frames of " + std::to_string(settings.frame_size_max) + " bytes, and no less than 4096 may be asked for");
  }
  if (settings.heartbeat.count() < 0 || settings.heartbeat.count() > std::numeric_limits<std::uint16_t>::max()) {
    refuse("a heartbeat of " + std::to_string(settings.heartbeat.count()) + " s, where 0 to 65535 can be asked for");
  }
  if (settings.channels_max == 0) refuse("no channels are allowed");
}

AmqpClient::AmqpClient(Settings settings, parley::detail::InBuffer& in, parley::detail::OutQueue& out)
    : settings_{std::move(settings)}, in_{in}, out_{out}, frames_{settings_.frame_size_max} {
  require(settings_);
}

void AmqpClient::start(TimePoint now) {
  state_ = State::greeting;
  until_ = later(now, settings_.handshake_time_max);
  put_control(AmqpFrames::protocol_header);
}

AmqpEvent AmqpClient::next_event(TimePoint now) {
  for (;;) {
    if (!events_.empty()) return events_.take_front();
    if (!tell_confirmed() && !read_frame(now)) return {};
  }
}

void AmqpClient::close(TimePoint now, AmqpReply reply, std::string_view text) {
  if (state_ == State::over || state_ == State::closing) return;
  if (state_ != State::open) return end(Kind::closed, {}, 0, "the connection was closed before it was open");
  amqp::ConnectionClose close;
  close.reply_code = static_cast<std::uint16_t>(reply);
  close.reply_text = fitting(text);
  put(0, close);
  state_ = State::closing;
  until_ = later(now, settings_.close_time_max);
}

// --- time ------------------------------------------------------------------------------------------------------------

std::optional<TimePoint> AmqpClient::next_deadline() const noexcept {
  if (!until_ || !check_at_) return until_ ? until_ : check_at_;
  return std::min(*until_, *check_at_);
}

void AmqpClient::expire(TimePoint now) {
  if (until_ && now >= *until_) {
    const bool is_closing = state_ == State::closing;
    const Duration span = is_closing ? settings_.close_time_max : settings_.handshake_time_max;
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
    return end(Kind::failed, error::timed_out, 0,
               (is_closing ? "the broker has not answered the closing of the connection within "
                           : "the broker has not let this side in within ") +
                   std::to_string(waited) + " ms");
  }
  if (check_at_ && now >= *check_at_) check_heartbeats(now);
}

/// Silence is counted in checks and not in time: after a suspended process has gone on, what the broker said meanwhile
/// may still wait to be read.
void AmqpClient::check_heartbeats(TimePoint now) {
  check_at_ = later(now, Duration{heartbeat_} / checks_per_interval);
  const bool has_heard = heard_count_ != heard_before_ || in_.size() != unread_before_;
  silent_checks_ = has_heard || !is_reading_ ? 0 : silent_checks_ + 1;
  heard_before_ = heard_count_;
  unread_before_ = in_.size();
  if (silent_checks_ >= silent_checks_max) {
    return end(Kind::failed, error::peer_silent, 0,
               "nothing has come from the broker for " + std::to_string(2 * heartbeat_.count()) +
                   " s, twice the interval of its heartbeats");
  }
  const bool has_said = std::exchange(said_before_, said_count_) != said_count_;
  if (!has_said) {
    std::array<std::byte, AmqpFrames::overhead> heartbeat{};
    AmqpFrames::put_header(heartbeat.data(), AmqpFrameKind::heartbeat, 0, 0);
    heartbeat.back() = AmqpFrames::end;
    put_control(heartbeat);
  }
}

// --- output ----------------------------------------------------------------------------------------------------------

void AmqpClient::put_control(std::span<const std::byte> bytes) {
  out_.append_control(bytes);
  ++said_count_;
}

void AmqpClient::put(std::uint16_t channel, const AmqpMethod& method) {
  scratch_.clear();
  put_amqp_method(scratch_, channel, method);
  put_control(scratch_);
}

/// What the broker has asked for. One that asks and does not read would have answers pile up.
void AmqpClient::put_answer(std::uint16_t channel, const AmqpMethod& method) {
  answers_count_ = out_.size() <= output_backlog ? 0 : answers_count_ + 1;
  if (answers_count_ > answers_max) {
    return end(Kind::failed, error::flooded, 0,
               "the broker asks for answers and does not read them: " + std::to_string(answers_max) + " wait");
  }
  put(channel, method);
}

// --- the end ---------------------------------------------------------------------------------------------------------

AmqpEvent& AmqpClient::tell(Kind kind) {
  AmqpEvent& event = events_.emplace_back();
  event.kind = kind;
  return event;
}

/// The broker has broken the protocol, or a limit. It is told, where it can be expected to understand.
void AmqpClient::fail(error code, AmqpReply reply, std::string sentence) {
  if (state_ == State::over) return;
  if (state_ != State::greeting && state_ != State::closing) {
    amqp::ConnectionClose close;
    close.reply_code = static_cast<std::uint16_t>(reply);
    close.reply_text = fitting(sentence);
    put(0, close);
  }
  end(Kind::failed, code, static_cast<std::uint16_t>(reply), std::move(sentence));
}

void AmqpClient::end(Kind kind, error code, std::uint16_t reply_code, std::string sentence) {
  const bool was_closing = state_ == State::closing || kind == Kind::closed;
  state_ = State::over;
  until_.reset();
  check_at_.reset();
  wanted_size_ = 0;
  confirming_ = 0;
  for (const auto& channel : channels_) {
    if (channel) drop_commands(*channel, was_closing ? error::closed : error::session_ended, sentence);
  }
  channels_.clear();
  AmqpEvent& event = tell(kind);
  if (code != error{}) event.code = code;
  event.reply_code = reply_code;
  event.sentence = std::move(sentence);
}

AmqpClient::Channel* AmqpClient::channel_at(std::uint16_t number) noexcept {
  return number == 0 || number > channels_.size() ? nullptr : channels_[number - 1U].get();
}

}  // namespace parley::wire
