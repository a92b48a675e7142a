// Why a codec refuses a payload.
#pragma once

#include <parley/codec/payload.hpp>
#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace parley::test {

/// The sentence, or "accepted".
template <class T, class Codec>
std::string rejection(const Codec& codec, const Payload& payload) {
  try {
    static_cast<void>(codec.template decode<T>(payload));
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), error::payload_rejected);
    return e.what();
  }
  return "accepted";
}

}  // namespace parley::test
