#include "endpoint_parser.hpp"

#include <cstdlib>
#include <ostream>

namespace parley {
namespace {

std::string temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  if (folder == nullptr || folder[0] != '/') return "/tmp";
  return folder;
}

std::string spell_address(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  if (is_ipv6 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return spell_host(host) + ":" + std::to_string(port);
}

}  // namespace

Endpoint::Endpoint(std::shared_ptr<const Parts> parts) noexcept : parts_(std::move(parts)) {}

Endpoint::Endpoint(std::string_view text) : Endpoint(EndpointParser(text).parse()) {}

Endpoint::Endpoint(const std::string& text) : Endpoint(std::string_view(text)) {}

Endpoint::Endpoint(const char* text) : Endpoint(text == nullptr ? std::string_view() : std::string_view(text)) {}

std::optional<Endpoint> Endpoint::parse(std::string_view text, EndpointError* why) {
  try {
    return Endpoint(text);
  } catch (const EndpointError& error) {
    if (why != nullptr) *why = error;
    return std::nullopt;
  }
}

Endpoint Endpoint::tcp(std::string_view host, std::uint16_t port) { return "tcp://" + spell_address(host, port); }

Endpoint Endpoint::udp(std::string_view host, std::uint16_t port) { return "udp://" + spell_address(host, port); }

Endpoint Endpoint::unix_path(std::string_view path) {
  if (!path.starts_with('/')) throw EndpointError(path, 0, "the path of a Unix socket begins with '/'");
  return "unix://" + percent::encode(path, percent::safe_in_path);
}

Endpoint Endpoint::unix_name(std::string_view name) {
  return "unix://" + percent::encode(name, percent::safe_in_segment);
}

Endpoint Endpoint::unix_abstract(std::string_view name) {
  return "unix://@" + percent::encode(name, percent::safe_in_path);
}

Endpoint Endpoint::inproc(std::string_view name) { return "inproc://" + percent::encode(name, percent::safe_in_path); }

Endpoint Endpoint::local(std::string_view name) { return "local://" + percent::encode(name, percent::safe_in_segment); }

Scheme Endpoint::scheme() const noexcept { return parts_->scheme; }
std::string_view Endpoint::host() const noexcept { return parts_->host; }
bool Endpoint::is_wildcard() const noexcept { return host() == "*" || host() == "0.0.0.0" || host() == "::"; }
bool Endpoint::has_port() const noexcept { return traits_of(scheme()).shape == EndpointShape::network; }
std::uint16_t Endpoint::port() const noexcept { return parts_->port; }

Endpoint Endpoint::with_port(std::uint16_t port) const {
  if (!has_port()) throw std::invalid_argument("endpoint \"" + to_string() + "\" has no port to change");
  Parts parts = *parts_;
  parts.port = port;
  return parts.spell(true);
}

std::string_view Endpoint::path() const noexcept { return parts_->path; }
std::string_view Endpoint::name() const noexcept { return parts_->name; }
bool Endpoint::is_abstract() const noexcept { return parts_->abstract; }

std::string Endpoint::unix_path() const {
  if (traits_of(scheme()).shape != EndpointShape::unix_socket) {
    throw std::invalid_argument("endpoint \"" + to_string() + "\" is no Unix socket and has no path of one");
  }
  if (!path().empty()) return parts_->path;
  if (is_abstract()) return '\0' + parts_->name;
  std::string result = temporary_folder();
  if (!result.ends_with('/')) result += '/';
  result += name();
  if (result.size() > unix_path_size_max) {
    const std::string text = to_string();
    throw EndpointError(text, text.find("://") + 3,
                        "in the temporary folder this is " + result + ", a path of " + std::to_string(result.size()) +
                            " bytes; at most " + std::to_string(unix_path_size_max) +
                            " are possible for a Unix socket");
  }
  return result;
}

std::span<const Endpoint::Parameter> Endpoint::parameters() const noexcept { return parts_->parameters; }

std::optional<std::string_view> Endpoint::parameter(std::string_view key) const noexcept {
  for (const Parameter& each : parts_->parameters) {
    if (each.key == key) return each.value;
  }
  return std::nullopt;
}

std::string_view Endpoint::user() const noexcept { return parts_->user; }
std::string_view Endpoint::password() const noexcept { return parts_->password; }

std::string Endpoint::to_string() const { return parts_->password.empty() ? parts_->canonical : parts_->spell(false); }
std::string Endpoint::serialize() const { return parts_->canonical; }
std::string_view Endpoint::canonical() const noexcept { return parts_->canonical; }
std::ostream& Endpoint::print(std::ostream& out) const { return out << to_string(); }

}  // namespace parley
