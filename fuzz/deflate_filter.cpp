// Messages that were deflated, or say so; and any bodies there and back.
//
//   input: options (u8: 1 context, the rest a level) || limit (u16, big-endian) || cut (u8) || bytes
//
// The bytes are received twice: as one message, and as several. Whatever is let through keeps to the limit and to the
// sum at its end.
#include "framing_input.hpp"
#include "tests/support/filtering.hpp"

#include <parley/app/filters/deflate.hpp>

namespace {

using namespace parley;
using app::FilterResult;

std::uint32_t adler_by_bytes(std::string_view text) {
  std::uint64_t low = 1;
  std::uint64_t high = 0;
  for (const char c : text) {
    low = (low + static_cast<std::uint8_t>(c)) % 65521;
    high = (high + low) % 65521;
  }
  return static_cast<std::uint32_t>(high << 16 | low);
}

std::uint32_t number_at_end(std::string_view text) {
  std::uint32_t number = 0;
  for (const char c : text.substr(text.size() - 4)) number = number << 8 | static_cast<std::uint8_t>(c);
  return number;
}

/// Whether the next message may be tried.
bool expect_sound(app::Filter& filter, std::string_view received, const app::Deflate& options) {
  const std::string exact{received};
  const FilterResult result = filter.decode(Message{exact});
  if (!result.is_message()) {
    fuzz::require(result.kind() == FilterResult::Kind::failed && !result.sentence().empty());
    fuzz::require(result.code() == error::malformed || result.code() == error::message_too_large);
    return !options.keeps_context;
  }
  fuzz::require(result.message().size() <= options.inflated_size_max);
  if (options.keeps_context) {
    fuzz::require(received.empty() || received.ends_with(std::string_view{"\0\0\xff\xff", 4}));
  } else {
    fuzz::require(received.size() >= 6 && number_at_end(received) == adler_by_bytes(result.message().view()));
  }
  return true;
}

void expect_arrival(const app::MakeFilter& make, std::string_view bodies, std::uint8_t seed,
                    const app::Deflate& options) {
  const auto here = make();
  const auto there = make();
  fuzz::ChunkSizes body_size{seed};
  for (int count = 0; count < 8 && !bodies.empty(); ++count) {  // each takes long, under sanitizers
    const std::string body{bodies.substr(0, body_size() - 1)};
    bodies.remove_prefix(std::max<std::size_t>(body.size(), 1));
    if (body.size() > options.inflated_size_max) continue;
    if (body.size() % 16 == 5) {
      (void)here->encode("this one is lost on the way, " + body);
      here->not_sent();
    }
    const std::string sent = test::encoded(*here, body);
    fuzz::require(options.keeps_context || number_at_end(sent) == adler_by_bytes(body));
    fuzz::require(test::decoded(*there, sent) == body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  const std::uint8_t bits = input.u8();
  app::Deflate options;
  options.keeps_context = (bits & 1) != 0;
  options.level = (bits >> 1) % 10;
  options.inflated_size_max = input.u8() * 256U;
  options.inflated_size_max += input.u8();
  const std::uint8_t seed = input.u8();
  const std::string_view bytes = input.rest();
  const app::MakeFilter make = app::deflate_filter(options);

  expect_sound(*make(), bytes, options);
  const auto several = make();
  fuzz::ChunkSizes message_size{seed};
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view message = rest.substr(0, message_size() * 2);
    rest.remove_prefix(message.size());
    if (!expect_sound(*several, message, options)) break;
  }
  expect_arrival(make, bytes, seed, options);
  return 0;
}
