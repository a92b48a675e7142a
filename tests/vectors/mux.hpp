// What the golden bytes of both protocols of channels have in common.
#pragma once

#include "vectors/framing.hpp"

#include <ostream>

namespace parley::test {

template <class Frame>
struct MuxVector {
  const char* name;
  const char* wire;  ///< hexadecimal; a header or a message, and its payload if it has one
  Frame frame;
};

template <class Frame>
std::ostream& operator<<(std::ostream& out, const MuxVector<Frame>& vector) {
  return out << vector.name;
}

}  // namespace parley::test
