// boost::json::value, in and out of every codec.
#include "codec/base64.hpp"
#include "codec/words.hpp"

#include <parley/codec/shape_of.hpp>
#include <parley/codec/write.hpp>

#include <boost/json/value.hpp>

namespace parley::codec {
namespace {

namespace json = boost::json;

json::value& value_at(void* object) { return *static_cast<json::value*>(object); }

template <class T>
bool store(void* object, T value) {
  value_at(object) = value;
  return true;
}

}  // namespace

void JsonValueShape::describe(std::string& out) const { out += "anything"; }

bool JsonValueShape::null(void* object, Decoder&) const { return store(object, nullptr); }
bool JsonValueShape::boolean(void* object, bool value, Decoder&) const { return store(object, value); }
bool JsonValueShape::integer(void* object, std::int64_t value, Decoder&) const { return store(object, value); }
bool JsonValueShape::big_integer(void* object, std::uint64_t value, Decoder&) const { return store(object, value); }
bool JsonValueShape::real(void* object, double value, Decoder&) const { return store(object, value); }

bool JsonValueShape::string(void* object, std::string_view value, Decoder& decoder) const {
  if (!decoder.charge(value.size())) return false;
  value_at(object).emplace_string().assign(value);
  return true;
}

bool JsonValueShape::bytes(void* object, std::span<const std::byte> value, Decoder& decoder) const {
  if (!decoder.charge(base64_size(value.size()))) return false;
  json::string& text = value_at(object).emplace_string();
  text.resize(base64_size(value.size()));
  encode_base64(value, text.data());
  return true;
}

bool JsonValueShape::begin_array(void* object, std::size_t, Decoder& decoder) const {
  return decoder.open_array(*this, &value_at(object).emplace_array());
}

bool JsonValueShape::begin_map(void* object, std::size_t, Decoder& decoder) const {
  return decoder.open_map(*this, &value_at(object).emplace_object());
}

bool JsonValueShape::element(Frame& frame, Decoder& decoder) const {
  ++frame.count;
  if (!decoder.charge(sizeof(json::value))) return false;
  frame.slot = {this, &static_cast<json::array*>(frame.object)->emplace_back(nullptr)};
  return true;
}

bool JsonValueShape::key(Frame& frame, std::string_view key, Decoder& decoder) const {
  if (!decoder.charge(sizeof(json::key_value_pair) + key.size())) return false;
  const auto [entry, is_new] = static_cast<json::object*>(frame.object)->emplace(key, nullptr);
  frame.key = entry;
  if (!is_new) return decoder.fail("the key is there twice");
  frame.slot = {this, &entry->value()};
  return true;
}

bool JsonValueShape::key(Frame& frame, std::int64_t key, Decoder& decoder) const {
  return this->key(frame, std::string_view{std::to_string(key)}, decoder);
}

bool JsonValueShape::big_key(Frame& frame, std::uint64_t key, Decoder& decoder) const {
  return this->key(frame, std::string_view{std::to_string(key)}, decoder);
}

void JsonValueShape::append_step(const Frame& frame, std::string& path) const {
  if (frame.is_array) {
    Shape::append_step(frame, path);
  } else if (frame.key != nullptr) {
    append_key(path, static_cast<const json::key_value_pair*>(frame.key)->key());
  }
}

void write_json_value(Writer& writer, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return writer.null();
    case json::kind::bool_: return writer.boolean(value.get_bool());
    case json::kind::int64: return writer.integer(value.get_int64());
    case json::kind::uint64: return writer.integer(value.get_uint64());
    case json::kind::double_: return writer.real(value.get_double());
    case json::kind::string: return writer.string(std::string_view{value.get_string()});
    case json::kind::array: break;
    case json::kind::object: break;
  }
  if (const json::array* const array = value.if_array()) {
    writer.begin_array(array->size());
    for (const json::value& each : *array) write_json_value(writer, each);
    return writer.end_array(array->size());
  }
  const json::object& object = value.get_object();
  writer.begin_map(object.size());
  for (const json::key_value_pair& each : object) {
    writer.key(std::string_view{each.key()});
    write_json_value(writer, each.value());
  }
  writer.end_map(object.size());
}

}  // namespace parley::codec
