// How values and places appear in sentences. Text of a peer is cut and escaped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::codec {

/// In quotes, escaped, and cut after some forty bytes.
[[nodiscard]] std::string quoted(std::string_view text);

/// The shortest text that reads as the same number again.
[[nodiscard]] std::string number_text(double value);

/// `.name`, or `["any text"]` for what is not a name.
void append_key(std::string& path, std::string_view key);
void append_index(std::string& path, std::size_t index);

[[nodiscard]] std::string found_integer(std::int64_t value);
[[nodiscard]] std::string found_integer(std::uint64_t value);
[[nodiscard]] std::string found_real(double value);
[[nodiscard]] std::string found_string(std::string_view value);
[[nodiscard]] std::string found_bytes(std::size_t size);

}  // namespace parley::codec
