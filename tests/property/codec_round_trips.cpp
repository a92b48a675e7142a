// Every type through every codec and back: random values, told by their seed. Also whatever single byte is changed in a
// payload, decoding ends in a value or in a rejection.
//
// PARLEY_PROPERTY_SCALE multiplies the number of tries.
#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/python_pickle.hpp>

#include "try_count.hpp"

#include "support/codec_values.hpp"

#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace parley::test {
namespace {

template <class C>
class RoundTrip : public ::testing::Test {};
using Codecs = testing::Types<Json, MessagePack, PythonPickle>;
TYPED_TEST_SUITE(RoundTrip, Codecs);

TYPED_TEST(RoundTrip, gives_back_every_value) {
  for (unsigned seed = 0; seed < try_count(300); ++seed) {
    SCOPED_TRACE(seed);
    const Everything value = RandomValues{seed}.everything();
    const Message payload = TypeParam{}.encode(value);
    ASSERT_TRUE(TypeParam{}.template decode<Everything>(payload) == value) << payload.view();
  }
}

TYPED_TEST(RoundTrip, gives_back_every_document) {
  for (unsigned seed = 0; seed < try_count(100); ++seed) {
    SCOPED_TRACE(seed);
    const auto value = Json{}.decode<boost::json::value>(Json{}.encode(RandomValues{seed}.everything()));
    ASSERT_EQ(TypeParam{}.template decode<boost::json::value>(TypeParam{}.encode(value)), value);
  }
}

TYPED_TEST(RoundTrip, reads_a_struct_from_its_document) {
  for (unsigned seed = 0; seed < try_count(100); ++seed) {
    SCOPED_TRACE(seed);
    RandomValues random{seed};
    const Tree value = random.tree(5);
    const auto document = TypeParam{}.template decode<boost::json::value>(TypeParam{}.encode(value));
    ASSERT_EQ(TypeParam{}.template decode<Tree>(TypeParam{}.encode(document)), value);
  }
}

TYPED_TEST(RoundTrip, survives_any_changed_byte) {
  for (unsigned seed = 0; seed < try_count(300); ++seed) {
    SCOPED_TRACE(seed);
    RandomValues random{seed};
    std::string payload = TypeParam{}.encode(random.everything()).text();
    payload[random.below(payload.size())] = static_cast<char>(random.below(256));
    if (random.chance()) payload.resize(random.below(payload.size()));
    try {
      static_cast<void>(TypeParam{}.template decode<Everything>(payload));
    } catch (const Error& rejected) {
      ASSERT_EQ(rejected.code(), error::payload_rejected);
      ASSERT_NE(std::string_view{rejected.what()}, "");
    }
  }
}

}  // namespace
}  // namespace parley::test
