#include "endpoint_parser.hpp"

#include <algorithm>
#include <cstdio>

namespace parley {
namespace {

constexpr std::string_view decimal_digits = "0123456789";

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}
constexpr bool is_zone_character(char c) noexcept { return is_host_character(lower(c)) || c == '~'; }

std::string hex(char c) {
  char text[3];
  std::snprintf(text, sizeof text, "%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text;
}

/// The piece before the first `separator` and the piece after it; the second is a null view if there is none.
std::pair<std::string_view, std::string_view> split(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

const SchemeTraits* find_scheme(std::string_view written) {
  const std::string name = lower(written);
  if (name == local_traits().name) return &local_traits();
  const auto table = scheme_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& traits) { return traits.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::string known_schemes() {
  std::string names;
  for (const auto& traits : scheme_table()) {
    if (!names.empty()) names += ", ";
    names += traits.name;
  }
  return names + ", " + std::string{local_traits().name};
}

/// Resolvers take such a name for an address, in spellings ("1.2.3", "0x7f.1") that mean what few people expect.
bool looks_like_ipv4(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1 == 0: the whole
  if (last.find_first_not_of(decimal_digits) == std::string_view::npos) return true;
  return last.starts_with("0x") && last.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
}

std::string too_long(std::string_view what, std::size_t size, std::size_t size_max) {
  return std::string(what) + " has " + std::to_string(size) + " bytes; at most " + std::to_string(size_max) +
         " are possible";
}

}  // namespace

Endpoint EndpointParser::parse() {
  check_characters();
  std::string_view rest = take_scheme();
  const auto [address, query] = split(rest, '?');
  switch (traits_->shape) {
    case EndpointShape::network: parse_network(address); break;
    case EndpointShape::unix_socket: parse_unix(address); break;
    case EndpointShape::inproc: parse_inproc(address); break;
    case EndpointShape::local_name: parse_local(address); break;
  }
  if (query.data() != nullptr) parse_parameters(query);

  parts_.canonical = parts_.spell(true);
  parts_.canonical.shrink_to_fit();  // each connection keeps one
  if (parts_.canonical.size() > Endpoint::text_size_max) {
    fail(text_.size(), too_long("the endpoint, percent-encoded,", parts_.canonical.size(), Endpoint::text_size_max));
  }
  return Endpoint(std::make_shared<const Endpoint::Parts>(std::move(parts_)));
}

void EndpointParser::check_characters() const {
  if (text_.empty()) fail(0, "the text is empty");
  if (text_.size() > Endpoint::text_size_max) {
    fail(Endpoint::text_size_max, too_long("the endpoint", text_.size(), Endpoint::text_size_max));
  }
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text_[i]);
    if (byte == 0) fail(i, "a NUL byte cannot be in an endpoint");
    if (byte <= 0x20 || byte == 0x7F) {
      fail(i, "spaces and control characters cannot stand here; percent-encoded, this one is %" + hex(text_[i]));
    }
    if (byte == '#') fail(i, "an endpoint has no fragment; a '#' that is part of a name is written %23");
  }
}

std::string_view EndpointParser::take_scheme() {
  const std::size_t end = text_.find("://");
  if (end == std::string_view::npos) fail_without_scheme();
  if (end == 0) fail(0, "the scheme before :// is missing; known are " + known_schemes());
  traits_ = find_scheme(text_.substr(0, end));
  if (traits_ == nullptr) fail(0, "the scheme is unknown; known are " + known_schemes());
  parts_.scheme = traits_->scheme;
  return text_.substr(end + 3);
}

void EndpointParser::fail_without_scheme() const {
  const std::size_t colon = text_.find(':');
  if (colon != std::string_view::npos && find_scheme(text_.substr(0, colon)) != nullptr) {
    fail(colon + 1, "after the scheme comes ://");
  }
  fail(0, "there is no scheme, such as tcp:// at the beginning; known are " + known_schemes());
}

std::string EndpointParser::a_scheme_endpoint() const {
  const std::string_view name = traits_->name;
  const bool is_vowel =
      std::string_view("aeiou").find(name.front()) != std::string_view::npos && name != "unix" && name != "udp";
  return (is_vowel ? "an " : "a ") + std::string(name) + " endpoint";
}

void EndpointParser::parse_network(std::string_view rest) {
  const std::size_t authority_size = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, authority_size);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    parse_user(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  parse_host_and_port(authority);
  parse_path(rest.substr(authority_size));
}

void EndpointParser::parse_user(std::string_view user_info) {
  if (!traits_->has_user) fail_at(user_info, a_scheme_endpoint() + " takes no user and password");
  if (const std::size_t at = user_info.find('@'); at != std::string_view::npos) {
    fail_at(user_info.substr(at), "an '@' in a user or password is written %40");
  }
  const auto [user, password] = split(user_info, ':');
  if (user.empty()) fail_at(user, "the user is empty");
  parts_.user = decode(user);
  if (password.data() == nullptr) return;
  if (password.empty()) fail_at(password, "the password is empty");
  parts_.password = decode(password);
}

void EndpointParser::parse_host_and_port(std::string_view host_and_port) {
  std::string_view port;
  if (host_and_port.starts_with('[')) {
    const std::size_t close = host_and_port.find(']');
    if (close == std::string_view::npos) fail_after(host_and_port, "the bracket of the IPv6 address is not closed");
    parse_bracketed_host(host_and_port.substr(1, close - 1));
    port = host_and_port.substr(close + 1);
    if (!port.empty() && port.front() != ':') fail_at(port, "after the ']' comes the port, as in [::1]:8888");
  } else {
    const std::size_t host_size = std::min(host_and_port.find(':'), host_and_port.size());
    if (host_and_port.find(':', host_size + 1) != std::string_view::npos) {
      fail_at(host_and_port,
              "more than one ':' in host and port; an IPv6 address stands in brackets, as in [::1]:8888");
    }
    parse_host(host_and_port.substr(0, host_size));
    port = host_and_port.substr(host_size);
  }
  if (!port.empty()) return parse_port(port.substr(1));
  if (traits_->default_port == 0) fail_at(port, "the port is missing; " + a_scheme_endpoint() + " ends in :port");
  parts_.port = traits_->default_port;
}

void EndpointParser::parse_bracketed_host(std::string_view inside) {
  const std::size_t address_size = std::min(inside.find('%'), inside.size());
  const auto groups = parse_ipv6(inside.substr(0, address_size));
  if (!groups) fail_at(inside, "what stands in the brackets is not an IPv6 address");
  parts_.host = format_ipv6(*groups);
  if (address_size < inside.size()) parse_zone(inside.substr(address_size));
}

void EndpointParser::parse_zone(std::string_view zone) {
  // RFC 6874: the '%' between address and zone is itself percent-encoded.
  if (!zone.starts_with("%25")) fail_at(zone, "the '%' before a zone is written %25, as in [fe80::1%25eth0]");
  zone.remove_prefix(3);
  if (zone.empty()) fail_at(zone, "the zone is empty");
  const auto bad = std::find_if_not(zone.begin(), zone.end(), is_zone_character);
  if (bad != zone.end()) {
    fail_at(zone.substr(static_cast<std::size_t>(bad - zone.begin())), "a zone has only letters, digits and -._~");
  }
  parts_.host += '%';
  parts_.host += zone;
  if (parts_.host.size() > Endpoint::host_size_max) {
    fail_at(zone, too_long("the address with its zone", parts_.host.size(), Endpoint::host_size_max));
  }
}

void EndpointParser::parse_host(std::string_view raw) {
  if (raw.empty()) fail_at(raw, "the host is missing; to bind every address it is *");
  parts_.host = lower(decode(raw));
  const std::string& host = parts_.host;
  if (host == "*") return;
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (is_host_character(host[i])) continue;
    const std::string_view at = raw.substr(percent::raw_offset(raw, i));
    if (static_cast<unsigned char>(host[i]) >= 0x80) {
      fail_at(at, "the host is not ASCII; write an internationalised name in its xn-- form");
    }
    fail_at(at, "this character cannot be in a host name, which has letters, digits and -._");
  }
  check_labels(raw, host);
  if (looks_like_ipv4(host) && !parse_ipv4(host)) {
    fail_at(raw, "the host ends in a number and is not an IPv4 address of four numbers from 0 to 255");
  }
}

