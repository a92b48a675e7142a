// What every command that talks is told, whatever it talks.
#pragma once

#include "body_codec.hpp"
#include "body_format.hpp"
#include "tls_words.hpp"

#include <parley/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace parley::tool {

using Seconds = std::chrono::duration<double>;

struct CommonOptions {
  std::optional<std::string> file;  ///< to send what is in it; "-" is standard input

  std::optional<BodyFormat> format;  ///< as given; a notation has the one in use
  std::optional<BodyCodec> codec;    ///< messages are values, written as JSON
  std::size_t size_max = limits::message_size_max;

  std::optional<std::uint64_t> count;
  std::optional<Seconds> time_out;  ///< give up when nothing moves for so long

  TlsWords tls{};

  bool json = false;
  bool quiet = false;    ///< no talk but errors
  bool discard = false;  ///< messages received are not printed
  bool verbose = false;
  std::chrono::microseconds poll{0};
};

}  // namespace parley::tool
