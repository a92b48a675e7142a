// What `parley request`, `parley serve` and `parley routes` are told.
#pragma once

#include "common_options.hpp"
#include "exec/commands_max.hpp"
#include "notation.hpp"

#include <parley/endpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// What all of them have.
struct RpcOptions : CommonOptions {
  Endpoint endpoint{"tcp://127.0.0.1:0"};

  /// Payloads are values in JSON unless something else is said.
  [[nodiscard]] Notation notation() const {
    if (format && *format != BodyFormat::json && !codec) return {*format, {}};
    return {BodyFormat::text, codec.value_or(BodyCodec::json)};
  }
};

/// How those dial that ask.
struct AskingOptions : RpcOptions {
  std::string client_id{};  ///< empty: a random one

  /// How long connecting may take.
  [[nodiscard]] Seconds patience() const { return time_out.value_or(Seconds{10}); }
};

struct RequestCommandOptions : AskingOptions {
  std::optional<std::string> route{};  ///< empty: the request names none
  std::optional<std::string> body{};   ///< decoded; empty: what standard input has
  bool takes_any_input = false;        ///< that was asked for, so that a terminal will do as well
  bool notifies = false;
  std::uint64_t concurrency = 1;
};

struct ServeOptions : RpcOptions {
  struct Service {
    std::optional<std::string> route;  ///< empty: the requests that name none
    std::string command;               ///< for the shell
  };

  std::vector<Service> services{};
  std::size_t commands_max = commands_max_default;  ///< at work at a time

  /// How long a command may work.
  [[nodiscard]] Seconds command_time_max() const { return time_out.value_or(Seconds{60}); }
};

struct RoutesOptions : AskingOptions {};

}  // namespace parley::tool