void EndpointParser::check_labels(std::string_view raw, std::string_view host) const {
  if (host.size() > Endpoint::host_size_max) {
    fail_at(raw, too_long("the host name", host.size(), Endpoint::host_size_max));
  }
  for (std::size_t begin = 0; begin < host.size();) {
    const std::size_t end = std::min(host.find('.', begin), host.size());
    const std::string_view label = host.substr(begin, end - begin);
    const std::string_view at = raw.substr(percent::raw_offset(raw, begin));
    if (label.empty()) fail_at(at, "a part of the host name is empty");
    if (label.size() > Endpoint::host_label_size_max) {
      fail_at(at, too_long("this part of the host name", label.size(), Endpoint::host_label_size_max));
    }
    // A leading '-' would also be an option to any program this host is handed to.
    if (label.starts_with('-') || label.ends_with('-')) fail_at(at, "a part of a host name begins or ends with '-'");
    begin = end + 1;
  }
}

void EndpointParser::parse_port(std::string_view digits) {
  if (digits.empty()) fail_at(digits, "the port is missing after the ':'");
  if (const std::size_t bad = digits.find_first_not_of(decimal_digits); bad != std::string_view::npos) {
    fail_at(digits.substr(bad), "the port is a decimal number, and this is not a digit");
  }
  if (digits.size() > 1 && digits.front() == '0') fail_at(digits, "the port is written without leading zeros");
  // With an '@' further on, this may be the beginning of a password, which is not to be shown.
  const bool may_quote = digits.size() <= 12 && text_.find('@') == std::string_view::npos;
  unsigned port = 0;
  for (const char digit : digits) {
    port = port * 10 + static_cast<unsigned>(digit - '0');
    if (port > 65535) fail_at(digits, (may_quote ? "port " + std::string(digits) : "the port") + " is above 65535");
  }
  parts_.port = static_cast<std::uint16_t>(port);
}

