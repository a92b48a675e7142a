// Private to the endpoint sources: what an Endpoint holds, and what is known about each scheme.
#pragma once

#include <parley/endpoint.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// What stands after `://`.
enum class EndpointShape : std::uint8_t {
  /// [user[:password]@]host[:port][/path]
  network,
  /// /path, name or @name
  unix_socket,
  /// name
  inproc,
  /// name of a file in communica's folder: another way to write a Unix socket, and never how one is spelled
  local_name,
};

struct SchemeTraits {
  Scheme scheme;
  std::string_view name;
  EndpointShape shape;
  bool available;
  bool has_path = false;
  bool has_parameters = false;
  bool has_user = false;
  /// 0: none, the port must be written.
  std::uint16_t default_port = 0;
};

/// All of them, in the order of the enumerators.
[[nodiscard]] std::span<const SchemeTraits> scheme_table() noexcept;
[[nodiscard]] const SchemeTraits& traits_of(Scheme scheme) noexcept;
/// Of `local`, which is written like a scheme and gives a Unix socket.
[[nodiscard]] const SchemeTraits& local_traits() noexcept;

struct PARLEY_HIDDEN Endpoint::Parts {
  Scheme scheme = Scheme::tcp;
  bool abstract = false;
  std::uint16_t port = 0;
  std::string user;
  std::string password;
  std::string host;
  std::string path;
  std::string name;
  std::vector<Parameter> parameters;
  /// Made of all the others by `spell`, and in one-to-one relation with them: it stands for them in comparisons.
  std::string canonical;

  [[nodiscard]] std::string spell(bool with_password) const;

 private:
  [[nodiscard]] std::string spell_user(bool with_password) const;
  [[nodiscard]] std::string spell_socket_name() const;
  [[nodiscard]] std::string spell_path() const;
  [[nodiscard]] std::string spell_parameters() const;
};

/// As it stands in a URL, an IPv6 address in brackets.
[[nodiscard]] std::string spell_host(std::string_view host);

namespace percent {

/// Sets of characters that stand for themselves, besides letters, digits and -._~
inline constexpr std::string_view safe_in_user = "!$&'()*+,;=";
inline constexpr std::string_view safe_in_segment = "!$&'()*+,;=:";
inline constexpr std::string_view safe_in_path = "!$&'()*+,;=:@/";
// Without '+', which forms read as a space.
inline constexpr std::string_view safe_in_parameter = "!$'()*,;:@/";

[[nodiscard]] std::string encode(std::string_view decoded, std::string_view safe);

/// The value of a hexadecimal digit, or -1.
[[nodiscard]] int hex_value(char digit) noexcept;

/// Where in `raw` the decoded byte `index` comes from. `raw` is known to decode.
[[nodiscard]] std::size_t raw_offset(std::string_view raw, std::size_t index) noexcept;

}  // namespace percent

using Ipv6Groups = std::array<std::uint16_t, 8>;

/// The path of communica's folder, which may not be there yet; empty where there is no temporary folder to be had.
[[nodiscard]] std::string communica_folder();
inline constexpr std::string_view communica_ending = ".sock";

/// Empty when `text` (no brackets, no zone) is not an IPv6 address.
[[nodiscard]] std::optional<Ipv6Groups> parse_ipv6(std::string_view text) noexcept;
/// As RFC 5952 section 4 and 5 have it: lower case, no leading zeros, the longest run of zeros as `::`.
[[nodiscard]] std::string format_ipv6(const Ipv6Groups& groups);

/// Whether `text` is four decimal numbers of at most 255, without leading zeros, between dots.
[[nodiscard]] std::optional<std::uint32_t> parse_ipv4(std::string_view text) noexcept;

}  // namespace parley
