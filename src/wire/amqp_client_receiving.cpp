// What the broker says.
#include "wire/amqp_client.hpp"

#include <parley/version.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace parley::wire {
namespace {

/// What is taken for a body before any of it has come, in bytes; after that, as much again as has come.
constexpr std::size_t trusted_size_max = 64 * limits::kib;

constexpr std::string_view login_mechanism = "PLAIN";
constexpr std::string_view login_locale = "en_US";

bool has_word(std::string_view words, std::string_view word) noexcept {
  while (!words.empty()) {
    const std::size_t size = std::min(words.find(' '), words.size());
    if (words.substr(0, size) == word) return true;
    words.remove_prefix(std::min(size + 1, words.size()));
  }
  return false;
}

/// A text of the broker's, fit for a line of a log.
std::string one_line(std::string_view text) {
  std::string line{text};
  for (char& each : line) {
    if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) each = '?';
  }
  return line;
}

std::string coded(std::uint16_t code, std::string_view text) { return std::to_string(code) + ' ' + one_line(text); }

std::string sentence_of(const AmqpFrameStep& step, std::size_t size_max) {
  std::string sentence = "the broker ";
  sentence += step.why;
  if (step.code != error::message_too_large) return sentence;
  return sentence + " of " + std::to_string(step.announced_size) + " bytes, and the limit is " +
         std::to_string(size_max);
}

std::string sent(const AmqpMethodId& id) { return std::string{"the broker sent "} + id.name; }

std::string on_channel(std::uint16_t number) { return " on channel " + std::to_string(number); }

/// Neither side has set a limit where it says 0; then the other's counts.
template <class T>
T lesser(T mine, T theirs) noexcept {
  return theirs == 0 ? mine : std::min(mine, theirs);
}

}  // namespace

// --- frames ----------------------------------------------------------------------------------------------------------

/// false: there is nothing more to be had of the input.
bool AmqpClient::read_frame(TimePoint now) {
  if (state_ == State::idle || state_ == State::over) return false;
  if (state_ == State::greeting && is_other_version()) return state_ == State::over;
  const AmqpFrameStep step = frames_.decode(in_.unread());
  wanted_size_ = step.outcome == AmqpFrameStep::Outcome::need ? step.need : 0;
  switch (step.outcome) {
    case AmqpFrameStep::Outcome::need:
      if (has_ended_) read_end();
      return has_ended_;
    case AmqpFrameStep::Outcome::error:
      fail(state_ == State::greeting ? error::handshake_failed : step.code, AmqpReply::frame_error,
           sentence_of(step, frames_.frame_size_max()));
      return true;
    case AmqpFrameStep::Outcome::frame: break;
  }
  ++heard_count_;
  on_frame(step, now);
  in_.consume(step.consumed);
  return true;
}

/// A broker that does not speak this version says which one it does, in place of a frame.
bool AmqpClient::is_other_version() {
  const std::span<const std::byte> unread = in_.unread();
  constexpr std::size_t name_size = 4;
  const std::size_t there = std::min(unread.size(), name_size);
  if (there == 0 || !std::equal(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(there),
                                AmqpFrames::protocol_header.begin())) {
    return false;
  }
  wanted_size_ = AmqpFrames::protocol_header.size();
  if (unread.size() < wanted_size_) {
    if (has_ended_) read_end();
    return true;
  }
  const auto number = [&](std::size_t at) { return std::to_string(std::to_integer<unsigned>(unread[at])); };
  fail(error::handshake_failed, AmqpReply::not_implemented,
       "the broker does not speak AMQP 0-9-1, but " + number(5) + '-' + number(6) + '-' + number(7));
  return true;
}

void AmqpClient::read_end() {
  if (state_ == State::closing) {
    return end(Kind::closed, {}, 0, "the broker has ended the stream in place of an answer");
  }
  if (!has_begun()) {
    return end(Kind::failed, error::handshake_failed, 0,
               "the broker ended the stream before it had let this side in; some do so when a login is wrong");
  }
  if (in_.size() != 0) return end(Kind::failed, error::truncated, 0, "the broker left inside a frame");
  end(Kind::failed, error::closed, 0, "the broker ended the stream without closing the connection");
}

