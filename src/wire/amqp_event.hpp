// What an AmqpClient tells, and what things are called there.
#pragma once

#include <parley/message.hpp>
#include <parley/wire/amqp_content.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>

namespace parley::wire {

/// A number that a command is given, so that its answer can be told from others.
using AmqpToken = std::uint64_t;

/// A channel of one client. Its number is used again when it has gone; a handle is not. Delivery tags are to be kept
/// beside it: the same tag on the channel that comes after is another message, or none.
struct AmqpChannel {
  std::uint16_t number = 0;      ///< on the wire; 0: none
  std::uint32_t generation = 0;  ///< tells those of the same number apart

  [[nodiscard]] explicit constexpr operator bool() const noexcept { return number != 0; }
  friend constexpr bool operator==(AmqpChannel, AmqpChannel) noexcept = default;
};

/// What has happened. All that it has is its own.
struct AmqpEvent {
  enum class Kind : std::uint8_t {
    none,                ///< more input is needed
    opened,              ///< the broker has let this side in; sentence: what it calls itself
    channel_opened,      ///< channel, token: of open_channel()
    channel_closed,      ///< the broker has closed a channel, and its handle means nothing; reply_code, sentence. Each
                         ///< of its commands has been answered before; what was not confirmed will not be
    done,                ///< token: of a command of `channel`; code and sentence say why not. name: of the queue, or
                         ///< the consumer's tag; message_count, consumer_count
    delivered,           ///< a message: name (the consumer's tag), number (to acknowledge it by), is_redelivered,
                         ///< exchange, routing_key, properties, body
    returned,            ///< a mandatory message has come back: reply_code, sentence, and as delivered
    confirmed,           ///< number: of a message that was published; is_acknowledged: the broker takes care of it.
                         ///< Each number comes once
    consumer_cancelled,  ///< name: the tag of a consumer that the broker has ended, as its queue is gone
    blocked,             ///< the broker reads no messages for now; sentence: why
    unblocked,           ///< it does again
    closed,              ///< the answer to close(); the last event
    closed_by_peer,      ///< the broker has ended the connection: code, reply_code, sentence; the last event
    failed,              ///< code, sentence; the last event
  };

  Kind kind = Kind::none;
  AmqpChannel channel{};
  AmqpToken token = 0;
  boost::system::error_code code{};
  std::uint16_t reply_code = 0;
  std::string sentence{};
  std::string name{};
  std::uint32_t message_count = 0;
  std::uint32_t consumer_count = 0;
  std::uint64_t number = 0;
  bool is_redelivered = false;
  bool is_acknowledged = false;
  std::string exchange{};
  std::string routing_key{};
  AmqpProperties properties{};
  Message body{};

  [[nodiscard]] explicit operator bool() const noexcept { return kind != Kind::none; }
};

}  // namespace parley::wire
