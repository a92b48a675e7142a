// The methods of AMQP 0-9-1 that this library knows, as they are on the wire (docs/protocols/amqp.md, section 4), and
// their codec. What is reserved there is not here: it is written as zero, and read over.
//
// Views in a method that was read are into the payload that it was read from.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/amqp_field.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace parley::wire {

/// Which method it is.
struct AmqpMethodId {
  std::uint16_t class_id = 0;   ///< what it is about
  std::uint16_t method_id = 0;  ///< which of those
  const char* name = "";        ///< as the specification calls it

  /// The same method.
  friend constexpr bool operator==(const AmqpMethodId& a, const AmqpMethodId& b) noexcept {
    return a.class_id == b.class_id && a.method_id == b.method_id;
  }
};

namespace amqp {

/// The broker begins: who it is, and how one may log in.
struct ConnectionStart {
  static constexpr AmqpMethodId id{10, 10, "connection.start"};  ///< which it is
  std::uint8_t version_major = 0;                                ///< of the protocol: 0
  std::uint8_t version_minor = 0;                                ///< of the protocol: 9
  AmqpTable server_properties{};                                 ///< what the broker says of itself
  AmqpLongString mechanisms{};                                   ///< ways to log in, with blanks between them
  AmqpLongString locales{};                                      ///< languages, with blanks between them
};

/// The client logs in.
struct ConnectionStartOk {
  static constexpr AmqpMethodId id{10, 11, "connection.start-ok"};  ///< which it is
  AmqpTable client_properties{};                                    ///< what the client says of itself
  std::string_view mechanism{};                                     ///< the way it has chosen
  AmqpLongString response{};                                        ///< what that way wants; a password may be in it
  std::string_view locale{};                                        ///< the language it has chosen
};

/// The broker wants to know more before it lets the client in.
struct ConnectionSecure {
  static constexpr AmqpMethodId id{10, 20, "connection.secure"};  ///< which it is
  AmqpLongString challenge{};                                     ///< as the way to log in has it
};

/// The client answers that.
struct ConnectionSecureOk {
  static constexpr AmqpMethodId id{10, 21, "connection.secure-ok"};  ///< which it is
  AmqpLongString response{};                                         ///< as the way to log in has it
};

/// The broker says what it takes at most.
struct ConnectionTune {
  static constexpr AmqpMethodId id{10, 30, "connection.tune"};  ///< which it is
  std::uint16_t channel_max = 0;                                ///< the highest channel; 0: any
  std::uint32_t frame_size_max = 0;                             ///< of whole frames, in bytes; 0: any
  std::uint16_t heartbeat = 0;                                  ///< what it proposes, in seconds; 0: none
};

/// The client says what both keep to from now on.
struct ConnectionTuneOk {
  static constexpr AmqpMethodId id{10, 31, "connection.tune-ok"};  ///< which it is
  std::uint16_t channel_max = 0;                                   ///< the highest channel
  std::uint32_t frame_size_max = 0;                                ///< of whole frames, in bytes
  std::uint16_t heartbeat = 0;                                     ///< in seconds; 0: none
};

/// The client wants to work in a virtual host.
struct ConnectionOpen {
  static constexpr AmqpMethodId id{10, 40, "connection.open"};  ///< which it is
  std::string_view virtual_host{};                              ///< its name
};

/// It may.
struct ConnectionOpenOk {
  static constexpr AmqpMethodId id{10, 41, "connection.open-ok"};  ///< which it is
};

/// Either side ends the connection; nothing but the answer is read after that.
struct ConnectionClose {
  static constexpr AmqpMethodId id{10, 50, "connection.close"};  ///< which it is
  std::uint16_t reply_code = 0;                                  ///< why; 200: in order
  std::string_view reply_text{};                                 ///< why, for people
  std::uint16_t class_id = 0;                                    ///< of the method that is to blame, or 0
  std::uint16_t method_id = 0;                                   ///< of the method that is to blame, or 0
};

/// The other side has read that; nothing follows.
struct ConnectionCloseOk {
  static constexpr AmqpMethodId id{10, 51, "connection.close-ok"};  ///< which it is
};

/// RabbitMQ reads no messages for now, since it lacks something.
struct ConnectionBlocked {
  static constexpr AmqpMethodId id{10, 60, "connection.blocked"};  ///< which it is
  std::string_view reason{};                                       ///< what, for people
};

/// RabbitMQ reads messages again.
struct ConnectionUnblocked {
  static constexpr AmqpMethodId id{10, 61, "connection.unblocked"};  ///< which it is
};

/// The client opens a channel.
struct ChannelOpen {
  static constexpr AmqpMethodId id{20, 10, "channel.open"};  ///< which it is
};

/// It is open.
struct ChannelOpenOk {
  static constexpr AmqpMethodId id{20, 11, "channel.open-ok"};  ///< which it is
};

/// Either side asks the other to send no messages for now, or to go on.
struct ChannelFlow {
  static constexpr AmqpMethodId id{20, 20, "channel.flow"};  ///< which it is
  bool is_active = false;                                    ///< whether messages may be sent
};

/// The other side will do so.
struct ChannelFlowOk {
  static constexpr AmqpMethodId id{20, 21, "channel.flow-ok"};  ///< which it is
  bool is_active = false;                                       ///< as it was asked
};

/// Either side ends the channel; a broker does so when a command cannot be done.
struct ChannelClose {
  static constexpr AmqpMethodId id{20, 40, "channel.close"};  ///< which it is
  std::uint16_t reply_code = 0;                               ///< why; 200: in order
  std::string_view reply_text{};                              ///< why, for people
  std::uint16_t class_id = 0;                                 ///< of the method that is to blame, or 0
  std::uint16_t method_id = 0;                                ///< of the method that is to blame, or 0
};

/// The other side has read that.
struct ChannelCloseOk {
  static constexpr AmqpMethodId id{20, 41, "channel.close-ok"};  ///< which it is
};

/// Makes an exchange, unless there is one like this.
struct ExchangeDeclare {
  static constexpr AmqpMethodId id{40, 10, "exchange.declare"};  ///< which it is
  std::string_view exchange{};                                   ///< its name
  std::string_view type{};      ///< how it routes: `direct`, `fanout`, `topic`, `headers`
  bool is_passive = false;      ///< only look whether it is there
  bool is_durable = false;      ///< it survives a restart of the broker
  bool is_auto_delete = false;  ///< it goes with what was bound to it last
  bool is_internal = false;     ///< nobody may publish to it
  bool no_wait = false;         ///< there shall be no answer
  AmqpTable arguments{};        ///< for extensions
};

/// It is there.
struct ExchangeDeclareOk {
  static constexpr AmqpMethodId id{40, 11, "exchange.declare-ok"};  ///< which it is
};

/// Makes a queue, unless there is one like this.
struct QueueDeclare {
  static constexpr AmqpMethodId id{50, 10, "queue.declare"};  ///< which it is
  std::string_view queue{};                                   ///< its name; empty: the broker chooses one
  bool is_passive = false;                                    ///< only look whether it is there
  bool is_durable = false;                                    ///< it survives a restart of the broker
  bool is_exclusive = false;                                  ///< it is for this connection alone, and goes with it
  bool is_auto_delete = false;                                ///< it goes with its last consumer
  bool no_wait = false;                                       ///< there shall be no answer
  AmqpTable arguments{};                                      ///< for extensions
};

/// It is there.
struct QueueDeclareOk {
  static constexpr AmqpMethodId id{50, 11, "queue.declare-ok"};  ///< which it is
  std::string_view queue{};                                      ///< its name
  std::uint32_t message_count = 0;                               ///< of messages that wait in it
  std::uint32_t consumer_count = 0;                              ///< of consumers that it has
};

/// Has an exchange send to a queue.
struct QueueBind {
  static constexpr AmqpMethodId id{50, 20, "queue.bind"};  ///< which it is
  std::string_view queue{};                                ///< where to
  std::string_view exchange{};                             ///< where from
  std::string_view routing_key{};                          ///< which messages; it depends on the exchange
  bool no_wait = false;                                    ///< there shall be no answer
  AmqpTable arguments{};                                   ///< for extensions
};

/// It does.
struct QueueBindOk {
  static constexpr AmqpMethodId id{50, 21, "queue.bind-ok"};  ///< which it is
};

/// Drops the messages that wait in a queue.
struct QueuePurge {
  static constexpr AmqpMethodId id{50, 30, "queue.purge"};  ///< which it is
  std::string_view queue{};                                 ///< which
  bool no_wait = false;                                     ///< there shall be no answer
};

/// They are gone.
struct QueuePurgeOk {
  static constexpr AmqpMethodId id{50, 31, "queue.purge-ok"};  ///< which it is
  std::uint32_t message_count = 0;                             ///< how many they were
};

/// Removes a queue.
struct QueueDelete {
  static constexpr AmqpMethodId id{50, 40, "queue.delete"};  ///< which it is
  std::string_view queue{};                                  ///< which
  bool if_unused = false;                                    ///< only if it has no consumers
  bool if_empty = false;                                     ///< only if nothing waits in it
  bool no_wait = false;                                      ///< there shall be no answer
};

/// It is gone.
struct QueueDeleteOk {
  static constexpr AmqpMethodId id{50, 41, "queue.delete-ok"};  ///< which it is
  std::uint32_t message_count = 0;                              ///< how many messages went with it
};

/// How much may be delivered ahead of what has been acknowledged.
struct BasicQos {
  static constexpr AmqpMethodId id{60, 10, "basic.qos"};  ///< which it is
  std::uint32_t prefetch_size = 0;                        ///< in bytes; 0: any
  std::uint16_t prefetch_count = 0;                       ///< in messages; 0: any
  bool is_global = false;                                 ///< RabbitMQ: for the channel, not for each consumer
};

/// So it will be.
struct BasicQosOk {
  static constexpr AmqpMethodId id{60, 11, "basic.qos-ok"};  ///< which it is
};

/// Has messages of a queue delivered.
struct BasicConsume {
  static constexpr AmqpMethodId id{60, 20, "basic.consume"};  ///< which it is
  std::string_view queue{};                                   ///< which
  std::string_view consumer_tag{};  ///< what the consumer is called; empty: the broker chooses
  bool no_local = false;            ///< not those that this connection has published
  bool no_ack = false;              ///< they count as acknowledged when they are sent
  bool is_exclusive = false;        ///< no other consumers beside this one
  bool no_wait = false;             ///< there shall be no answer
  AmqpTable arguments{};            ///< for extensions
};

/// They will come.
struct BasicConsumeOk {
  static constexpr AmqpMethodId id{60, 21, "basic.consume-ok"};  ///< which it is
  std::string_view consumer_tag{};                               ///< what the consumer is called
};

/// The client ends a consumer; or RabbitMQ has ended it, as its queue is gone.
struct BasicCancel {
  static constexpr AmqpMethodId id{60, 30, "basic.cancel"};  ///< which it is
  std::string_view consumer_tag{};                           ///< which
  bool no_wait = false;                                      ///< there shall be no answer
};

/// It has ended; nothing more is delivered to it.
struct BasicCancelOk {
  static constexpr AmqpMethodId id{60, 31, "basic.cancel-ok"};  ///< which it is
  std::string_view consumer_tag{};                              ///< which
};

/// A message for an exchange; a content follows.
struct BasicPublish {
  static constexpr AmqpMethodId id{60, 40, "basic.publish"};  ///< which it is
  std::string_view exchange{};                                ///< which
  std::string_view routing_key{};                             ///< for the exchange to choose queues by
  bool is_mandatory = false;                                  ///< it comes back if there is no queue for it
  bool is_immediate = false;  ///< it comes back if no consumer is ready; RabbitMQ has no such thing
};

/// A message comes back; a content follows.
struct BasicReturn {
  static constexpr AmqpMethodId id{60, 50, "basic.return"};  ///< which it is
  std::uint16_t reply_code = 0;                              ///< why
  std::string_view reply_text{};                             ///< why, for people
  std::string_view exchange{};                               ///< as it was published
  std::string_view routing_key{};                            ///< as it was published
};

/// A message for a consumer; a content follows.
struct BasicDeliver {
  static constexpr AmqpMethodId id{60, 60, "basic.deliver"};  ///< which it is
  std::string_view consumer_tag{};                            ///< which
  std::uint64_t delivery_tag = 0;                             ///< what the message is called in this channel
  bool is_redelivered = false;                                ///< it may have been delivered before
  std::string_view exchange{};                                ///< as it was published
  std::string_view routing_key{};                             ///< as it was published
};

/// The client has a message; or, where confirms were asked for, the broker has.
struct BasicAck {
  static constexpr AmqpMethodId id{60, 80, "basic.ack"};  ///< which it is
  std::uint64_t delivery_tag = 0;                         ///< which; 0 and is_multiple: all so far
  bool is_multiple = false;                               ///< all up to this one
};

/// The client does not take a message.
struct BasicReject {
  static constexpr AmqpMethodId id{60, 90, "basic.reject"};  ///< which it is
  std::uint64_t delivery_tag = 0;                            ///< which
  bool requeue = false;                                      ///< somebody else may have it
};

/// RabbitMQ: as reject, of several; or the broker could not take care of a message.
struct BasicNack {
  static constexpr AmqpMethodId id{60, 120, "basic.nack"};  ///< which it is
  std::uint64_t delivery_tag = 0;                           ///< which; 0 and is_multiple: all so far
  bool is_multiple = false;                                 ///< all up to this one
  bool requeue = false;                                     ///< somebody else may have it
};

/// RabbitMQ: has the broker acknowledge what is published on this channel.
struct ConfirmSelect {
  static constexpr AmqpMethodId id{85, 10, "confirm.select"};  ///< which it is
  bool no_wait = false;                                        ///< there shall be no answer
};

/// It will.
struct ConfirmSelectOk {
  static constexpr AmqpMethodId id{85, 11, "confirm.select-ok"};  ///< which it is
};

}  // namespace amqp

