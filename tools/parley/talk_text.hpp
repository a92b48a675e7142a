// Talk for people on standard error: one line each, coloured on a terminal only.
#pragma once

#include <string_view>

namespace parley::tool {

/// Whether text written to this descriptor may be coloured: a terminal that is not dumb, and no NO_COLOR.
[[nodiscard]] bool may_colour(int descriptor) noexcept;

enum class Colour { none, red, green, cyan, dim };

/// What starts the colour, and what ends it; empty when `enabled` is false.
[[nodiscard]] std::string_view begin_colour(Colour colour, bool enabled) noexcept;
[[nodiscard]] std::string_view end_colour(Colour colour, bool enabled) noexcept;

/// A line on standard error, "parley: " before it. Control characters are escaped.
void say(std::string_view text, Colour colour = Colour::none);

/// Several lines as they are, the first one behind "parley: error: ".
void say_error(std::string_view text);

}  // namespace parley::tool
