// From what the user wrote as the value of an option to what it means, or to a sentence that refuses it.
#pragma once

#include "common_options.hpp"

#include <parley/endpoint.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley::tool {

/// A command line that makes no sense; what() says why, in one or more lines.
class UsageError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Throws UsageError, as all below do.
[[noreturn]] void refuse(const std::string& sentence);

/// For whole messages or bytes, which a broker does not carry.
[[nodiscard]] Endpoint read_endpoint(const std::string& text);
/// For requests: a broker's as well.
[[nodiscard]] Endpoint read_rpc_endpoint(const std::string& text);
/// One that a stream can go to.
[[nodiscard]] Endpoint read_stream_endpoint(const std::string& text);
/// Refuses what can be listened on only.
void check_can_be_dialled(const Endpoint& endpoint);

[[nodiscard]] std::uint64_t read_whole_number(std::string_view option, const std::string& text, std::uint64_t least,
                                              std::uint64_t most);

/// A finite number, not negative, as in "0.5".
[[nodiscard]] std::optional<double> parse_decimal(std::string_view text);

/// Seconds, or a number with its unit: 250us, 20ms, 1.5s, 2min, 1h. Nothing for something else.
[[nodiscard]] std::optional<Seconds> parse_time(std::string_view text);
/// The same, above 0.
[[nodiscard]] Seconds read_time(std::string_view option, const std::string& text);

}  // namespace parley::tool
