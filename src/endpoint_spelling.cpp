// Parts to text: the one canonical spelling. The parser undoes what is done here, and the other way round.
#include "endpoint_parts.hpp"

namespace parley {

std::string spell_host(std::string_view host) {
  if (host.find(':') == std::string_view::npos) return percent::encode(host, "*");
  const std::size_t zone = host.find('%');
  std::string text = "[" + std::string(host.substr(0, zone));
  if (zone != std::string_view::npos) text += "%25" + std::string(host.substr(zone + 1));
  return text + "]";
}

std::string Endpoint::Parts::spell(bool with_password) const {
  std::string text(parley::to_string(scheme));
  text += "://";
  switch (traits_of(scheme).shape) {
    case EndpointShape::network:
      text += spell_user(with_password) + spell_host(host) + ':' + std::to_string(port);
      break;
    case EndpointShape::unix_socket: text += spell_socket_name(); break;
    case EndpointShape::inproc: text += percent::encode(name, percent::safe_in_path); break;
    case EndpointShape::local_name: break;
  }
  return text + spell_path() + spell_parameters();
}

std::string Endpoint::Parts::spell_user(bool with_password) const {
  if (user.empty()) return {};
  std::string text = percent::encode(user, percent::safe_in_user);
  if (!password.empty()) text += ':' + (with_password ? percent::encode(password, percent::safe_in_user) : "***");
  return text + '@';
}

std::string Endpoint::Parts::spell_socket_name() const {
  if (abstract) return '@' + percent::encode(name, percent::safe_in_path);
  // An '@' is encoded here: at the beginning it would make the name abstract.
  return percent::encode(name, percent::safe_in_segment);
}

std::string Endpoint::Parts::spell_path() const {
  if ((scheme != Scheme::amqp && scheme != Scheme::amqps) || path.empty())
    return percent::encode(path, percent::safe_in_path);
  // A '/' in the name of a virtual host is part of the name.
  return '/' + percent::encode(std::string_view(path).substr(1), percent::safe_in_segment);
}

std::string Endpoint::Parts::spell_parameters() const {
  std::string text;
  for (const auto& [key, value] : parameters) {
    text += text.empty() ? '?' : '&';
    text += percent::encode(key, percent::safe_in_parameter);
    text += '=';
    text += percent::encode(value, percent::safe_in_parameter);
  }
  return text;
}

}  // namespace parley
