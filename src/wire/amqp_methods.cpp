#include <parley/wire/amqp_methods.hpp>

#include <parley/wire/amqp_frame.hpp>

#include <type_traits>
#include <utility>

namespace parley::wire {
namespace {

/// A field that is always zero.
template <class T>
struct Reserved {};

/// Reads each field it is given.
class FieldsIn {
 public:
  explicit FieldsIn(std::span<const std::byte> bytes) noexcept : reader{bytes} {}

  template <class... Fields>
  void operator()(Fields&&... fields) noexcept {
    (read(fields), ...);
  }

  AmqpReader reader;

 private:
  template <std::unsigned_integral T>
  void read(T& field) noexcept {
    field = reader.integer<T>();
  }
  void read(bool& field) noexcept { field = reader.bit(); }
  void read(std::string_view& field) noexcept { field = reader.short_string(); }
  void read(AmqpLongString& field) noexcept { field.text = reader.long_string(); }
  void read(AmqpTable& field) noexcept { field = reader.table(); }
  template <class T>
  void read(Reserved<T>&) noexcept {
    T unread{};
    read(unread);
  }
};

/// Writes each field it is given.
class FieldsOut {
 public:
  explicit FieldsOut(std::vector<std::byte>& out) noexcept : writer_{out} {}

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (write(fields), ...);
  }

 private:
  template <std::unsigned_integral T>
  void write(T field) {
    writer_.integer(field);
  }
  void write(bool field) { writer_.bit(field); }
  void write(std::string_view field) { writer_.short_string(field); }
  void write(const AmqpLongString& field) { writer_.long_string(field.text); }
  void write(const AmqpTable& field) { writer_.table(field); }
  template <class T>
  void write(const Reserved<T>&) {
    write(T{});
  }

  AmqpWriter writer_;
};

// The fields of each method in their order on the wire. `m` is the method, to be read or to be written.

template <class Method>
struct Of {};

template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionStart>) {
  fields(m.version_major, m.version_minor, m.server_properties, m.mechanisms, m.locales);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionStartOk>) {
  fields(m.client_properties, m.mechanism, m.response, m.locale);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionSecure>) {
  fields(m.challenge);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionSecureOk>) {
  fields(m.response);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionTune>) {
  fields(m.channel_max, m.frame_size_max, m.heartbeat);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionTuneOk>) {
  fields(m.channel_max, m.frame_size_max, m.heartbeat);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionOpen>) {
  fields(m.virtual_host, Reserved<std::string_view>{}, Reserved<bool>{});
}
template <class Fields, class Method>
void each_of(Fields& fields, Method&, Of<amqp::ConnectionOpenOk>) {
  fields(Reserved<std::string_view>{});
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionClose>) {
  fields(m.reply_code, m.reply_text, m.class_id, m.method_id);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConnectionBlocked>) {
  fields(m.reason);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method&, Of<amqp::ChannelOpen>) {
  fields(Reserved<std::string_view>{});
}
template <class Fields, class Method>
void each_of(Fields& fields, Method&, Of<amqp::ChannelOpenOk>) {
  fields(Reserved<AmqpLongString>{});
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ChannelFlow>) {
  fields(m.is_active);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ChannelFlowOk>) {
  fields(m.is_active);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ChannelClose>) {
  fields(m.reply_code, m.reply_text, m.class_id, m.method_id);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ExchangeDeclare>) {
  fields(Reserved<std::uint16_t>{}, m.exchange, m.type, m.is_passive, m.is_durable, m.is_auto_delete, m.is_internal,
         m.no_wait, m.arguments);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::QueueDeclare>) {
  fields(Reserved<std::uint16_t>{}, m.queue, m.is_passive, m.is_durable, m.is_exclusive, m.is_auto_delete, m.no_wait,
         m.arguments);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::QueueDeclareOk>) {
  fields(m.queue, m.message_count, m.consumer_count);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::QueueBind>) {
  fields(Reserved<std::uint16_t>{}, m.queue, m.exchange, m.routing_key, m.no_wait, m.arguments);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::QueuePurge>) {
  fields(Reserved<std::uint16_t>{}, m.queue, m.no_wait);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::QueuePurgeOk>) {
  fields(m.message_count);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::QueueDelete>) {
  fields(Reserved<std::uint16_t>{}, m.queue, m.if_unused, m.if_empty, m.no_wait);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::QueueDeleteOk>) {
  fields(m.message_count);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicQos>) {
  fields(m.prefetch_size, m.prefetch_count, m.is_global);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicConsume>) {
  fields(Reserved<std::uint16_t>{}, m.queue, m.consumer_tag, m.no_local, m.no_ack, m.is_exclusive, m.no_wait,
         m.arguments);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicConsumeOk>) {
  fields(m.consumer_tag);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicCancel>) {
  fields(m.consumer_tag, m.no_wait);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicCancelOk>) {
  fields(m.consumer_tag);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicPublish>) {
  fields(Reserved<std::uint16_t>{}, m.exchange, m.routing_key, m.is_mandatory, m.is_immediate);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicReturn>) {
  fields(m.reply_code, m.reply_text, m.exchange, m.routing_key);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicDeliver>) {
  fields(m.consumer_tag, m.delivery_tag, m.is_redelivered, m.exchange, m.routing_key);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicAck>) {
  fields(m.delivery_tag, m.is_multiple);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicReject>) {
  fields(m.delivery_tag, m.requeue);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::BasicNack>) {
  fields(m.delivery_tag, m.is_multiple, m.requeue);
}
template <class Fields, class Method>
void each_of(Fields& fields, Method& m, Of<amqp::ConfirmSelect>) {
  fields(m.no_wait);
}