void EndpointParser::parse_path(std::string_view raw) {
  if (!traits_->has_path) {
    if (!raw.empty()) fail_at(raw, a_scheme_endpoint() + " ends with the port; it takes no path");
    return;
  }
  if (traits_->scheme == Scheme::amqp || traits_->scheme == Scheme::amqps) {
    if (raw == "/") fail_after(raw, "the virtual host is empty; the one named / is written %2F");
    if (const std::size_t slash = raw.find('/', 1); slash != std::string_view::npos) {
      fail_at(raw.substr(slash), "a '/' in the name of a virtual host is written %2F");
    }
    parts_.path = decode(raw);
    return;
  }
  // Decoded, it could not be told from a '/' that separates.
  if (const std::size_t slash = lower(raw).find("%2f"); slash != std::string::npos) {
    fail_at(raw.substr(slash), "a '/' in this path cannot be percent-encoded");
  }
  parts_.path = raw.empty() ? "/" : decode(raw);
}

void EndpointParser::parse_unix(std::string_view rest) {
  if (rest.empty()) fail_at(rest, "the path or name of the socket is missing");
  if (rest.front() == '/') {
    parts_.path = decode_socket_name(rest, "the path");
    if (parts_.path.back() == '/') fail_after(rest, "the path ends in '/', so it names a folder and not a socket");
    return;
  }
  parts_.abstract = rest.front() == '@';
  if (parts_.abstract) {
    rest.remove_prefix(1);
    if (rest.empty()) fail_at(rest, "the abstract name after the '@' is missing");
    parts_.name = decode_socket_name(rest, "the abstract name");
    return;
  }
  parts_.name = decode_socket_name(rest, "the name");
  if (const std::size_t slash = parts_.name.find('/'); slash != std::string::npos) {
    fail_at(rest.substr(percent::raw_offset(rest, slash)),
            "a name in the temporary folder has no '/'; an absolute path has one more at its beginning, as in "
            "unix:///run/name");
  }
  if (parts_.name == "." || parts_.name == "..") fail_at(rest, "this name is a folder's and not a socket's");
}

