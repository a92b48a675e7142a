#include "read_values.hpp"

#include "named.hpp"
#include "schemes.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <system_error>

namespace parley::tool {
namespace {

constexpr Named<double, 5> time_units{{{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}}};

/// The whole text as a number; nothing when it is something else or does not fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end) return std::nullopt;
  return number;
}

/// One that leads out of this program.
Endpoint parse_endpoint(const std::string& text) {
  EndpointError why;
  const std::optional<Endpoint> endpoint = Endpoint::parse(text, &why);
  if (!endpoint) refuse("this is not an endpoint\n" + why.diagram());
  if (endpoint->scheme() == Scheme::inproc)
    refuse(endpoint->to_string() + " is inside one program; between programs use tcp:// or unix://");
  return *endpoint;
}

[[noreturn]] void refuse_unavailable(const Endpoint& endpoint, std::string_view others) {
  refuse(fmt::format("{}: {}:// is not available in this build; use {}", endpoint.to_string(),
                     to_string(endpoint.scheme()), others));
}

}  // namespace

void refuse(const std::string& sentence) { throw UsageError(sentence); }

Endpoint read_endpoint(const std::string& text) {
  Endpoint endpoint = parse_endpoint(text);
  if (uses_broker(endpoint))
    refuse(fmt::format("{}: a broker carries requests only; {}:// is for parley request, serve and routes",
                       endpoint.to_string(), to_string(endpoint.scheme())));
  if (!endpoint.available()) refuse_unavailable(endpoint, "tcp:// or unix://");
  return endpoint;
}

Endpoint read_stream_endpoint(const std::string& text) {
  Endpoint endpoint = read_endpoint(text);
  if (endpoint.scheme() == Scheme::udp)
    refuse(endpoint.to_string() + ": datagrams are no stream; parley listen and parley connect take udp://");
  return endpoint;
}

Endpoint read_rpc_endpoint(const std::string& text) {
  Endpoint endpoint = parse_endpoint(text);
  if (!uses_broker(endpoint)) return read_stream_endpoint(text);
  if (uses_tls(endpoint) && !is_available(Scheme::tls)) refuse_unavailable(endpoint, "amqp://");
  return endpoint;
}

void check_can_be_dialled(const Endpoint& endpoint) {
  if (endpoint.is_wildcard()) refuse(endpoint.to_string() + ": a wildcard host is for listening only");
  if (endpoint.has_port() && endpoint.port() == 0) refuse(endpoint.to_string() + ": port 0 is for listening only");
}

std::uint64_t read_whole_number(std::string_view option, const std::string& text, std::uint64_t least,
                                std::uint64_t most) {
  const std::optional<std::uint64_t> number = parse_number<std::uint64_t>(text);
  if (!number || *number < least || *number > most)
    refuse(fmt::format("{} is a whole number, at least {} and at most {}, not {}", option, least, most, quote(text)));
  return *number;
}

std::optional<double> parse_decimal(std::string_view text) {
  const std::optional<double> number = parse_number<double>(text);
  if (!number || !std::isfinite(*number) || *number < 0) return std::nullopt;
  return number;
}

std::optional<Seconds> parse_time(std::string_view text) {
  // The exponent of "1e3" is no unit.
  const std::size_t digits_end = text.find_last_of("0123456789.") + 1;
  const std::string_view unit = text.substr(digits_end);
  const std::optional<double> factor = unit.empty() ? 1 : find_named(time_units, unit);
  const std::optional<double> number = parse_decimal(text.substr(0, digits_end));
  if (!factor || !number || !std::isfinite(*number * *factor)) return std::nullopt;
  return Seconds{*number * *factor};
}

Seconds read_time(std::string_view option, const std::string& text) {
  const std::optional<Seconds> time = parse_time(text);
  if (!time || *time == Seconds::zero())
    refuse(fmt::format("{} is a time above 0, such as 500ms, 2s or 1min (a number alone is seconds), not {}", option,
                       quote(text)));
  return *time;
}

}  // namespace parley::tool
