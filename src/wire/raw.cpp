#include <parley/wire/raw.hpp>

#include <stdexcept>

namespace parley::wire {
namespace {

std::size_t checked_limit(std::size_t message_size_max) {
  if (message_size_max == 0) throw std::invalid_argument("raw framing needs a limit on messages of at least 1 byte");
  return message_size_max;
}

}  // namespace

RawDecoder::RawDecoder(Raw, std::size_t message_size_max) : size_max_{checked_limit(message_size_max)} {}

RawEncoder::RawEncoder(Raw, std::size_t message_size_max) : size_max_{checked_limit(message_size_max)} {}

}  // namespace parley::wire