/// Any of them, or none.
using AmqpMethod =
    std::variant<std::monostate, amqp::ConnectionStart, amqp::ConnectionStartOk, amqp::ConnectionSecure,
                 amqp::ConnectionSecureOk, amqp::ConnectionTune, amqp::ConnectionTuneOk, amqp::ConnectionOpen,
                 amqp::ConnectionOpenOk, amqp::ConnectionClose, amqp::ConnectionCloseOk, amqp::ConnectionBlocked,
                 amqp::ConnectionUnblocked, amqp::ChannelOpen, amqp::ChannelOpenOk, amqp::ChannelFlow,
                 amqp::ChannelFlowOk, amqp::ChannelClose, amqp::ChannelCloseOk, amqp::ExchangeDeclare,
                 amqp::ExchangeDeclareOk, amqp::QueueDeclare, amqp::QueueDeclareOk, amqp::QueueBind, amqp::QueueBindOk,
                 amqp::QueuePurge, amqp::QueuePurgeOk, amqp::QueueDelete, amqp::QueueDeleteOk, amqp::BasicQos,
                 amqp::BasicQosOk, amqp::BasicConsume, amqp::BasicConsumeOk, amqp::BasicCancel, amqp::BasicCancelOk,
                 amqp::BasicPublish, amqp::BasicReturn, amqp::BasicDeliver, amqp::BasicAck, amqp::BasicReject,
                 amqp::BasicNack, amqp::ConfirmSelect, amqp::ConfirmSelectOk>;

/// What came of reading a method.
struct AmqpMethodRead {
  AmqpMethod method{};   ///< none: it is not known, or not what it should be
  AmqpMethodId id{};     ///< which it is, or says that it is; without a name if it is not known
  const char* why = "";  ///< none: what is wrong, as in "sent a method that ends too early"
};

/// Reads the payload of a method's frame. Bytes behind the last field are an error.
[[nodiscard]] PARLEY_EXPORT AmqpMethodRead read_amqp_method(std::span<const std::byte> payload) noexcept;

/// Writes a method's frame behind what is in `out`. Throws std::invalid_argument for a text that is too long; then
/// `out` is as it was.
PARLEY_EXPORT void put_amqp_method(std::vector<std::byte>& out, std::uint16_t channel, const AmqpMethod& method);

/// Which it is; without a name if it is none.
[[nodiscard]] PARLEY_EXPORT AmqpMethodId id_of(const AmqpMethod& method) noexcept;

}  // namespace parley::wire
