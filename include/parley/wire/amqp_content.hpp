// What comes before the bytes of a message in AMQP 0-9-1 (docs/protocols/amqp.md, section 5): how many they are, and
// the properties of the class basic.
#pragma once

#include <parley/detail/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace parley::wire {

/// What a message says of itself beside its bytes. Brokers hand on what they do not know; an empty text is one that is
/// not there. Texts have 255 bytes at most.
struct AmqpProperties {
  std::string content_type{};                ///< of the bytes, as in `application/json`
  std::string content_encoding{};            ///< of the bytes, as in `gzip`
  std::uint8_t delivery_mode = 0;            ///< 2: kept where a restart of the broker does not lose it; 0: not said
  std::optional<std::uint8_t> priority{};    ///< 0 to 9
  std::string correlation_id{};              ///< what it answers
  std::string reply_to{};                    ///< where answers go: a queue, as a rule
  std::string expiration{};                  ///< how long it may wait in a queue: milliseconds, in digits
  std::string message_id{};                  ///< what it is called
  std::optional<std::uint64_t> timestamp{};  ///< when it was made, in seconds since 1970
  std::string type{};                        ///< what kind of message it is
  std::string user_id{};                     ///< who sends it; RabbitMQ makes sure that it is true
  std::string app_id{};                      ///< which program sends it

  /// The same in all of them.
  friend bool operator==(const AmqpProperties&, const AmqpProperties&) = default;
};

/// What a content begins with.
struct AmqpContentHeader {
  std::uint64_t body_size = 0;  ///< of all its bytes
  AmqpProperties properties{};  ///< of the message
};

/// What came of reading one.
struct AmqpContentRead {
  bool is_good = false;        ///< whether it was one
  AmqpContentHeader header{};  ///< which
  const char* why = "";        ///< not good: what is wrong, as in "sent a content header that …"
};

/// Reads the payload of a header's frame. Headers, the table that a message may have, are looked through and left out.
[[nodiscard]] PARLEY_EXPORT AmqpContentRead read_amqp_content_header(std::span<const std::byte> payload);

/// Writes a header's frame behind what is in `out`. Throws std::invalid_argument for a text that is too long; then
/// `out` is as it was. All that it may be fits in the smallest frame.
PARLEY_EXPORT void put_amqp_content_header(std::vector<std::byte>& out, std::uint16_t channel,
                                           const AmqpContentHeader& header);

}  // namespace parley::wire
