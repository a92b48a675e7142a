#pragma once

#include "bench/common/address.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

enum class Role { server, client, both };

/// The command line every driver takes, parley-bench included. Every option takes a value.
struct Options {
  std::string scenario = "throughput";
  Role role = Role::both;
  Address addr = parse_address("tcp://127.0.0.1:17650");
  std::string variant;                     ///< empty: the driver's own default
  std::size_t size = 64;                   ///< bytes of a body; below 16 means 16
  double seconds = 2.0;                    ///< length of the measured window
  double warmup = 0.5;                     ///< seconds before the window
  std::uint64_t count = 5000;              ///< connect: connections; fanout: messages
  std::size_t concurrency = 1;             ///< connect: how many at once; rpc: open requests
  std::size_t peers = 1000;                ///< conns: connections
  std::size_t hwm = 0;                     ///< high-water mark in messages; 0: the library's default
  int sockbuf = 0;                         ///< bytes of SO_SNDBUF and SO_RCVBUF; 0: leave them
  std::string cc;                          ///< TCP congestion control; empty: the machine's default
  std::optional<std::pair<int, int>> pin;  ///< CPU of the server (or first thread), CPU of the client (or second)

  bool polling() const noexcept { return variant.ends_with("-poll"); }
  bool blocking() const noexcept { return variant.ends_with("-blocking"); }

  /// The variant without `-poll` or `-blocking`, or `otherwise` when none was given.
  std::string part(std::string_view otherwise) const {
    std::string name = variant.substr(0, variant.size() - (polling() ? 5 : blocking() ? 9 : 0));
    return name.empty() ? std::string(otherwise) : name;
  }
};

namespace detail {

template <class Number>
Number parse_number(const std::string& option, std::string_view text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < Number{})
    throw std::invalid_argument(option + " " + std::string(text) + " is not a number that can be used here");
  return value;
}

inline Role parse_role(std::string_view text) {
  if (text == "server") return Role::server;
  if (text == "client") return Role::client;
  if (text == "both") return Role::both;
  throw std::invalid_argument("--role " + std::string(text) + " is none of server, client, both");
}

inline std::pair<int, int> parse_pin(std::string_view text) {
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) throw std::invalid_argument("--pin takes two CPU numbers, as in 0,1");
  return {parse_number<int>("--pin", text.substr(0, comma)), parse_number<int>("--pin", text.substr(comma + 1))};
}

}  // namespace detail

/// Throws std::invalid_argument, with the option's name, on anything it does not know.
inline Options parse_options(int argc, const char* const* argv) {
  using namespace detail;
  Options o;
  const std::map<std::string, std::function<void(const std::string&)>, std::less<>> setters{
      {"--scenario", [&](const std::string& v) { o.scenario = v; }},
      {"--role", [&](const std::string& v) { o.role = parse_role(v); }},
      {"--addr", [&](const std::string& v) { o.addr = parse_address(v); }},
      {"--variant", [&](const std::string& v) { o.variant = v; }},
      {"--size", [&](const std::string& v) { o.size = parse_number<std::size_t>("--size", v); }},
      {"--seconds", [&](const std::string& v) { o.seconds = parse_number<double>("--seconds", v); }},
      {"--warmup", [&](const std::string& v) { o.warmup = parse_number<double>("--warmup", v); }},
      {"--count", [&](const std::string& v) { o.count = parse_number<std::uint64_t>("--count", v); }},
      {"--concurrency", [&](const std::string& v) { o.concurrency = parse_number<std::size_t>("--concurrency", v); }},
      {"--peers", [&](const std::string& v) { o.peers = parse_number<std::size_t>("--peers", v); }},
      {"--hwm", [&](const std::string& v) { o.hwm = parse_number<std::size_t>("--hwm", v); }},
      {"--sockbuf", [&](const std::string& v) { o.sockbuf = parse_number<int>("--sockbuf", v); }},
      {"--cc", [&](const std::string& v) { o.cc = v; }},
      {"--pin", [&](const std::string& v) { o.pin = parse_pin(v); }},
  };
  for (int i = 1; i < argc; i += 2) {
    const auto setter = setters.find(std::string_view(argv[i]));
    if (setter == setters.end()) throw std::invalid_argument(std::string("no such option: ") + argv[i]);
    if (i + 1 == argc) throw std::invalid_argument(std::string(argv[i]) + " needs a value");
    setter->second(argv[i + 1]);
  }
  if (o.size < 16) o.size = 16;
  if (o.concurrency == 0) o.concurrency = 1;
  return o;
}

}  // namespace bench
