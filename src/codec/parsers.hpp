// The parsers of the binary formats, as the codecs and the guess use them. True if one whole value was read.
#pragma once

#include <parley/codec/decoder.hpp>

namespace parley::codec {

bool read_message_pack(const Payload& payload, Decoder& decoder);
bool read_pickle(const Payload& payload, Decoder& decoder);

}  // namespace parley::codec
