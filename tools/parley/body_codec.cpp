#include "body_codec.hpp"

#include "body_format.hpp"
#include "named.hpp"
#include "text.hpp"

#include <parley/codec/bytes.hpp>
#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/python_pickle.hpp>
#include <parley/codec/text.hpp>
#include <parley/error.hpp>

#include <boost/json/value.hpp>

#include <stdexcept>

namespace parley::tool {
namespace {

constexpr Named<BodyCodec, 5> codec_names{{{"json", BodyCodec::json},
                                           {"msgpack", BodyCodec::message_pack},
                                           {"pickle", BodyCodec::python_pickle},
                                           {"text", BodyCodec::text},
                                           {"bytes", BodyCodec::bytes}}};

using Any = boost::json::value;

/// Calls `use` with the codec, and with what a payload of it is without a type of one's own as template argument.
template <class Use>
Message with(BodyCodec codec, Use use) {
  switch (codec) {
    case BodyCodec::message_pack: return use.template operator()<Any>(MessagePack{});
    case BodyCodec::python_pickle: return use.template operator()<Any>(PythonPickle{});
    case BodyCodec::text: return use.template operator()<std::string>(Text{});
    case BodyCodec::bytes: return use.template operator()<Message>(Bytes{});
    case BodyCodec::json: break;
  }
  return use.template operator()<Any>(Json{});
}

Message encode(BodyCodec codec, std::string_view json) {
  return with(codec, [json]<class T>(const auto& chosen) { return chosen.encode(Json{}.decode<T>(json)); });
}

Message decode(BodyCodec codec, const Message& payload) {
  return with(codec,
              [&payload]<class T>(const auto& chosen) { return Json{}.encode(chosen.template decode<T>(payload)); });
}

}  // namespace

const std::string_view body_codec_names = "json, msgpack, pickle, text or bytes";

std::optional<BodyCodec> parse_body_codec(std::string_view name) noexcept { return find_named(codec_names, name); }

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
