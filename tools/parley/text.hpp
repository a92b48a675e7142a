// Bytes as text: for terminals, for quoting, for JSON, as hexadecimal digits. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::tool {

/// Size of the well-formed UTF-8 sequence at the front of `rest`; 0 if there is none.
[[nodiscard]] std::size_t utf8_sequence_size(std::string_view rest) noexcept;

[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

enum class NewLines { escape, keep };

/// Safe to write to a terminal: control characters and what is not UTF-8 become \n, \t, \xHH; a tab stays.
/// Nothing a peer sends may move the cursor, change colours, or answer in the user's name.
[[nodiscard]] std::string terminal_safe(std::string_view bytes, NewLines new_lines);

/// In double quotes, escaped as in C: \n \r \t \0 \\ \" and \xHH. UTF-8 that can be printed stays.
[[nodiscard]] std::string quote(std::string_view bytes);
/// The opposite; the double quotes around it may be missing. Nothing when an escape is wrong.
[[nodiscard]] std::optional<std::string> unquote(std::string_view text);

/// Enough of a faulty text to recognise it, quoted.
[[nodiscard]] std::string excerpt(std::string_view text);

[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Pairs of digits, with spaces between them allowed. Nothing when it is something else.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

/// A JSON string, with its quotes. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

/// JSON without blanks, with the control characters escaped that JSON itself allows in strings.
[[nodiscard]] std::string json_without_controls(std::string_view json);

/// "1 message", "2 messages".
[[nodiscard]] std::string count_of_messages(std::uint64_t count);

}  // namespace parley::tool
