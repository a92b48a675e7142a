#include <parley/wire/idle_gap.hpp>

#include <stdexcept>

namespace parley::wire {
namespace {

std::size_t size_limit(const IdleGap& options, std::size_t message_size_max) {
  check(options);
  if (message_size_max == 0)
    throw std::invalid_argument("messages that end with silence need a limit of at least 1 byte");
  return std::min(message_size_max, body_size_max);
}

}  // namespace

IdleGapDecoder::IdleGapDecoder(const IdleGap& options, std::size_t message_size_max)
    : gap_{options.gap}, size_max_{size_limit(options, message_size_max)} {}

IdleGapEncoder::IdleGapEncoder(const IdleGap& options, std::size_t message_size_max)
    : size_max_{size_limit(options, message_size_max)} {}

}  // namespace parley::wire