void AmqpClient::on_frame(const AmqpFrameStep& step, TimePoint now) {
  const std::span<const std::byte> payload = in_.unread().subspan(step.payload_begin, step.payload_size);
  if (step.kind == AmqpFrameKind::heartbeat) {
    if (step.channel != 0 || !payload.empty()) {
      fail(error::malformed, AmqpReply::frame_error,
           "the broker sent a heartbeat of " + std::to_string(payload.size()) + " bytes" + on_channel(step.channel));
    }
    return;
  }
  // After close(), the answer alone is heard. Channels are the other side's to know.
  if (state_ == State::closing && step.channel != 0) return;
  if (step.kind == AmqpFrameKind::method) return on_method(step.channel, payload, now);
  Channel* const channel = channel_at(step.channel);
  if (channel == nullptr) {
    return fail(error::malformed, AmqpReply::channel_error,
                "the broker sent content" + on_channel(step.channel) + ", which is not open");
  }
  if (channel->is_closing) return;
  step.kind == AmqpFrameKind::header ? on_content_header(*channel, payload) : on_body(*channel, step);
}

void AmqpClient::on_method(std::uint16_t number, std::span<const std::byte> payload, TimePoint now) {
  const AmqpMethodRead read = read_amqp_method(payload);
  if (std::holds_alternative<std::monostate>(read.method)) {
    const bool is_known = read.id.name[0] != '\0';
    return fail(
        error::malformed, is_known ? AmqpReply::syntax_error : AmqpReply::not_implemented,
        std::string{"the broker "} + read.why + ": " +
            (is_known ? read.id.name : std::to_string(read.id.class_id) + '.' + std::to_string(read.id.method_id)));
  }
  if (number == 0) return std::visit([&](const auto& method) { on(method, now); }, read.method);
  Channel* const channel = channel_at(number);
  if (channel == nullptr) {
    return fail(error::malformed, AmqpReply::channel_error, sent(read.id) + on_channel(number) + ", which is not open");
  }
  if (channel->is_closing && !(read.id == amqp::ChannelClose::id) && !(read.id == amqp::ChannelCloseOk::id)) return;
  // A broker that gives a channel up may do so inside a content.
  if (channel->content != Channel::Content::none && !(read.id == amqp::ChannelClose::id)) {
    return fail(error::malformed, AmqpReply::unexpected_frame,
                sent(read.id) + on_channel(number) + ", inside the content of a message");
  }
  std::visit([&](const auto& method) { on(*channel, method); }, read.method);
}

// --- the connection --------------------------------------------------------------------------------------------------

template <class Method>
void AmqpClient::on(const Method& method, TimePoint) {
  if (state_ == State::closing) return;
  fail(error::malformed, AmqpReply::command_invalid,
       sent(id_of(AmqpMethod{method})) + on_channel(0) + (has_begun() ? "" : " during the handshake") +
           ", where it has no place");
}

void AmqpClient::on(const amqp::ConnectionStart& start, TimePoint) {
  if (state_ != State::greeting) {
    return fail(error::malformed, AmqpReply::command_invalid, sent(start.id) + " a second time");
  }
  if (start.version_major != 0 || start.version_minor != 9) {
    return fail(error::handshake_failed, AmqpReply::not_implemented,
                "the broker does not speak AMQP 0-9-1, but " + std::to_string(start.version_major) + '-' +
                    std::to_string(start.version_minor));
  }
  if (!has_word(start.mechanisms.text, login_mechanism)) {
    return fail(
        error::handshake_failed, AmqpReply::not_implemented,
        "the broker does not let anybody in by PLAIN, but by " + one_line(start.mechanisms.text.substr(0, 100)));
  }
  for (const char* const key : {"product", "version"}) {
    const auto field = AmqpTableReader::find(start.server_properties, key);
    if (!field || field->text().empty()) continue;
    if (!broker_.empty()) broker_ += ' ';
    broker_ += one_line(field->text().substr(0, 100));
  }
  AmqpTableWriter capabilities;
  for (const char* const each : {"authentication_failure_close", "basic.nack", "connection.blocked",
                                 "consumer_cancel_notify", "publisher_confirms"}) {
    capabilities.add(each, true);
  }
  AmqpTableWriter properties;
  properties.add("product", "parley").add("version", PARLEY_VERSION_STRING).add("platform", "C++");
  properties.add("capabilities", capabilities.table());
  const std::string response = '\0' + settings_.user + '\0' + settings_.password;
  state_ = State::logging_in;
  put(0, amqp::ConnectionStartOk{properties.table(), login_mechanism, {response}, login_locale});
}

void AmqpClient::on(const amqp::ConnectionSecure& secure, TimePoint) {
  fail(error::handshake_failed, AmqpReply::not_implemented,
       sent(secure.id) + ": it wants to know more than a user and a password");
}

