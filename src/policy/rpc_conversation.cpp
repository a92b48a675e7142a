#include "policy/rpc_conversation.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace parley::policy {

using wire::CommunicaCode;
using wire::CommunicaFrames;
using wire::CommunicaGreeting;
using wire::CommunicaRole;
using wire::CommunicaStep;
using Event = RpcConversation::Event;

namespace {

CommunicaRole peer_of(CommunicaRole role) noexcept {
  return role == CommunicaRole::client ? CommunicaRole::server : CommunicaRole::client;
}

std::string sentence_of(error code, const char* why, std::size_t size, std::size_t size_max) {
  std::string sentence = "the peer ";
  sentence += why;
  if (code != error::message_too_large) return sentence;
  return sentence + " of " + std::to_string(size) + " bytes, and the limit is " + std::to_string(size_max);
}

}  // namespace

void RpcConversation::start(TimePoint now) {
  if (settings_.greeting_time_max < TimePoint::max() - now) greeting_until_ = now + settings_.greeting_time_max;
  if (settings_.role == CommunicaRole::client) put_text(wire::client_greeting(settings_.client_id));
}

void RpcConversation::accept() {
  put_text(wire::server_greeting());
  state_ = State::up;
}

void RpcConversation::reject(std::string_view reason) {
  put_text(wire::rejection(reason));
  state_ = State::over;
}

Event RpcConversation::next_event() {
  in_.consume(std::exchange(taken_size_, 0));
  switch (state_) {
    case State::greeting: return read_greeting();
    case State::up: return read_frame();
    case State::greeted:
    case State::over: return {};
  }
  return {};
}

Event RpcConversation::expire(TimePoint now) {
  if (!greeting_until_ || now < *greeting_until_) return {};
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(settings_.greeting_time_max);
  return fail(error::timed_out, "the peer has not greeted within " + std::to_string(waited.count()) + " ms");
}

// --- reading ---------------------------------------------------------------------------------------------------------

Event RpcConversation::read_greeting() {
  CommunicaGreeting read = wire::read_greeting(in_.unread(), has_ended_, peer_of(settings_.role));
  switch (read.outcome) {
    case CommunicaGreeting::Outcome::need: return {};
    case CommunicaGreeting::Outcome::rejected: return end(Kind::rejected, std::move(read.reason));
    case CommunicaGreeting::Outcome::error: return fail(read.code, std::string{"the peer "} + read.why);
    case CommunicaGreeting::Outcome::greeting: break;
  }
  in_.consume(read.consumed);
  greeting_until_.reset();
  state_ = settings_.role == CommunicaRole::client ? State::up : State::greeted;
  Event event;
  event.kind = Kind::greeted;
  event.client_id = std::move(read.client_id);
  return event;
}

Event RpcConversation::read_frame() {
  for (;;) {
    const std::span<const std::byte> unread = in_.unread();
    if (wire::begins_rejection(unread) && !assembly_.is_open()) {
      CommunicaGreeting read = wire::read_rejection(unread, has_ended_);
      if (read.outcome == CommunicaGreeting::Outcome::need) return {};
      if (read.outcome == CommunicaGreeting::Outcome::rejected) return end(Kind::rejected, std::move(read.reason));
      return fail(read.code, std::string{"the peer "} + read.why);
    }
    const CommunicaStep step = frames_.decode(unread);
    wanted_size_ = step.outcome == CommunicaStep::Outcome::need ? step.need : 0;
    switch (step.outcome) {
      case CommunicaStep::Outcome::need:
        if (!has_ended_) return {};
        if (!unread.empty() || assembly_.is_open()) return fail(error::truncated, "the peer left inside a message");
        return end(Kind::ended);
      case CommunicaStep::Outcome::error:
        return fail(step.code, sentence_of(step.code, step.why, step.announced_size, step.size_max));
      case CommunicaStep::Outcome::frame: break;
    }
    if (std::optional<Event> event = take_frame(step)) return std::move(*event);
  }
}

