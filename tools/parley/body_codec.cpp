#include "body_codec.hpp"

#include "body_format.hpp"
#include "text.hpp"

#include <parley/codec/bytes.hpp>
#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/python_pickle.hpp>
#include <parley/codec/text.hpp>
#include <parley/error.hpp>

#include <boost/json/value.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace parley::tool {
namespace {

constexpr std::array<std::pair<std::string_view, BodyCodec>, 5> codec_names{{{"json", BodyCodec::json},
                                                                             {"msgpack", BodyCodec::message_pack},
                                                                             {"pickle", BodyCodec::python_pickle},
                                                                             {"text", BodyCodec::text},
                                                                             {"bytes", BodyCodec::bytes}}};

using Any = boost::json::value;

/// `T` is what a payload of this codec is without a type of one's own.
template <class T, class C>
Message encode_json(const C& codec, std::string_view json) {
  return codec.encode(Json{}.decode<T>(json));
}

template <class T, class C>
Message decode_to_json(const C& codec, const Message& payload) {
  return Json{}.encode(codec.template decode<T>(payload));
}

Message encode(BodyCodec codec, std::string_view json) {
  switch (codec) {
    case BodyCodec::message_pack: return encode_json<Any>(MessagePack{}, json);
    case BodyCodec::python_pickle: return encode_json<Any>(PythonPickle{}, json);
    case BodyCodec::text: return encode_json<std::string>(Text{}, json);
    case BodyCodec::bytes: return encode_json<Message>(Bytes{}, json);
    case BodyCodec::json: break;
  }
  return encode_json<Any>(Json{}, json);
}

Message decode(BodyCodec codec, const Message& payload) {
  switch (codec) {
    case BodyCodec::message_pack: return decode_to_json<Any>(MessagePack{}, payload);
    case BodyCodec::python_pickle: return decode_to_json<Any>(PythonPickle{}, payload);
    case BodyCodec::text: return decode_to_json<std::string>(Text{}, payload);
    case BodyCodec::bytes: return decode_to_json<Message>(Bytes{}, payload);
    case BodyCodec::json: break;
  }
  return decode_to_json<Any>(Json{}, payload);
}

}  // namespace

const std::string_view body_codec_names = "json, msgpack, pickle, text or bytes";

std::optional<BodyCodec> parse_body_codec(std::string_view name) noexcept {
  for (const auto& [known, codec] : codec_names)
    if (known == name) return codec;
  return std::nullopt;
}

std::string encode_value(BodyCodec codec, std::string_view json) {
  try {
    return std::string{encode(codec, json).view()};
  } catch (const Error& e) {
    throw BadBody("not a value: " + excerpt(json) + "; " + e.what());
  } catch (const std::invalid_argument& e) {
    throw BadBody(excerpt(json) + ": " + e.what());
  }
}

std::string decode_value(BodyCodec codec, const Message& payload) {
  try {
    return json_without_controls(decode(codec, payload).view());
  } catch (const std::invalid_argument& e) {
    throw Error{error::payload_rejected, std::string{"this value cannot be written as JSON; "} + e.what()};
  }
}

}  // namespace parley::tool
