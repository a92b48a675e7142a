// The last word of a parser.
#pragma once

#include <parley/codec/decoder.hpp>

#include <string>
#include <string_view>

namespace parley::codec {

/// The decoder's sentence (empty if nothing failed), or that the payload looks like another format than `format`.
[[nodiscard]] std::string ending_of(const Decoder& decoder, std::string_view format);

}  // namespace parley::codec
