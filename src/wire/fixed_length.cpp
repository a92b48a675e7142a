#include <parley/wire/fixed_length.hpp>

#include <stdexcept>

namespace parley::wire {
namespace {

void check_limit(const FixedLength& options, std::size_t message_size_max) {
  check(options);
  if (options.size > message_size_max)
    throw std::invalid_argument("messages of " + std::to_string(options.size) +
                                " bytes exceed the limit on messages, which is " + std::to_string(message_size_max));
}

}  // namespace

FixedLengthDecoder::FixedLengthDecoder(const FixedLength& options, std::size_t message_size_max) : options_{options} {
  check_limit(options, message_size_max);
}

FixedLengthEncoder::FixedLengthEncoder(const FixedLength& options, std::size_t message_size_max) : options_{options} {
  check_limit(options, message_size_max);
}

}  // namespace parley::wire