bool RpcConversation::is_in_rejection() const noexcept {
  return state_ != State::over && !assembly_.is_open() && wire::begins_rejection(in_.unread());
}

/// Nothing: there is more to come of a message.
std::optional<Event> RpcConversation::take_frame(const CommunicaStep& step) {
  if (step.frame == CommunicaCode::close_notice) return end(Kind::ended);
  const std::span<const std::byte> frame = in_.unread().first(step.consumed);
  if (step.frame == CommunicaCode::chunk) {
    const wire::CommunicaAssembly::Result result = assembly_.add(step, frame);
    if (result.code != error{}) {
      return fail(result.code, sentence_of(result.code, result.why, result.size, settings_.limits.data_size_max));
    }
    in_.consume(step.consumed);
    if (!result.is_complete) return std::nullopt;
    Event event = message(assembly_.metadata());
    if (event.kind == Kind::message) event.data = Message{std::exchange(assembly_.data(), {})};
    return event;
  }
  if (assembly_.is_open()) return fail(error::malformed, "the peer began a message inside another one's chunks");
  const std::span<const std::byte> metadata = frame.subspan(step.metadata_begin, step.metadata_size);
  Event event = message({reinterpret_cast<const char*>(metadata.data()), metadata.size()});
  if (event.kind != Kind::message) return event;
  in_.slice(step.data_begin, step.consumed - step.data_begin, event.data);
  consume_later(step.consumed);
  return event;
}

Event RpcConversation::message(std::string_view metadata_text) {
  const wire::RequestMetadataScan scan = wire::scan_metadata(metadata_text, decoded_);
  if (!scan) {
    return fail(error::malformed, "the peer's metadata " + std::string{scan.what} + ", at byte " +
                                      std::to_string(scan.offset) + " of " + std::to_string(metadata_text.size()));
  }
  Event event;
  event.kind = Kind::message;
  event.metadata = scan.metadata;
  event.metadata_text = metadata_text;
  return event;
}

Event RpcConversation::fail(error code, std::string sentence) {
  Event event = end(Kind::failed, std::move(sentence));
  event.code = code;
  return event;
}

Event RpcConversation::end(Kind kind, std::string sentence) {
  state_ = State::over;
  greeting_until_.reset();
  wanted_size_ = 0;
  Event event;
  event.kind = kind;
  event.sentence = std::move(sentence);
  return event;
}

// --- writing ---------------------------------------------------------------------------------------------------------

void RpcConversation::send(std::string_view metadata, const Message& data) {
  std::array<std::byte, CommunicaFrames::chunk_header_size> header;
  std::string before;
  const auto put = [&](std::size_t header_size, std::string_view text, const Message& body) {
    before.assign(reinterpret_cast<const char*>(header.data()), header_size);
    before += text;
    out_.append(std::as_bytes(std::span{before}), body);
  };
  constexpr std::size_t chunk_size = CommunicaFrames::chunk_size;
  if (data.size() <= chunk_size) {
    return put(CommunicaFrames::put_message_header(header.data(), metadata.size(), data.size()), metadata, data);
  }
  const auto count = static_cast<std::uint32_t>((data.size() + chunk_size - 1) / chunk_size);
  for (std::uint32_t index = 0; index < count; ++index) {
    const std::size_t begin = index * chunk_size;
    const Message part = data.slice(begin, std::min(chunk_size, data.size() - begin));
    const std::string_view text = index == 0 ? metadata : std::string_view{};
    put(CommunicaFrames::put_chunk_header(header.data(), index, count, text.size(), part.size()), text, part);
  }
}

void RpcConversation::finish() {
  std::array<std::byte, CommunicaFrames::close_notice_size> frame;
  out_.append_control(std::span{frame}.first(CommunicaFrames::put_close_notice(frame.data())));
  state_ = State::over;
}

void RpcConversation::put_text(std::string_view text) { out_.append_control(std::as_bytes(std::span{text})); }

}  // namespace parley::policy
