#include "rpc/amqp/amqp_carrier.hpp"

#include "detail/random_bits.hpp"
#include "rpc/node.hpp"

#include <parley/error.hpp>
#include <parley/wire/communica_greeting.hpp>
#include <parley/wire/request_fault.hpp>
#include <parley/wire/request_metadata.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>
#include <vector>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using wire::AmqpEvent;

namespace {

/// The server says that it is there when it has said nothing else for so long; the client gives it up after half as
/// long again.
constexpr std::chrono::seconds listening_interval{20};
constexpr std::chrono::seconds silence_time_max{30};
constexpr std::chrono::seconds look_interval{5};
/// So many times in a row a client that has just come may not have got to its queue.
constexpr unsigned unread_looks_max = 2;
/// How long one that leaves waits for what is not confirmed, without anything being confirmed.
constexpr std::chrono::seconds unconfirmed_time_max{1};
/// Messages that the broker delivers ahead of what has been acknowledged.
constexpr std::uint16_t prefetch_count = 256;

/// What RabbitMQ can count.
constexpr std::chrono::milliseconds expiration_max{0xFFFF'FFFF};

constexpr std::string_view tag_handshake = "handshake";
constexpr std::string_view tag_in = "in";

std::string random_name() {
  wire::RequestId id{parley::detail::random_bits(), parley::detail::random_bits()};
  std::string name(wire::RequestId::text_size, '0');
  id.put(name.data());
  return name;
}

/// As a greeting on a stream, without its NUL.
Message without_nul(std::string greeting) {
  greeting.pop_back();
  return Message{greeting};
}

wire::CommunicaGreeting greeting_of(const Message& body, wire::CommunicaRole from) {
  std::vector<std::byte> text{body.bytes().begin(), body.bytes().end()};
  text.push_back(std::byte{0});
  return wire::read_greeting(text, true, from);
}

}  // namespace

AmqpCarrier::AmqpCarrier(std::shared_ptr<Node> node, std::shared_ptr<Broker> broker, Settings settings)
    : node_{std::move(node)},
      broker_{std::move(broker)},
      settings_{std::move(settings)},
      to_server_{settings_.names.to_server()},
      to_client_{settings_.names.to_client()},
      handshake_queue_{"communica.handshake." + random_name()},
      line_{broker_, settings_.names.exchange},
      timer_{node_->executor()},
      id_origin_{parley::detail::random_bits()} {}

PeerInfo AmqpCarrier::info() const {
  PeerInfo info;
  info.endpoint = settings_.endpoint;
  return info;
}

// --- the sequence ----------------------------------------------------------------------------------------------------

void AmqpCarrier::start() {
  watch(node_->options().greeting_time_max);
  broker_->join(shared_from_this());
}

void AmqpCarrier::on_broker_ready() {
  const Lock lock{node_->node_mutex()};
  if (stage_ != Stage::joining || node_->node_context() == nullptr) return;
  if (!line_.open(shared_from_this())) return end(error::too_many_connections, "the broker has no further channel");
  line_.confirm();
  line_.qos(prefetch_count);
  line_.declare_exchange();
  line_.declare_queue(handshake_queue_, AmqpLine::Queue::exclusive);
  line_.consume(handshake_queue_, tag_handshake, true);
  if (settings_.is_client) {
    // A server that has never been there has made no queue to knock at.
    line_.declare_queue(settings_.names.connect_queue(), AmqpLine::Queue::durable);
    stage_ = Stage::knocking;
    AmqpLetter letter;
    letter.queue = settings_.names.connect_queue();
    letter.type = type_client_connect;
    letter.body = Message{wire::quoted_route(settings_.names.client)};
    letter.reply_to = handshake_queue_;
    letter.message_id = next_message_id();
    // Nobody waits for its answer any more by then.
    letter.expiration = std::to_string(std::min(node_->options().greeting_time_max, expiration_max).count());
    (void)line_.publish(letter);
  } else {
    stage_ = Stage::greeting;
    handshake_peer_ = settings_.reply_to;
    AmqpLetter letter;
    letter.queue = handshake_peer_;
    letter.type = type_connect_ok;
    letter.reply_to = handshake_queue_;
    letter.message_id = next_message_id();
    (void)line_.publish(letter);
  }
}

void AmqpCarrier::on_amqp(AmqpEvent event) {
  Lock lock{node_->node_mutex()};
  if (stage_ == Stage::over || node_->node_context() == nullptr) return;
  switch (event.kind) {
    case AmqpEvent::Kind::delivered: return on_delivered(lock, event);
    case AmqpEvent::Kind::confirmed:
      // Before that the memory is about an earlier channel, whose numbers these are not; nor about this one any more,
      // when another goes on while this one leaves.
      if (stage_ != Stage::up && stage_ != Stage::leaving) return;
      if (!settings_.memory->is_last_channel(channel_)) return;
      if (!event.is_acknowledged) return end(error::ended_by_peer, "the broker could not keep a message");
      settings_.memory->confirmed(event.number);
      send_unsent();
      return leave_if_done();
    case AmqpEvent::Kind::done:
      if (event.code && stage_ != Stage::leaving) return end(event.code, event.sentence);
      if (event.token == looked_) on_looked(event.consumer_count);
      return send_unsent();  // what a command was in the way of
    case AmqpEvent::Kind::channel_closed:
      line_.lose();
      return end(error::ended_by_peer, "the broker has closed the channel: " + event.sentence);
    case AmqpEvent::Kind::consumer_cancelled:
      return end(error::ended_by_peer, "the queue " + in_queue() + " was removed");
    default: return;
  }
}

void AmqpCarrier::on_broker_lost(error_code ec, const std::string& sentence) {
  const Lock lock{node_->node_mutex()};
  line_.lose();
  if (stage_ != Stage::over && node_->node_context() != nullptr) end(ec, sentence);
}

void AmqpCarrier::on_delivered(Lock& lock, const AmqpEvent& event) {
  heard_ = Clock::now();
  if (event.name == tag_in) return on_running(lock, event);
  if (settings_.is_client) {
    on_client_handshake(lock, event);
  } else {
    on_server_handshake(lock, event);
  }
}

void AmqpCarrier::on_client_handshake(Lock& lock, const AmqpEvent& event) {
  const std::string& type = event.properties.type;
  if (type == type_connect_ok && stage_ == Stage::knocking) {
    stage_ = Stage::greeting;
    handshake_peer_ = event.properties.reply_to;
    tell(handshake_peer_, type_handshake_next, without_nul(wire::client_greeting(settings_.client_id)));
  } else if (type == type_handshake_next && stage_ == Stage::greeting) {
    const wire::CommunicaGreeting greeting = greeting_of(event.body, wire::CommunicaRole::server);
    if (greeting.outcome != wire::CommunicaGreeting::Outcome::greeting) {
      return end(error::handshake_failed, std::string{"the server "} + greeting.why);
    }
    stage_ = Stage::entering;
  } else if (type == type_handshake_fail) {
    const auto begin = std::string{'\4'} + event.body.text();
    const wire::CommunicaGreeting rejected =
        wire::read_greeting(std::as_bytes(std::span{begin}), true, wire::CommunicaRole::server);
    stage_ = Stage::over;
    timer_.cancel();
    node_->on_rejected_locked(*this, rejected.reason);
    drop_line();
  } else if (type == type_handshake_done && stage_ == Stage::entering) {
    if (event.body.size() != connect_id_size) return end(error::handshake_failed, "the server sent no connect id");
    connect_id_ = event.body.text();
    line_.cancel(tag_handshake);
    line_.remove_queue(handshake_queue_);
    line_.declare_queue(to_client_, AmqpLine::Queue::durable);
    line_.consume(to_client_, tag_in, false);
    go_up();
    send_again();
    node_->on_greeted_locked(lock, *this, {});
  } else {
    end(error::handshake_failed, "the server has sent \"" + type + "\" where it was not to be");
  }
}

void AmqpCarrier::on_server_handshake(Lock& lock, const AmqpEvent& event) {
  if (event.properties.type != type_handshake_next || stage_ != Stage::greeting) {
    return end(error::handshake_failed, "the client has sent \"" + event.properties.type + "\" where it was not to be");
  }
  const wire::CommunicaGreeting greeting = greeting_of(event.body, wire::CommunicaRole::client);
  if (greeting.outcome != wire::CommunicaGreeting::Outcome::greeting) {
    return end(error::handshake_failed, std::string{"the client "} + greeting.why);
  }
  stage_ = Stage::entering;
  node_->on_greeted_locked(lock, *this, greeting.client_id);
}

void AmqpCarrier::accept() {
  tell(handshake_peer_, type_handshake_next, without_nul(wire::server_greeting()));
  line_.cancel(tag_handshake);
  line_.remove_queue(handshake_queue_);
  line_.declare_queue(to_client_, AmqpLine::Queue::durable);
  line_.declare_queue(to_server_, AmqpLine::Queue::durable);
  connect_id_ = random_name().substr(0, connect_id_size);
  tell(handshake_peer_, type_handshake_done, Message{connect_id_});
  line_.consume(to_server_, tag_in, false);
  go_up();
  send_again();
}

void AmqpCarrier::reject(std::string_view reason) {
  std::string body = wire::rejection(reason);
  body.erase(0, 1);  // the byte that says on a stream what the type says here
  tell(handshake_peer_, type_handshake_fail, Message{body});
  stage_ = Stage::over;
  timer_.cancel();
  drop_line();
}

void AmqpCarrier::go_up() {
  stage_ = Stage::up;
  heard_ = said_ = Clock::now();
  watch(look_interval);
}

// --- messages --------------------------------------------------------------------------------------------------------

void AmqpCarrier::on_running(Lock& lock, const AmqpEvent& event) {
  const std::string& type = event.properties.type;
  if (stage_ != Stage::up) return;  // not acknowledged: it comes again
  if (type == type_message) return on_message(lock, event);
  line_.acknowledge(event.number);
  if (type == type_listening) return;
  if (type != type_close) return end(error::malformed, "the other side has sent a \"" + type + '"');
  if (event.body.text() == connect_id_) end(error::closed, "the other side has left");
}

void AmqpCarrier::on_message(Lock& lock, const AmqpEvent& event) {
  const std::span<const std::byte> body = event.body.bytes();
  const auto nul = std::find(body.begin(), body.end(), std::byte{0});
  if (nul == body.end()) {
    line_.acknowledge(event.number);
    return end(error::malformed, "the other side has sent a message without an end of its metadata");
  }
  const auto size = static_cast<std::size_t>(nul - body.begin());
  if (!settings_.memory->is_new(event.properties.message_id)) return line_.acknowledge(event.number);
  if (size > node_->options().metadata_size_max || body.size() - size - 1 > node_->options().payload_size_max) {
    line_.acknowledge(event.number);
    return end(error::message_too_large, "the other side has sent a message of " + std::to_string(body.size()) +
                                             " bytes, and the limit is " +
                                             std::to_string(node_->options().payload_size_max));
  }
  const std::string_view text{reinterpret_cast<const char*>(body.data()), size};
  std::string decoded;
  const wire::RequestMetadataScan scan = wire::scan_metadata(text, decoded);
  if (!scan) {
    line_.acknowledge(event.number);
    return end(error::malformed, std::string{"the other side's metadata "} + scan.what + ", at byte " +
                                     std::to_string(scan.offset) + " of " + std::to_string(size));
  }
  const auto self = shared_from_this();
  node_->on_message_locked(lock, *this, scan.metadata, text, event.body.slice(size + 1, body.size() - size - 1));
  line_.acknowledge(event.number);
}

void AmqpCarrier::send(What what, std::string_view metadata, const Message& data) {
  std::vector<std::byte> body(metadata.size() + 1 + data.size());
  std::memcpy(body.data(), metadata.data(), metadata.size());
  if (!data.empty()) std::memcpy(body.data() + metadata.size() + 1, data.data(), data.size());
  std::string request_id;
  if (what == What::question) {
    std::string decoded;
    request_id = wire::scan_metadata(metadata, decoded).metadata.id;
  }
  publish_message(next_message_id(), std::move(request_id), Message{std::move(body)});
}

void AmqpCarrier::publish_message(std::string message_id, std::string request_id, Message body) {
  if (body.size() > Broker::body_size_max) return;  // nothing behind it would ever go
  // What waits already goes first.
  const std::uint64_t number = settings_.memory->unsent_count() > 0 ? 0 : publish(message_id, body);
  settings_.memory->add({number, std::move(message_id), std::move(request_id), std::move(body)});
}

/// Its number; 0: there was no room for it.
std::uint64_t AmqpCarrier::publish(const std::string& message_id, const Message& body) {
  AmqpLetter letter;
  letter.queue = out_queue();
  letter.type = type_message;
  letter.body = body;
  letter.message_id = message_id;
  letter.is_persistent = settings_.is_persistent;
  const std::uint64_t number = line_.publish(letter);
  if (number != 0) said_ = Clock::now();
  return number;
}

/// What the broker had not confirmed when an earlier connection ended, but for requests that nobody waits for.
void AmqpCarrier::send_again() {
  channel_ = settings_.memory->begin_channel();
  for (AmqpMemory::Unconfirmed& each : settings_.memory->take_unconfirmed()) {
    if (!each.request_id.empty() && peer() && !peer()->party.waits_for(each.request_id)) continue;
    publish_message(std::move(each.message_id), std::move(each.request_id), std::move(each.body));
  }
}

void AmqpCarrier::send_unsent() {
  if (stage_ != Stage::up) return;
  while (const AmqpMemory::Unconfirmed* const next = settings_.memory->first_unsent()) {
    const std::uint64_t number = publish(next->message_id, next->body);
    if (number == 0) return;
    settings_.memory->sent(number);
  }
}

bool AmqpCarrier::has_room() const {
  const AmqpMemory& memory = *settings_.memory;
  const PeerOptions& options = node_->options();
  return memory.unconfirmed_count() < std::min(AmqpMemory::unconfirmed_count_max, options.kept_count_max) &&
         memory.unconfirmed_size() < options.kept_size_max;
}

void AmqpCarrier::tell(const std::string& queue, std::string_view type, Message body) {
  AmqpLetter letter;
  letter.queue = queue;
  letter.type = type;
  letter.body = std::move(body);
  letter.message_id = next_message_id();
  // Of no use to who comes later, and nobody may ever come.
  if (type == type_listening) letter.expiration = std::to_string(std::chrono::milliseconds{silence_time_max}.count());
  (void)line_.publish(letter);
  said_ = Clock::now();
}

std::string AmqpCarrier::next_message_id() {
  std::string id(wire::RequestId::text_size, '0');
  wire::RequestId{id_origin_, ++last_message_}.put(id.data());
  return id;
}

// --- time ------------------------------------------------------------------------------------------------------------

void AmqpCarrier::watch(Duration time_max) {
  timer_.expires_after(time_max);
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec) return;
    const Lock lock{self->node_->node_mutex()};
    if (self->stage_ != Stage::over && self->node_->node_context() != nullptr) self->on_time();
  });
}

