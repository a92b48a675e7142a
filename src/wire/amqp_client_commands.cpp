// What the owner says, and in which order it goes out.
#include "wire/amqp_client.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace parley::wire {

using boost::system::error_code;

namespace {

std::array<std::byte, AmqpFrames::header_size> body_header_of(std::uint16_t channel, std::size_t size) noexcept {
  std::array<std::byte, AmqpFrames::header_size> header{};
  AmqpFrames::put_header(header.data(), AmqpFrameKind::body, channel, size);
  return header;
}

}  // namespace

AmqpClient::OpenedChannel AmqpClient::open_channel(AmqpToken token) {
  if (state_ == State::closing || state_ == State::over) return {{}, error::session_ended};
  if (state_ != State::open) throw std::logic_error("AMQP: a channel before the connection is open");
  const auto free = std::find(channels_.begin(), channels_.end(), nullptr);
  const auto index = static_cast<std::size_t>(free - channels_.begin());
  if (index == channels_max_ || unanswered_count_ >= settings_.unanswered_count_max) return {{}, error::full};
  if (free == channels_.end()) channels_.emplace_back();
  channels_[index] = std::make_unique<Channel>();
  const AmqpChannel id{static_cast<std::uint16_t>(index + 1), next_generation_++};
  channels_[index]->id = id;
  return {id, say(id, token, amqp::ChannelOpen{}, amqp::ChannelOpenOk::id)};
}

error_code AmqpClient::close_channel(AmqpChannel channel, AmqpToken token) {
  amqp::ChannelClose close;
  close.reply_code = static_cast<std::uint16_t>(AmqpReply::success);
  const error_code code = say(channel, token, close, amqp::ChannelCloseOk::id);
  if (!code) find(channel)->is_ending = true;
  return code;
}

error_code AmqpClient::declare_exchange(AmqpChannel channel, AmqpToken token, amqp::ExchangeDeclare what) {
  what.no_wait = false;
  return say(channel, token, what, amqp::ExchangeDeclareOk::id);
}

error_code AmqpClient::declare_queue(AmqpChannel channel, AmqpToken token, amqp::QueueDeclare what) {
  what.no_wait = false;
  return say(channel, token, what, amqp::QueueDeclareOk::id);
}

error_code AmqpClient::bind_queue(AmqpChannel channel, AmqpToken token, amqp::QueueBind what) {
  what.no_wait = false;
  return say(channel, token, what, amqp::QueueBindOk::id);
}

error_code AmqpClient::purge_queue(AmqpChannel channel, AmqpToken token, std::string_view queue) {
  return say(channel, token, amqp::QueuePurge{.queue = queue}, amqp::QueuePurgeOk::id);
}

error_code AmqpClient::delete_queue(AmqpChannel channel, AmqpToken token, amqp::QueueDelete what) {
  what.no_wait = false;
  return say(channel, token, what, amqp::QueueDeleteOk::id);
}

error_code AmqpClient::qos(AmqpChannel channel, AmqpToken token, std::uint16_t prefetch_count) {
  return say(channel, token, amqp::BasicQos{.prefetch_count = prefetch_count}, amqp::BasicQosOk::id);
}

error_code AmqpClient::consume(AmqpChannel channel, AmqpToken token, amqp::BasicConsume what) {
  what.no_wait = false;
  return say(channel, token, what, amqp::BasicConsumeOk::id);
}

error_code AmqpClient::cancel(AmqpChannel channel, AmqpToken token, std::string_view consumer_tag) {
  return say(channel, token, amqp::BasicCancel{.consumer_tag = consumer_tag}, amqp::BasicCancelOk::id);
}

error_code AmqpClient::confirm_select(AmqpChannel channel, AmqpToken token) {
  const error_code code = say(channel, token, amqp::ConfirmSelect{}, amqp::ConfirmSelectOk::id);
  if (!code) find(channel)->confirms.start();
  return code;
}

AmqpClient::Published AmqpClient::publish(AmqpChannel channel, const Outgoing& message) {
  if (message.body.size() > settings_.body_size_max) return {0, error::message_too_large};
  Channel* const to = find(channel);
  if (to != nullptr && to->confirms.remembered_count() >= settings_.unconfirmed_max) return {0, error::full};
  AmqpCommand command;
  command.has_content = true;
  command.body = message.body;
  put_amqp_method(
      command.bytes, channel.number,
      amqp::BasicPublish{
          .exchange = message.exchange, .routing_key = message.routing_key, .is_mandatory = message.is_mandatory});
  put_amqp_content_header(command.bytes, channel.number, {message.body.size(), message.properties});
  if (const error_code code = say(channel, std::move(command))) return {0, code};
  return {to->confirms.is_on() ? to->confirms.add() : 0, {}};
}

error_code AmqpClient::ack(AmqpChannel channel, std::uint64_t delivery_tag, bool is_multiple) {
  return say(channel, amqp::BasicAck{delivery_tag, is_multiple});
}

error_code AmqpClient::nack(AmqpChannel channel, std::uint64_t delivery_tag, bool is_multiple, bool requeue) {
  return say(channel, amqp::BasicNack{delivery_tag, is_multiple, requeue});
}

