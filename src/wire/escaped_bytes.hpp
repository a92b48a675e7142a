// Bytes written as C does it: \n \r \t \0 \\ and \xHH.
#pragma once

#include <string>
#include <string_view>

namespace parley::wire {

/// The bytes that `text` stands for. Throws std::invalid_argument with a sentence that names the escapes.
[[nodiscard]] std::string unescape(std::string_view text);

/// Printable ASCII without blanks, and without `reserved`, which means something where the text is to stand.
[[nodiscard]] std::string escape(std::string_view bytes, char reserved);

}  // namespace parley::wire