/// Those of methods that have no fields.
template <class Fields, class Method, class Any>
void each_of(Fields&, Method&, Any) {}

template <class Method>
AmqpMethodRead read_as(std::span<const std::byte> arguments) noexcept {
  AmqpMethodRead read;
  read.id = Method::id;
  Method method;
  FieldsIn fields{arguments};
  each_of(fields, method, Of<Method>{});
  if (!fields.reader.is_good()) {
    read.why = "sent a method whose fields are not what they should be";
  } else if (!fields.reader.rest().empty()) {
    read.why = "sent a method that is too long for its fields";
  } else {
    read.method = method;
  }
  return read;
}

template <std::size_t... index>
AmqpMethodRead read_any(AmqpMethodId id, std::span<const std::byte> arguments, std::index_sequence<index...>) noexcept {
  AmqpMethodRead read;
  read.id = id;
  read.why = "sent a method that is not known here";
  // The first alternative is none.
  const auto is_read = [&]<class Method>(std::in_place_type_t<Method>) {
    if (!(Method::id == id)) return false;
    read = read_as<Method>(arguments);
    return true;
  };
  (void)(is_read(std::in_place_type<std::variant_alternative_t<index + 1, AmqpMethod>>) || ...);
  return read;
}

}  // namespace

AmqpMethodRead read_amqp_method(std::span<const std::byte> payload) noexcept {
  AmqpReader reader{payload};
  AmqpMethodId id;
  id.class_id = reader.integer<std::uint16_t>();
  id.method_id = reader.integer<std::uint16_t>();
  if (!reader.is_good()) {
    AmqpMethodRead read;
    read.why = "sent a method without a number";
    return read;
  }
  return read_any(id, reader.rest(), std::make_index_sequence<std::variant_size_v<AmqpMethod> - 1>{});
}

void put_amqp_method(std::vector<std::byte>& out, std::uint16_t channel, const AmqpMethod& method) {
  const std::size_t begin = out.size();
  const auto put = [&]<class Method>(const Method& m) {
    if constexpr (!std::is_same_v<Method, std::monostate>) {
      FieldsOut fields{out};
      fields(Method::id.class_id, Method::id.method_id);
      each_of(fields, m, Of<Method>{});
    }
  };
  try {
    out.resize(begin + AmqpFrames::header_size);
    std::visit(put, method);
  } catch (...) {
    out.resize(begin);
    throw;
  }
  AmqpFrames::put_header(out.data() + begin, AmqpFrameKind::method, channel,
                         out.size() - begin - AmqpFrames::header_size);
  out.push_back(AmqpFrames::end);
}

AmqpMethodId id_of(const AmqpMethod& method) noexcept {
  return std::visit(
      []<class Method>(const Method&) {
        if constexpr (std::is_same_v<Method, std::monostate>) {
          return AmqpMethodId{};
        } else {
          return Method::id;
        }
      },
      method);
}

}  // namespace parley::wire