// --- order -----------------------------------------------------------------------------------------------------------

AmqpClient::Channel* AmqpClient::find(AmqpChannel channel) noexcept {
  Channel* const found = channel_at(channel.number);
  return found != nullptr && found->id == channel ? found : nullptr;
}

error_code AmqpClient::why_not(AmqpChannel channel, std::size_t size) noexcept {
  if (state_ != State::open) return error::session_ended;
  const Channel* const found = find(channel);
  if (found == nullptr || found->is_ending) return error::channel_reset;
  // What goes out at once is the output's affair; this is about what has to wait.
  if (unanswered_count_ >= settings_.unanswered_count_max) return error::full;
  if (!found->commands.empty() && unanswered_size_ + size > settings_.unanswered_size_max) return error::full;
  return {};
}

error_code AmqpClient::say(AmqpChannel channel, AmqpToken token, const AmqpMethod& method, AmqpMethodId awaits) {
  AmqpCommand command;
  command.awaits = awaits;
  command.token = token;
  put_amqp_method(command.bytes, channel.number, method);
  return say(channel, std::move(command));
}

error_code AmqpClient::say(AmqpChannel channel, const AmqpMethod& method) {
  AmqpCommand command;
  put_amqp_method(command.bytes, channel.number, method);
  return say(channel, std::move(command));
}

error_code AmqpClient::say(AmqpChannel channel, AmqpCommand command) {
  if (const error_code code = why_not(channel, command.size())) return code;
  Channel& to = *find(channel);
  if (!command.has_answer() && to.commands.empty() && !(command.has_content && to.is_paused)) {
    put(command, channel.number);
    return {};
  }
  ++unanswered_count_;
  unanswered_size_ += command.size();
  to.commands.push_back(std::move(command));
  pump(to);
  return {};
}

/// Sends what may be sent: up to the first command that wants an answer.
void AmqpClient::pump(Channel& channel) {
  while (!channel.is_waiting && !channel.commands.empty()) {
    AmqpCommand& command = channel.commands.front();
    if (command.has_content && channel.is_paused) return;
    put(command, channel.id.number);
    unanswered_size_ -= command.size();
    if (command.has_answer()) {
      channel.is_waiting = true;
      channel.is_closing = command.awaits == amqp::ChannelCloseOk::id;
      command.bytes = {};
      return;
    }
    --unanswered_count_;
    channel.commands.pop_front();
  }
}

void AmqpClient::put(const AmqpCommand& command, std::uint16_t channel) {
  if (command.has_content) return put_content(command, channel);
  put_control(command.bytes);
}

/// A message is one of the queue's, in however many frames.
void AmqpClient::put_content(const AmqpCommand& command, std::uint16_t channel) {
  ++said_count_;
  if (command.body.empty()) return out_.append(command.bytes, Message{});
  const std::size_t part_max = frames_.frame_size_max() - AmqpFrames::overhead;
  const std::span<const std::byte> body = command.body.bytes();
  // Small pieces are copied into the queue, so that they need not outlive this call.
  scratch_.assign(command.bytes.begin(), command.bytes.end());
  std::vector<std::array<std::byte, AmqpFrames::overhead>> between;
  std::vector<parley::detail::OutQueue::Part> parts;
  const std::size_t count = (body.size() + part_max - 1) / part_max;
  between.reserve(count);
  parts.reserve(2 * count);
  for (std::size_t begin = 0; begin < body.size(); begin += part_max) {
    const std::span<const std::byte> part = body.subspan(begin, std::min(part_max, body.size() - begin));
    const auto header = body_header_of(channel, part.size());
    if (begin == 0) {
      scratch_.insert(scratch_.end(), header.begin(), header.end());
    } else {
      std::array<std::byte, AmqpFrames::overhead>& end_and_header = between.emplace_back();
      end_and_header[0] = AmqpFrames::end;
      std::copy(header.begin(), header.end(), end_and_header.begin() + AmqpFrames::end_size);
      parts.push_back({end_and_header, nullptr});
    }
    parts.push_back({part, command.body.owner()});
  }
  parts.push_back({std::span{&AmqpFrames::end, 1}, nullptr});
  out_.append(scratch_, parts);
}

// --- ends ------------------------------------------------------------------------------------------------------------

void AmqpClient::remove(Channel& channel) { channels_[channel.id.number - 1U].reset(); }

/// The commands are answered with an error. What is not sent, and wants no answer, is gone.
void AmqpClient::drop_commands(Channel& channel, error code, std::string_view sentence) {
  bool is_sent = std::exchange(channel.is_waiting, false);
  for (AmqpCommand& command : channel.commands) {
    --unanswered_count_;
    if (!std::exchange(is_sent, false)) unanswered_size_ -= command.size();
    if (!command.has_answer()) continue;
    AmqpEvent& event = tell(Kind::done);
    event.channel = channel.id;
    event.token = command.token;
    event.code = code;
    event.sentence = sentence;
  }
  channel.commands.clear();
}

}  // namespace parley::wire
