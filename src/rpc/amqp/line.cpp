#include "rpc/amqp/line.hpp"

namespace parley::rpc::detail {

void AmqpLine::declare_exchange() {
  say([&](wire::AmqpClient& client) {
    wire::amqp::ExchangeDeclare what;
    what.exchange = exchange_;
    what.type = "direct";
    what.is_durable = true;
    (void)client.declare_exchange(channel_, ++last_token_, what);
  });
}

wire::AmqpToken AmqpLine::declare_queue(const std::string& name, Queue kind) {
  wire::AmqpToken token = 0;
  say([&](wire::AmqpClient& client) {
    wire::amqp::QueueDeclare what;
    what.queue = name;
    what.is_durable = kind == Queue::durable;
    what.is_exclusive = kind == Queue::exclusive;
    // Exclusive is what belongs to the connection, which others use for longer than this channel.
    what.is_auto_delete = kind == Queue::exclusive;
    token = ++last_token_;
    (void)client.declare_queue(channel_, token, what);
    wire::amqp::QueueBind bind;
    bind.queue = name;
    bind.exchange = exchange_;
    bind.routing_key = name;
    (void)client.bind_queue(channel_, ++last_token_, bind);
  });
  return token;
}

void AmqpLine::purge_queue(const std::string& name) {
  say([&](wire::AmqpClient& client) { (void)client.purge_queue(channel_, ++last_token_, name); });
}

wire::AmqpToken AmqpLine::remove_queue(const std::string& name) {
  say([&](wire::AmqpClient& client) {
    wire::amqp::QueueDelete what;
    what.queue = name;
    (void)client.delete_queue(channel_, ++last_token_, what);
  });
  return last_token_;
}

void AmqpLine::consume(const std::string& queue, std::string_view tag, bool no_ack) {
  say([&](wire::AmqpClient& client) {
    wire::amqp::BasicConsume what;
    what.queue = queue;
    what.consumer_tag = tag;
    what.no_ack = no_ack;
    (void)client.consume(channel_, ++last_token_, what);
  });
}

void AmqpLine::cancel(std::string_view tag) {
  say([&](wire::AmqpClient& client) { (void)client.cancel(channel_, ++last_token_, tag); });
}

void AmqpLine::qos(std::uint16_t count) {
  say([&](wire::AmqpClient& client) { (void)client.qos(channel_, ++last_token_, count); });
}

void AmqpLine::confirm() {
  say([&](wire::AmqpClient& client) { (void)client.confirm_select(channel_, ++last_token_); });
}

std::uint64_t AmqpLine::publish(const AmqpLetter& letter) {
  std::uint64_t number = 0;
  say([&](wire::AmqpClient& client) {
    wire::AmqpClient::Outgoing out;
    out.exchange = exchange_;
    out.routing_key = letter.queue;
    out.properties.type = letter.type;
    out.properties.reply_to = letter.reply_to;
    out.properties.message_id = letter.message_id;
    out.properties.expiration = letter.expiration;
    out.properties.delivery_mode = letter.is_persistent ? 2 : 0;
    out.body = letter.body;
    out.is_mandatory = letter.is_mandatory;
    number = client.publish(channel_, out).number;
  });
  return number;
}

void AmqpLine::acknowledge(std::uint64_t delivery_tag) {
  say([&](wire::AmqpClient& client) { (void)client.ack(channel_, delivery_tag); });
}

}  // namespace parley::rpc::detail
