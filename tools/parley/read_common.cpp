#include "read_common.hpp"

#include "exec/commands_max.hpp"
#include "text.hpp"

#include <fmt/format.h>

namespace parley::tool {
namespace {

/// Longer, nothing is gained any more.
constexpr std::chrono::microseconds poll_max = std::chrono::seconds{60};

BodyFormat read_format(const std::string& text) {
  const std::optional<BodyFormat> format = parse_body_format(text);
  if (!format) refuse(fmt::format("--format is {}, not {}", body_format_names, quote(text)));
  return *format;
}

BodyCodec read_codec(const std::string& text) {
  const std::optional<BodyCodec> codec = parse_body_codec(text);
  if (!codec) refuse(fmt::format("--codec is {}, not {}", body_codec_names, quote(text)));
  return *codec;
}

}  // namespace

void read_common(const CommonWords& words, CommonOptions& options) {
  if (words.format) options.format = read_format(*words.format);
  if (words.codec) options.codec = read_codec(*words.codec);
  if (words.size_max) options.size_max = read_whole_number("--max-size", *words.size_max, 1, SIZE_MAX);
  if (words.count) options.count = read_whole_number("--count", *words.count, 1, UINT64_MAX);
  if (words.time_out) options.time_out = read_time("--timeout", *words.time_out);
  if (words.poll)
    options.poll = std::chrono::microseconds{read_whole_number("--poll", *words.poll, 0, poll_max.count())};
  // Values are written as JSON, so that another format has nothing to say.
  if (options.codec && options.format && options.format != BodyFormat::json)
    refuse(fmt::format("--codec reads and prints values as JSON, so --format {} has no use beside it", *words.format));
  if (options.file && options.file->empty()) refuse("--file needs a path; - is standard input");
}

std::size_t read_commands_max(const std::string& text) {
  return static_cast<std::size_t>(read_whole_number("--concurrency", text, 1, commands_max_limit));
}

std::string read_body(const Notation& notation, const std::string& text) {
  try {
    return notation.read(text);
  } catch (const BadBody& e) {
    refuse(e.what());
  }
}

}  // namespace parley::tool
