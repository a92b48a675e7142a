// How a message received is printed, and told as JSON.
#pragma once

#include "common_options.hpp"
#include "json_line.hpp"
#include "notation.hpp"

#include <parley/message.hpp>

namespace parley::tool {

/// A body that the user asked for byte by byte is not touched; whatever else goes to a terminal is.
[[nodiscard]] Destination destination_of(const CommonOptions& options);

/// Its size, and the body as `value`, `text`, `hex` or `base64`. Throws parley::Error for what is no payload of the
/// codec.
JsonLine& add_body(JsonLine& line, const Message& body, const Notation& notation);

}  // namespace parley::tool
