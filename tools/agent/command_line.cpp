// A parser of its own, and not the tool's: values are taken as they are, whether they are empty, begin with a dash or
// stand in brackets.
#include "command_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

namespace parley::agent {
namespace {

/// Says what a value should have been.
class BadValue : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class T, std::size_t n>
T chosen(std::string_view value, const std::array<std::pair<std::string_view, T>, n>& choices) {
  std::string names;
  for (const auto& [name, meaning] : choices) {
    if (value == name) return meaning;
    names += names.empty() ? "" : ", ";
    names += name;
  }
  throw BadValue{"one of " + names};
}

template <class Integer>
Integer integer(std::string_view value, const std::string& wanted) {
  Integer number{};
  const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (ec != std::errc{} || end != value.data() + value.size()) throw BadValue{wanted};
  return number;
}

std::chrono::nanoseconds seconds(std::string_view value) {
  constexpr double most = 1e9;  // above that nanoseconds do not fit
  double number = 0;
  const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
  const bool is_number = ec == std::errc{} && end == value.data() + value.size() && std::isfinite(number);
  if (!is_number || number < 0 || number > most) throw BadValue{"a number of seconds, such as 0.5"};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{number});
}

std::optional<Identity> identity(std::string_view value) {
  if (value.empty()) return std::nullopt;
  try {
    return Identity::parse(value);
  } catch (const std::invalid_argument&) {
    throw BadValue{"32 hexadecimal digits, or empty"};
  }
}

constexpr std::array roles{std::pair{std::string_view{"bind"}, Role::bind},
                           std::pair{std::string_view{"connect"}, Role::connect}};
constexpr std::array behaviors{std::pair{std::string_view{"source"}, Behavior::source},
                               std::pair{std::string_view{"sink"}, Behavior::sink},
                               std::pair{std::string_view{"echo"}, Behavior::echo}};
constexpr std::array send_modes{std::pair{std::string_view{"publish"}, SendMode::publish},
                                std::pair{std::string_view{"roundrobin"}, SendMode::round_robin}};
constexpr std::array deliveries{std::pair{std::string_view{"at-most-once"}, Delivery::at_most_once},
                                std::pair{std::string_view{"at-least-once"}, Delivery::at_least_once}};
constexpr std::array transports{
    std::pair{std::string_view{"tcp"}, Transport::tcp}, std::pair{std::string_view{"tls"}, Transport::tls},
    std::pair{std::string_view{"unix"}, Transport::unix_socket}, std::pair{std::string_view{"ws"}, Transport::ws},
    std::pair{std::string_view{"wss"}, Transport::wss}};
constexpr std::array dialects{std::pair{std::string_view{"aiomsg"}, Dialect::aiomsg},
                              std::pair{std::string_view{"legacy"}, Dialect::aiomsg_legacy}};
constexpr std::array switches{std::pair{std::string_view{"true"}, true}, std::pair{std::string_view{"false"}, false}};

struct Option {
  std::string_view name;
  std::string_view value;
  std::string_view meaning;  // with the default
  void (*set)(Settings& settings, std::string_view value);
};

constexpr Option known_options[]{
    {"--role", "bind|connect", "Listen, or connect [connect]",
     [](Settings& s, std::string_view v) { s.role = chosen(v, roles); }},
    {"--host", "TEXT", "The address [127.0.0.1]", [](Settings& s, std::string_view v) { s.host = v; }},
    {"--port", "N", "The port; 0 binds any [25000]",
     [](Settings& s, std::string_view v) { s.port = integer<std::uint16_t>(v, "a number from 0 to 65535"); }},
    {"--send-mode", "publish|roundrobin", "To everyone, or to the next [roundrobin]",
     [](Settings& s, std::string_view v) { s.send_mode = chosen(v, send_modes); }},
    {"--behavior", "source|sink|echo", "Send, print, or send back [sink]",
     [](Settings& s, std::string_view v) { s.behavior = chosen(v, behaviors); }},
    {"--count", "N", "How many messages [10]",
     [](Settings& s, std::string_view v) { s.count = integer<std::uint64_t>(v, "a number of messages"); }},
    {"--prefix", "TEXT", "A source sends TEXT0, TEXT1, … [m]", [](Settings& s, std::string_view v) { s.prefix = v; }},
    {"--delivery", "at-most-once|at-least-once", "The guarantee [at-most-once]",
     [](Settings& s, std::string_view v) { s.delivery = chosen(v, deliveries); }},
    {"--identity", "HEX", "32 digits; empty is random [random]",
     [](Settings& s, std::string_view v) { s.identity = identity(v); }},
    {"--linger", "SECONDS", "How long a source or echo stays when it is done [1.0]",
     [](Settings& s, std::string_view v) { s.linger = seconds(v); }},
    {"--tls", "true|false", "TLS [false]", [](Settings& s, std::string_view v) { s.tls = chosen(v, switches); }},
    {"--tls-cert", "PATH", "Bind: the certificate (PEM)",
     [](Settings& s, std::string_view v) { s.tls_certificate = v; }},
    {"--tls-key", "PATH", "Bind: its key (PEM)", [](Settings& s, std::string_view v) { s.tls_key = v; }},
    {"--tls-ca", "PATH", "Connect: whom to trust (PEM)", [](Settings& s, std::string_view v) { s.tls_authority = v; }},
    {"--tls-server-name", "TEXT", "Connect: the name to verify [the host]",
     [](Settings& s, std::string_view v) { s.tls_server_name = v; }},
    {"--transport", "tcp|tls|unix|ws|wss", "[tcp; tls with --tls true]",
     [](Settings& s, std::string_view v) { s.transport = chosen(v, transports); }},
    {"--path", "PATH", "Of the Unix socket, or behind the port of ws and wss",
     [](Settings& s, std::string_view v) { s.path = v; }},
    {"--dialect", "aiomsg|legacy", "Version 1, or what older packages speak [aiomsg]",
     [](Settings& s, std::string_view v) { s.dialect = chosen(v, dialects); }},
};

const Option& find_option(std::string_view name) {
  for (const Option& option : known_options) {
    if (option.name == name) return option;
  }
  throw UsageError{"there is no option " + std::string{name}};
}

void set(const Option& option, Settings& settings, std::string_view value) {
  try {
    option.set(settings, value);
  } catch (const BadValue& wanted) {
    throw UsageError{std::string{option.name} + " \"" + std::string{value} + "\" is not " + wanted.what()};
  }
}

}  // namespace

std::optional<Settings> parse_command_line(int argc, const char* const* argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") return std::nullopt;
    if (const std::size_t equals = argument.find('='); argument.starts_with("--") && equals != std::string_view::npos) {
      set(find_option(argument.substr(0, equals)), settings, argument.substr(equals + 1));
      continue;
    }
    const Option& option = find_option(argument);
    if (++i == argc) throw UsageError{std::string{option.name} + " needs a value: " + std::string{option.value}};
    set(option, settings, argv[i]);
  }
  return settings;
}

std::string help_text() {
  std::string text =
      "parley-agent: one end of a conversation by the aiomsg protocol, for tests across implementations\n\n"
      "usage: parley-agent [--OPTION VALUE]...\n\n"
      "Standard output has the messages of a sink, a line each, and nothing else. Every option takes a value.\n\n";
  for (const Option& option : known_options) {
    std::string left = "  " + std::string{option.name} + " " + std::string{option.value};
    left.resize(std::max<std::size_t>(left.size() + 2, 42), ' ');
    text += left + std::string{option.meaning} + "\n";
  }
  return text;
}

}  // namespace parley::agent
