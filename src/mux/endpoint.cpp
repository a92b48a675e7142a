#include "mux/endpoint.hpp"

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley::mux::detail {
namespace {

[[noreturn]] void refuse(const Endpoint& endpoint, const std::string& why) {
  throw std::invalid_argument{endpoint.to_string() + ": " + why};
}

std::string_view scheme_beneath(Scheme scheme) noexcept {
  return scheme == Scheme::mux_tls ? "tls" : scheme == Scheme::mux_unix ? "unix" : "tcp";
}

std::string without_parameters(const Endpoint& endpoint) {
  std::string text = endpoint.serialize();
  return text.substr(0, text.find('?'));
}

std::uint32_t magic_of(const Endpoint& endpoint, std::string_view text) {
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = is_hexadecimal ? text.substr(2) : text;
  std::uint32_t magic = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), magic, is_hexadecimal ? 16 : 10);
  if (ec != std::errc{} || end != digits.data() + digits.size()) {
    refuse(endpoint, "a magic is a number up to 0xffffffff, not \"" + std::string{text} + '"');
  }
  return magic;
}

}  // namespace

Endpoint endpoint_beneath(const Endpoint& endpoint) {
  const std::string text = without_parameters(endpoint);
  return Endpoint{std::string{scheme_beneath(endpoint.scheme())} + text.substr(text.find("://"))};
}

Endpoint endpoint_above(const Endpoint& endpoint, const Endpoint& beneath) {
  const std::string text = endpoint.serialize();
  const std::size_t question = text.find('?');
  return Endpoint{"mux+" + beneath.serialize() + (question == std::string::npos ? "" : text.substr(question))};
}

Options options_of(const Endpoint& endpoint) {
  Options options;
  for (const Endpoint::Parameter& each : endpoint.parameters()) {
    if (each.key == "dialect" && each.value == "yamux") {
      options.dialect = MuxDialect::yamux;
    } else if (each.key == "dialect" && each.value == "tcpchan") {
      options.dialect = MuxDialect::tcpchan;
    } else if (each.key == "dialect") {
      refuse(endpoint, "the dialects of channels are yamux and tcpchan, not \"" + each.value + '"');
    } else if (each.key == "magic") {
      options.magic = magic_of(endpoint, each.value);
    } else {
      refuse(endpoint, "channels have no parameter \"" + each.key + '"');
    }
  }
  if (endpoint.parameter("magic") && options.dialect != MuxDialect::tcpchan) {
    refuse(endpoint, "only tcpchan has a magic: add dialect=tcpchan");
  }
  return options;
}

}  // namespace parley::mux::detail
