// What every decoder of frames has to say of the front of a frame.
#pragma once

#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace parley::test {

/// Each front of `stream`, a frame that ends with `code`, makes `decode` ask for more bytes than there are, and of one
/// that is good for no more than it has; or is seen to be wrong.
template <class Decode>
void expect_more_is_wanted_until_whole(const std::string& stream, error code, Decode decode) {
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const auto step = decode(stream.substr(0, size));
    using Outcome = decltype(step.outcome);
    if (step.outcome == Outcome::error) {
      EXPECT_NE(code, error{});
      return;
    }
    ASSERT_EQ(step.outcome, Outcome::need) << size;
    EXPECT_GT(step.need, size);
    if (code == error{}) {
      EXPECT_LE(step.need, stream.size());
    }
  }
}

}  // namespace parley::test