void EndpointParser::parse_inproc(std::string_view rest) {
  if (rest.empty()) fail_at(rest, "the name is missing");
  parts_.name = decode(rest);
}

void EndpointParser::parse_local(std::string_view rest) {
  if (rest.empty()) fail_at(rest, "the name is missing");
  const std::string name = lower(decode(rest));
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string_view at = rest.substr(percent::raw_offset(rest, i));
    if (name[i] == '/') fail_at(at, "a local name has no '/', since it becomes the name of a file");
    if (static_cast<unsigned char>(name[i]) >= 0x80) {
      fail_at(at, "a local name is ASCII: on the lower case of anything else two programs might not agree");
    }
  }
  const std::string folder = communica_folder();
  if (folder.empty()) {
    fail_at(rest,
            "there is no temporary folder for it: neither $TMPDIR, $TEMP or $TMP nor /tmp, /var/tmp, /usr/tmp or "
            "the current one can be written to");
  }
  parts_.path = folder + '/' + name + std::string{communica_ending};
  if (parts_.path.size() > Endpoint::unix_path_size_max) {
    fail_at(rest, "in the temporary folder this is " + parts_.path + ", a path of " +
                      std::to_string(parts_.path.size()) + " bytes; at most " +
                      std::to_string(Endpoint::unix_path_size_max) + " are possible for a Unix socket");
  }
}

std::string EndpointParser::decode_socket_name(std::string_view raw, std::string_view what) const {
  std::string decoded = decode(raw);
  if (decoded.size() > Endpoint::unix_path_size_max) {
    fail_at(raw.substr(percent::raw_offset(raw, Endpoint::unix_path_size_max)),
            too_long(what, decoded.size(), Endpoint::unix_path_size_max) + " for a Unix socket");
  }
  return decoded;
}

void EndpointParser::parse_parameters(std::string_view query) {
  const std::size_t mark = position_of(query) - 1;
  if (!traits_->has_parameters) {
    const bool has_host = traits_->shape == EndpointShape::network;
    fail(mark, a_scheme_endpoint() + " takes no parameters" +
                   (has_host ? "" : "; a '?' that is part of the name is written %3F"));
  }
  for (;;) {
    const auto [pair, rest] = split(query, '&');
    if (pair.empty()) fail_at(pair, "a parameter is empty; it is written key=value");
    const auto [key, value] = split(pair, '=');
    if (key.empty()) fail_at(key, "the key of this parameter is missing; it is written key=value");
    parts_.parameters.push_back({decode(key), decode(value)});
    if (rest.data() == nullptr) return;
    query = rest;
  }
}

std::string EndpointParser::decode(std::string_view raw) const {
  std::string decoded;
  decoded.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      decoded += raw[i];
      continue;
    }
    const int high = i + 1 < raw.size() ? percent::hex_value(raw[i + 1]) : -1;
    const int low = i + 2 < raw.size() ? percent::hex_value(raw[i + 2]) : -1;
    if (high < 0 || low < 0) fail_at(raw.substr(i), "two hexadecimal digits come after a '%'; a '%' itself is %25");
    if (high == 0 && low == 0) fail_at(raw.substr(i), "a NUL byte cannot be in an endpoint");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

}  // namespace parley