void AmqpCarrier::on_time() {
  if (stage_ == Stage::leaving) {
    const std::size_t left = settings_.memory->unconfirmed_count();
    if (left == 0 || left == unconfirmed_before_) return end(error::closed, {});
    unconfirmed_before_ = left;
    return watch(unconfirmed_time_max);
  }
  if (stage_ != Stage::up) {
    const std::string what = hindrance();
    return end(error::timed_out,
               (stage_ == Stage::knocking ? "no server has answered" : "the handshake has not ended") +
                   std::string{" within "} + std::to_string(node_->options().greeting_time_max.count()) + " ms" +
                   (what.empty() ? "" : "; " + what));
  }
  const TimePoint now = Clock::now();
  // Nor does the broker read what a server has to say, then.
  if (!broker_->blocked_reason().empty()) heard_ = now;
  if (settings_.is_client && now - heard_ >= silence_time_max) {
    return end(error::peer_silent,
               "nothing has been heard of the server for " + std::to_string(silence_time_max.count()) + " s");
  }
  if (!settings_.is_client && now - said_ >= listening_interval) {
    tell(out_queue(), type_listening, {});
    looked_ = line_.declare_queue(to_client_, AmqpLine::Queue::durable);
  }
  send_unsent();
  watch(look_interval);
}

