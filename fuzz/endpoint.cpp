// Any text at all: it is refused with a place inside it, or it is an endpoint that survives being handed over as text,
// that does not show its password, and whose IPv6 address is what the C library makes of it.
#include <parley/endpoint.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using parley::Endpoint;
using parley::EndpointError;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_printable(std::string_view line) {
  return line.find_first_not_of(
             " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") ==
         std::string_view::npos;
}

void check_fault(std::string_view text, const EndpointError& why) {
  require(why.position() <= text.size());
  require(!why.reason().empty());
  require(is_printable(why.what()));
  const std::string_view diagram = why.diagram();
  const std::size_t line_end = diagram.find('\n');
  // The caret stands under a character of the text, or just behind it.
  require(diagram.find('^', line_end) - line_end - 1 <= line_end);
}

void check_round_trip(const Endpoint& endpoint) {
  const std::string text = endpoint.serialize();
  require(text.size() <= Endpoint::text_size_max && is_printable(text));
  const Endpoint again = text;
  require(again == endpoint && again.serialize() == text);
  require(again.scheme() == endpoint.scheme() && again.host() == endpoint.host() && again.port() == endpoint.port());
  require(again.path() == endpoint.path() && again.name() == endpoint.name());
  require(again.is_abstract() == endpoint.is_abstract());
  require(again.user() == endpoint.user() && again.password() == endpoint.password());
  require(again.parameters().size() == endpoint.parameters().size());
  for (std::size_t i = 0; i < again.parameters().size(); ++i) {
    require(again.parameters()[i] == endpoint.parameters()[i]);
  }
}

/// The same endpoint without its password is printed the same, but for the mask: nothing of it can have leaked.
void check_secrecy(const Endpoint& endpoint) {
  if (endpoint.password().empty()) return require(endpoint.to_string() == endpoint.serialize());
  const std::string text = endpoint.serialize();
  const std::size_t begin = text.find(':', text.find("://") + 3);
  const std::size_t end = text.find('@', begin);
  require(endpoint.to_string() == text.substr(0, begin) + ":***" + text.substr(end));
}

in6_addr ipv6_of(std::string_view text) {
  in6_addr address{};
  require(::inet_pton(AF_INET6, std::string(text.substr(0, text.find('%'))).c_str(), &address) == 1);
  return address;
}

void check_address(std::string_view text, const Endpoint& endpoint) {
  if (endpoint.host().find(':') == std::string_view::npos) return;
  const std::size_t host_mark = std::min(text.find("//["), text.find("@["));  // "//[" or "user@["
  const std::size_t begin = text.find('[', host_mark) + 1;
  const in6_addr written = ipv6_of(text.substr(begin, text.find(']', begin) - begin));
  const in6_addr read = ipv6_of(endpoint.host());
  require(std::memcmp(&written, &read, sizeof read) == 0);
}

void check_makers(std::string_view text) {
  const auto check = [](auto make) {
    try {
      check_round_trip(make());
    } catch (const EndpointError&) {
    }
  };
  check([&] {
    Endpoint endpoint = Endpoint::tcp(text, 1);
    require(endpoint.scheme() == parley::Scheme::tcp && endpoint.port() == 1);
    return endpoint;
  });
  check([&] {
    Endpoint endpoint = Endpoint::unix_path(text);
    require(endpoint.path() == text);
    return endpoint;
  });
  check([&] {
    Endpoint endpoint = Endpoint::unix_name(text);
    require(endpoint.name() == text && !endpoint.is_abstract());
    return endpoint;
  });
  check([&] {
    Endpoint endpoint = Endpoint::unix_abstract(text);
    require(endpoint.name() == text && endpoint.is_abstract());
    return endpoint;
  });
  check([&] {
    Endpoint endpoint = Endpoint::inproc(text);
    require(endpoint.name() == text);
    return endpoint;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  EndpointError why;
  if (const auto endpoint = Endpoint::parse(text, &why)) {
    check_round_trip(*endpoint);
    check_secrecy(*endpoint);
    check_address(text, *endpoint);
  } else {
    check_fault(text, why);
  }
  check_makers(text);
  return 0;
}
