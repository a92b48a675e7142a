#include <parley/wire/amqp_content.hpp>

#include <parley/wire/amqp_field.hpp>
#include <parley/wire/amqp_frame.hpp>
#include <parley/wire/amqp_methods.hpp>

namespace parley::wire {
namespace {

constexpr std::uint16_t class_basic = amqp::BasicPublish::id.class_id;

// Which properties are there, in the order in which they follow.
constexpr std::uint16_t has_content_type = 1U << 15U;
constexpr std::uint16_t has_content_encoding = 1U << 14U;
constexpr std::uint16_t has_headers = 1U << 13U;
constexpr std::uint16_t has_delivery_mode = 1U << 12U;
constexpr std::uint16_t has_priority = 1U << 11U;
constexpr std::uint16_t has_correlation_id = 1U << 10U;
constexpr std::uint16_t has_reply_to = 1U << 9U;
constexpr std::uint16_t has_expiration = 1U << 8U;
constexpr std::uint16_t has_message_id = 1U << 7U;
constexpr std::uint16_t has_timestamp = 1U << 6U;
constexpr std::uint16_t has_type = 1U << 5U;
constexpr std::uint16_t has_user_id = 1U << 4U;
constexpr std::uint16_t has_app_id = 1U << 3U;
constexpr std::uint16_t has_cluster_id = 1U << 2U;  // of older versions; nobody uses it
constexpr std::uint16_t flags_unknown = 3;          // the lowest says that more flags follow, of which there are none

std::uint16_t flags_of(const AmqpProperties& of) noexcept {
  unsigned flags = 0;
  const auto say = [&](std::uint16_t flag, bool is_there) {
    if (is_there) flags |= flag;
  };
  say(has_content_type, !of.content_type.empty());
  say(has_content_encoding, !of.content_encoding.empty());
  say(has_delivery_mode, of.delivery_mode != 0);
  say(has_priority, of.priority.has_value());
  say(has_correlation_id, !of.correlation_id.empty());
  say(has_reply_to, !of.reply_to.empty());
  say(has_expiration, !of.expiration.empty());
  say(has_message_id, !of.message_id.empty());
  say(has_timestamp, of.timestamp.has_value());
  say(has_type, !of.type.empty());
  say(has_user_id, !of.user_id.empty());
  say(has_app_id, !of.app_id.empty());
  return static_cast<std::uint16_t>(flags);
}

AmqpContentRead broken_content(const char* why) {
  AmqpContentRead read;
  read.why = why;
  return read;
}

}  // namespace

AmqpContentRead read_amqp_content_header(std::span<const std::byte> payload) {
  AmqpReader reader{payload};
  const auto class_id = reader.integer<std::uint16_t>();
  (void)reader.integer<std::uint16_t>();  // the weight: unused, and ignored by RabbitMQ too
  AmqpContentRead read;
  read.header.body_size = reader.integer<std::uint64_t>();
  const auto flags = reader.integer<std::uint16_t>();
  if (!reader.is_good()) return broken_content("sent a content header that ends too early");
  if (class_id != class_basic) return broken_content("sent a content header of a class that has no content");
  if ((flags & flags_unknown) != 0) return broken_content("sent a content header with unknown properties");

  AmqpProperties& to = read.header.properties;
  const auto text = [&](std::uint16_t flag, std::string& property) {
    if ((flags & flag) != 0) property = reader.short_string();
  };
  text(has_content_type, to.content_type);
  text(has_content_encoding, to.content_encoding);
  if ((flags & has_headers) != 0) (void)reader.table();
  if ((flags & has_delivery_mode) != 0) to.delivery_mode = reader.integer<std::uint8_t>();
  if ((flags & has_priority) != 0) to.priority = reader.integer<std::uint8_t>();
  text(has_correlation_id, to.correlation_id);
  text(has_reply_to, to.reply_to);
  text(has_expiration, to.expiration);
  text(has_message_id, to.message_id);
  if ((flags & has_timestamp) != 0) to.timestamp = reader.integer<std::uint64_t>();
  text(has_type, to.type);
  text(has_user_id, to.user_id);
  text(has_app_id, to.app_id);
  if ((flags & has_cluster_id) != 0) (void)reader.short_string();
  if (!reader.is_good()) return broken_content("sent a content header whose properties are not what they should be");
  if (!reader.rest().empty()) return broken_content("sent a content header that is too long for its properties");
  read.is_good = true;
  return read;
}

void put_amqp_content_header(std::vector<std::byte>& out, std::uint16_t channel, const AmqpContentHeader& header) {
  const std::size_t begin = out.size();
  try {
    out.resize(begin + AmqpFrames::header_size);
    AmqpWriter writer{out};
    writer.integer(class_basic);
    writer.integer(std::uint16_t{0});
    writer.integer(header.body_size);
    const AmqpProperties& of = header.properties;
    writer.integer(flags_of(of));
    const auto text = [&](const std::string& property) {
      if (!property.empty()) writer.short_string(property);
    };
    text(of.content_type);
    text(of.content_encoding);
    if (of.delivery_mode != 0) writer.integer(of.delivery_mode);
    if (of.priority) writer.integer(*of.priority);
    text(of.correlation_id);
    text(of.reply_to);
    text(of.expiration);
    text(of.message_id);
    if (of.timestamp) writer.integer(*of.timestamp);
    text(of.type);
    text(of.user_id);
    text(of.app_id);
  } catch (...) {
    out.resize(begin);
    throw;
  }
  AmqpFrames::put_header(out.data() + begin, AmqpFrameKind::header, channel,
                         out.size() - begin - AmqpFrames::header_size);
  out.push_back(AmqpFrames::end);
}

}  // namespace parley::wire