/// A client has nothing to say from time to time. But one that is there reads its queue.
void AmqpCarrier::on_looked(std::uint32_t reader_count) {
  looked_ = 0;
  if (reader_count > 0) {
    unread_looks_ = 0;
  } else if (stage_ == Stage::up && ++unread_looks_ == unread_looks_max) {
    end(error::peer_silent, "the client reads its queue " + to_client_ + " no more");
  }
}

// --- ending ----------------------------------------------------------------------------------------------------------

void AmqpCarrier::end(error_code ec, const std::string& sentence) {
  if (stage_ == Stage::over) return;
  const bool was_leaving = stage_ == Stage::leaving;
  // The other side would go on writing to a queue that nobody reads.
  if (stage_ == Stage::up && ec != error::closed) tell(out_queue(), type_close, Message{connect_id_});
  stage_ = Stage::over;
  timer_.cancel();
  const auto self = shared_from_this();
  if (was_leaving) {
    node_->on_finished_locked(*this);
  } else {
    node_->on_end_locked(*this, ec, sentence);
  }
  drop_line();
}

void AmqpCarrier::finish() {
  if (stage_ != Stage::up) return end_quietly();
  tell(out_queue(), type_close, Message{connect_id_});
  stage_ = Stage::leaving;
  line_.cancel(tag_in);
  unconfirmed_before_ = settings_.memory->unconfirmed_count();
  watch(unconfirmed_time_max);
  leave_if_done();
}

/// Before anything was agreed on there is nothing to be finished.
void AmqpCarrier::end_quietly() {
  if (stage_ != Stage::over) stage_ = Stage::leaving;
  if (stage_ == Stage::over) return node_->on_finished_locked(*this);
  end(error::closed, {});
}

void AmqpCarrier::leave_if_done() {
  if (stage_ == Stage::leaving && settings_.memory->unconfirmed_count() == 0) end(error::closed, {});
}

void AmqpCarrier::drop_line() {
  line_.lose();
  broker_->leave(*this);
}

void AmqpCarrier::close() {
  if (stage_ == Stage::up) tell(out_queue(), type_close, Message{connect_id_});
  stage_ = Stage::over;
  timer_.cancel();
  drop_line();
}

void AmqpCarrier::forget() noexcept { stage_ = Stage::over; }

std::size_t AmqpCarrier::unwritten_count() const { return settings_.memory->unconfirmed_count(); }

std::string AmqpCarrier::hindrance() const {
  const std::string reason = broker_->blocked_reason();
  return reason.empty() ? reason : "the broker takes no messages: " + reason;
}

}  // namespace parley::rpc::detail