void AmqpClient::on(const amqp::ConnectionTune& tune, TimePoint) {
  if (state_ != State::logging_in) {
    return fail(error::malformed, AmqpReply::command_invalid, sent(tune.id) + " where it has no place");
  }
  if (tune.frame_size_max != 0 && tune.frame_size_max < AmqpFrames::frame_size_min) {
    return fail(error::handshake_failed, AmqpReply::syntax_error,
                "the broker takes frames of " + std::to_string(tune.frame_size_max) +
                    " bytes at most, and no less than 4096 is allowed");
  }
  const std::uint32_t frame_size_max = lesser(settings_.frame_size_max, tune.frame_size_max);
  const auto wanted = static_cast<std::uint16_t>(settings_.heartbeat.count());
  const std::uint16_t heartbeat = lesser(wanted, tune.heartbeat);
  frames_ = AmqpFrames{frame_size_max};
  channels_max_ = lesser(settings_.channels_max, tune.channel_max);
  heartbeat_ = std::chrono::seconds{heartbeat};
  state_ = State::entering;
  put(0, amqp::ConnectionTuneOk{channels_max_, frame_size_max, heartbeat});
  put(0, amqp::ConnectionOpen{settings_.virtual_host});
}

void AmqpClient::on(const amqp::ConnectionOpenOk& ok, TimePoint now) {
  if (state_ != State::entering) {
    return fail(error::malformed, AmqpReply::command_invalid, sent(ok.id) + " where it has no place");
  }
  state_ = State::open;
  until_.reset();
  // Those of the handshake are nothing that the broker would have been silent after.
  if (heartbeat_.count() != 0) check_at_ = now;
  tell(Kind::opened).sentence = broker_;
}

void AmqpClient::on(const amqp::ConnectionClose& close, TimePoint) {
  const bool is_refusal = !has_begun();
  const bool was_closing = state_ == State::closing;
  put(0, amqp::ConnectionCloseOk{});
  // Both have closed: what this side wanted has come to pass.
  if (was_closing) return end(Kind::closed, {}, close.reply_code, one_line(close.reply_text));
  end(Kind::closed_by_peer, is_refusal ? error::refused_by_peer : error::ended_by_peer, close.reply_code,
      std::string{is_refusal ? "the broker does not let this side in: " : "the broker has closed the connection: "} +
          coded(close.reply_code, close.reply_text));
}

void AmqpClient::on(const amqp::ConnectionCloseOk& ok, TimePoint) {
  if (state_ == State::closing) return end(Kind::closed, {}, 0, "the connection was closed");
  fail(error::malformed, AmqpReply::command_invalid, sent(ok.id) + " for nothing");
}

void AmqpClient::on(const amqp::ConnectionBlocked& blocked, TimePoint) {
  if (state_ == State::open) tell(Kind::blocked).sentence = one_line(blocked.reason);
}

void AmqpClient::on(const amqp::ConnectionUnblocked&, TimePoint) {
  if (state_ == State::open) tell(Kind::unblocked);
}

// --- channels --------------------------------------------------------------------------------------------------------

template <class Method>
void AmqpClient::on(Channel& channel, const Method& method) {
  fail(error::malformed, AmqpReply::command_invalid,
       sent(id_of(AmqpMethod{method})) + on_channel(channel.id.number) + ", where it has no place");
}

/// The answer to the command that waits, or of kind `failed` when it does not answer that.
AmqpEvent AmqpClient::take_answer(Channel& channel, const AmqpMethodId& id) {
  AmqpEvent event;
  if (!channel.is_waiting || !(channel.commands.front().awaits == id)) {
    const char* const due = channel.is_waiting ? channel.commands.front().awaits.name : "no answer";
    fail(error::malformed, AmqpReply::command_invalid,
         sent(id) + on_channel(channel.id.number) + ", where " + due + " was due");
    event.kind = Kind::failed;
    return event;
  }
  event.kind = Kind::done;
  event.channel = channel.id;
  event.token = channel.commands.front().token;
  channel.commands.pop_front();
  channel.is_waiting = false;
  --unanswered_count_;
  return event;
}

void AmqpClient::answer(Channel& channel, const AmqpMethodId& id) {
  AmqpEvent event = take_answer(channel, id);
  if (event.kind == Kind::failed) return;
  events_.emplace_back(std::move(event));
  pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::ChannelOpenOk& ok) {
  AmqpEvent event = take_answer(channel, ok.id);
  if (event.kind == Kind::failed) return;
  event.kind = Kind::channel_opened;
  events_.emplace_back(std::move(event));
  pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::ChannelCloseOk& ok) {
  AmqpEvent event = take_answer(channel, ok.id);
  if (event.kind == Kind::failed) return;
  events_.emplace_back(std::move(event));
  remove(channel);
}

