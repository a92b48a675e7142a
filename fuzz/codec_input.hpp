// What the fuzz targets of the codecs share. The input is a payload. Whatever is accepted is encoded, and must come
// back the same; whatever is rejected must say why; and nothing takes more memory than allowed.
#pragma once

#include "require.hpp"
#include "tests/support/codec_values.hpp"

#include <parley/codec/codec.hpp>

#include <boost/json/value.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

namespace parley::fuzz {

template <class T, class C>
std::optional<T> accepted(const C& codec, const Payload& payload) {
  try {
    return codec.template decode<T>(payload);
  } catch (const Error& rejected) {
    require(rejected.code() == error::payload_rejected && !std::string_view{rejected.what()}.empty());
    return std::nullopt;
  }
}

/// Encoded, decoded and encoded again gives the same bytes; as many bytes where entries have no order. (Values are not
/// compared: NaN differs from itself.)
template <class T, class C, bool is_ordered = true>
void expect_stable(const C& codec, const Payload& payload) {
  const std::optional<T> value = accepted<T>(codec, payload);
  if (!value) return;
  const Message once = codec.encode(*value);
  C roomy = codec;  // what was written may be nested or repeated where the payload shared
  roomy.decoded_size_max = limits::decoded_size_max;
  const Message twice = codec.encode(roomy.template decode<T>(once));
  require(is_ordered ? twice == once : twice.size() == once.size());
}

/// What a struct was given is what a document of the same payload has.
template <class C>
void expect_faithful(const C& codec, const Payload& payload) {
  const auto item = accepted<test::Item>(codec, payload);
  const auto document = accepted<boost::json::value>(codec, payload);
  if (!item || !document) return;
  const boost::json::object& fields = document->as_object();
  require(fields.at("name").as_string() == item->name);
  require(fields.at("price").to_number<double>() == item->price || std::isnan(item->price));
  require(fields.at("count").to_number<std::uint64_t>() == item->count);
}

template <class C>
void expect_sound(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload{reinterpret_cast<const char*>(data), size};
  C codec;
  codec.decoded_size_max = limits::mib;
  expect_stable<boost::json::value>(codec, payload);
  expect_stable<test::Everything, C, false>(codec, payload);
  expect_stable<test::Order>(codec, payload);
  expect_stable<std::map<std::string, std::vector<test::Choice>>>(codec, payload);
  expect_faithful(codec, payload);
  codec.strict = true;
  static_cast<void>(accepted<test::Item>(codec, payload));
}

}  // namespace parley::fuzz
