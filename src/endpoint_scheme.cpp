// What is known about each scheme: to make one usable, build its transport and say `available` here.
#include "endpoint_parts.hpp"

namespace parley {
namespace {

using enum EndpointShape;

constexpr bool has_tls = PARLEY_HAS_TLS;

constexpr SchemeTraits table[] = {
    {.scheme = Scheme::tcp, .name = "tcp", .shape = network, .available = true},
    {.scheme = Scheme::unix_socket, .name = "unix", .shape = unix_socket, .available = true},
    {.scheme = Scheme::inproc, .name = "inproc", .shape = inproc, .available = true},
    {.scheme = Scheme::tls, .name = "tls", .shape = network, .available = has_tls, .has_parameters = true},
    {.scheme = Scheme::ws,
     .name = "ws",
     .shape = network,
     .available = true,
     .has_path = true,
     .has_parameters = true,
     .default_port = 80},
    {.scheme = Scheme::wss,
     .name = "wss",
     .shape = network,
     .available = has_tls,
     .has_path = true,
     .has_parameters = true,
     .default_port = 443},
    {.scheme = Scheme::udp, .name = "udp", .shape = network, .available = true, .has_parameters = true},
    {.scheme = Scheme::amqp,
     .name = "amqp",
     .shape = network,
     .available = false,
     .has_path = true,
     .has_parameters = true,
     .has_user = true,
     .default_port = 5672},
    {.scheme = Scheme::mux_tcp, .name = "mux+tcp", .shape = network, .available = true, .has_parameters = true},
    {.scheme = Scheme::mux_tls, .name = "mux+tls", .shape = network, .available = has_tls, .has_parameters = true},
    {.scheme = Scheme::mux_unix, .name = "mux+unix", .shape = unix_socket, .available = true, .has_parameters = true},
    {.scheme = Scheme::amqps,
     .name = "amqps",
     .shape = network,
     .available = false,
     .has_path = true,
     .has_parameters = true,
     .has_user = true,
     .default_port = 5671},
};

constexpr SchemeTraits local{.scheme = Scheme::unix_socket, .name = "local", .shape = local_name, .available = true};

constexpr bool is_in_enumerator_order() {
  for (std::size_t i = 0; i < std::size(table); ++i) {
    if (static_cast<std::size_t>(table[i].scheme) != i) return false;
  }
  return true;
}
static_assert(is_in_enumerator_order(), "traits_of indexes the table by enumerator");

}  // namespace

std::span<const SchemeTraits> scheme_table() noexcept { return table; }

const SchemeTraits& traits_of(Scheme scheme) noexcept { return table[static_cast<std::size_t>(scheme)]; }

const SchemeTraits& local_traits() noexcept { return local; }

std::string_view to_string(Scheme scheme) noexcept { return traits_of(scheme).name; }

bool is_available(Scheme scheme) noexcept { return traits_of(scheme).available; }

}  // namespace parley