void AmqpClient::on(Channel& channel, const amqp::ChannelClose& close) {
  const AmqpChannel id = channel.id;
  put_answer(id.number, amqp::ChannelCloseOk{});
  // Both have closed: the broker's answer is still to come, and says nothing new.
  if (state_ == State::over || channel.is_closing) return;
  const std::string sentence =
      "the broker has closed channel " + std::to_string(id.number) + ": " + coded(close.reply_code, close.reply_text);
  // The command it is about, if it is about one, is the one that waits; an answer has the next number.
  const bool is_about_command = channel.is_waiting && channel.commands.front().awaits.class_id == close.class_id &&
                                channel.commands.front().awaits.method_id == close.method_id + 1;
  if (is_about_command) {
    AmqpEvent refused = take_answer(channel, AmqpMethodId{channel.commands.front().awaits});
    refused.code = error::refused_by_peer;
    refused.reply_code = close.reply_code;
    refused.sentence = sentence;
    events_.emplace_back(std::move(refused));
  }
  drop_commands(channel, error::channel_reset, sentence);
  remove(channel);
  AmqpEvent& closed = tell(Kind::channel_closed);
  closed.channel = id;
  closed.code = error::channel_reset;
  closed.reply_code = close.reply_code;
  closed.sentence = sentence;
}

void AmqpClient::on(Channel& channel, const amqp::ChannelFlow& flow) {
  channel.is_paused = !flow.is_active;
  put_answer(channel.id.number, amqp::ChannelFlowOk{flow.is_active});
  if (state_ == State::open) pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::ExchangeDeclareOk& ok) { answer(channel, ok.id); }
void AmqpClient::on(Channel& channel, const amqp::QueueBindOk& ok) { answer(channel, ok.id); }
void AmqpClient::on(Channel& channel, const amqp::BasicQosOk& ok) { answer(channel, ok.id); }
void AmqpClient::on(Channel& channel, const amqp::ConfirmSelectOk& ok) { answer(channel, ok.id); }

void AmqpClient::on(Channel& channel, const amqp::QueueDeclareOk& ok) {
  AmqpEvent event = take_answer(channel, ok.id);
  if (event.kind == Kind::failed) return;
  event.name = ok.queue;
  event.message_count = ok.message_count;
  event.consumer_count = ok.consumer_count;
  events_.emplace_back(std::move(event));
  pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::QueuePurgeOk& ok) {
  AmqpEvent event = take_answer(channel, ok.id);
  if (event.kind == Kind::failed) return;
  event.message_count = ok.message_count;
  events_.emplace_back(std::move(event));
  pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::QueueDeleteOk& ok) {
  AmqpEvent event = take_answer(channel, ok.id);
  if (event.kind == Kind::failed) return;
  event.message_count = ok.message_count;
  events_.emplace_back(std::move(event));
  pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::BasicConsumeOk& ok) {
  AmqpEvent event = take_answer(channel, ok.id);
  if (event.kind == Kind::failed) return;
  event.name = ok.consumer_tag;
  events_.emplace_back(std::move(event));
  pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::BasicCancelOk& ok) {
  AmqpEvent event = take_answer(channel, ok.id);
  if (event.kind == Kind::failed) return;
  event.name = ok.consumer_tag;
  events_.emplace_back(std::move(event));
  pump(channel);
}

void AmqpClient::on(Channel& channel, const amqp::BasicCancel& cancel) {
  const AmqpChannel id = channel.id;
  if (!cancel.no_wait) put_answer(id.number, amqp::BasicCancelOk{cancel.consumer_tag});
  if (state_ == State::over) return;
  AmqpEvent& event = tell(Kind::consumer_cancelled);
  event.channel = id;
  event.name = cancel.consumer_tag;
}

// --- messages --------------------------------------------------------------------------------------------------------

void AmqpClient::begin_content(Channel& channel, AmqpEvent event) {
  channel.incoming = std::move(event);
  channel.incoming.channel = channel.id;
  channel.content = Channel::Content::header_due;
}

void AmqpClient::on(Channel& channel, const amqp::BasicReturn& returned) {
  AmqpEvent event;
  event.kind = Kind::returned;
  event.reply_code = returned.reply_code;
  event.sentence = coded(returned.reply_code, returned.reply_text);
  event.exchange = returned.exchange;
  event.routing_key = returned.routing_key;
  begin_content(channel, std::move(event));
}

