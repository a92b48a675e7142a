#include <parley/wire/communica_assembly.hpp>

namespace parley::wire {

CommunicaAssembly::Result CommunicaAssembly::add(const CommunicaStep& step, std::span<const std::byte> frame) {
  const std::span<const std::byte> metadata = frame.subspan(step.metadata_begin, step.metadata_size);
  const std::span<const std::byte> data = frame.subspan(step.data_begin, step.consumed - step.data_begin);
  if (step.chunk_index != next_index_) {
    return {.code = error::malformed,
            .why = is_open() ? "sent chunks out of order" : "sent a chunk of a message that it has not begun"};
  }
  if (is_open() && step.chunk_count != count_) {
    return {.code = error::malformed, .why = "sent chunks that disagree about how many they are"};
  }
  if (!is_open()) {
    count_ = step.chunk_count;
    metadata_.assign(reinterpret_cast<const char*>(metadata.data()), metadata.size());
    data_.clear();
  }
  if (data.size() > limits_.data_size_max - data_.size()) {
    return {.code = error::message_too_large, .why = "sent a message", .size = data_.size() + data.size()};
  }
  data_.insert(data_.end(), data.begin(), data.end());
  const bool is_complete = ++next_index_ == count_;
  if (is_complete) next_index_ = 0;
  return {.is_complete = is_complete};
}

}  // namespace parley::wire