void AmqpClient::on(Channel& channel, const amqp::BasicDeliver& deliver) {
  AmqpEvent event;
  event.kind = Kind::delivered;
  event.name = deliver.consumer_tag;
  event.number = deliver.delivery_tag;
  event.is_redelivered = deliver.is_redelivered;
  event.exchange = deliver.exchange;
  event.routing_key = deliver.routing_key;
  begin_content(channel, std::move(event));
}

void AmqpClient::on_content_header(Channel& channel, std::span<const std::byte> payload) {
  if (channel.content != Channel::Content::header_due) {
    return fail(error::malformed, AmqpReply::unexpected_frame,
                "the broker sent a content header" + on_channel(channel.id.number) + " without a message");
  }
  AmqpContentRead read = read_amqp_content_header(payload);
  if (!read.is_good) return fail(error::malformed, AmqpReply::syntax_error, std::string{"the broker "} + read.why);
  if (read.header.body_size > settings_.body_size_max) {
    return fail(error::message_too_large, AmqpReply::content_too_large,
                "the broker sent a message of " + std::to_string(read.header.body_size) + " bytes" +
                    on_channel(channel.id.number) + ", and the limit is " + std::to_string(settings_.body_size_max));
  }
  channel.incoming.properties = std::move(read.header.properties);
  channel.body_size = read.header.body_size;
  channel.content = Channel::Content::body_due;
  if (channel.body_size == 0) end_content(channel);
}

void AmqpClient::on_body(Channel& channel, const AmqpFrameStep& step) {
  if (channel.content != Channel::Content::body_due) {
    return fail(error::malformed, AmqpReply::unexpected_frame,
                "the broker sent a part of a message" + on_channel(channel.id.number) + " without its header");
  }
  const auto total = static_cast<std::size_t>(channel.body_size);
  std::vector<std::byte>& body = channel.body;
  if (step.payload_size > total - body.size()) {
    return fail(error::malformed, AmqpReply::unexpected_frame,
                "the broker sent a message of " + std::to_string(body.size() + step.payload_size) + " bytes" +
                    on_channel(channel.id.number) + ", where it had announced " + std::to_string(total));
  }
  if (step.payload_size == total) {
    in_.slice(step.payload_begin, total, channel.incoming.body);
    return end_content(channel);
  }
  // What is announced is not yet there: memory follows what comes.
  const std::size_t size = body.size() + step.payload_size;
  if (size > body.capacity()) body.reserve(std::min(total, std::max(trusted_size_max, 2 * size)));
  const std::span<const std::byte> part = in_.unread().subspan(step.payload_begin, step.payload_size);
  body.insert(body.end(), part.begin(), part.end());
  if (size < total) return;
  channel.incoming.body = Message{std::exchange(body, {})};
  end_content(channel);
}

void AmqpClient::end_content(Channel& channel) {
  channel.content = Channel::Content::none;
  channel.body.clear();
  events_.emplace_back(std::exchange(channel.incoming, {}));
}

// --- confirms --------------------------------------------------------------------------------------------------------

void AmqpClient::on(Channel& channel, const amqp::BasicAck& ack) {
  on_settled(channel, ack.delivery_tag, ack.is_multiple, true);
}

void AmqpClient::on(Channel& channel, const amqp::BasicNack& nack) {
  on_settled(channel, nack.delivery_tag, nack.is_multiple, false);
}

void AmqpClient::on_settled(Channel& channel, std::uint64_t tag, bool is_multiple, bool is_acknowledged) {
  if (!channel.confirms.settle(tag, is_multiple)) {
    return fail(error::malformed, AmqpReply::command_invalid,
                "the broker confirmed message " + std::to_string(tag) + on_channel(channel.id.number) +
                    ", which does not wait for that");
  }
  channel.is_acknowledged = is_acknowledged;
  confirming_ = channel.id.number;
}

/// One at a time: a confirmation of many would be as many events at once.
bool AmqpClient::tell_confirmed() {
  Channel* const channel = channel_at(confirming_);
  const auto number = channel == nullptr ? std::nullopt : channel->confirms.next();
  if (!number) {
    confirming_ = 0;
    return false;
  }
  AmqpEvent& event = tell(Kind::confirmed);
  event.channel = channel->id;
  event.number = *number;
  event.is_acknowledged = channel->is_acknowledged;
  return true;
}

}  // namespace parley::wire
