#include "transport/memory_stream.hpp"

namespace parley::transport {

namespace asio = boost::asio;

MemoryStream::MemoryStream(asio::any_io_executor executor, Endpoint endpoint, std::shared_ptr<MemoryPipe> in,
                           std::shared_ptr<MemoryPipe> out)
    : executor_{std::move(executor)}, endpoint_{std::move(endpoint)}, in_{std::move(in)}, out_{std::move(out)} {}

MemoryStream::~MemoryStream() { end(); }

std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> MemoryStream::pair(asio::any_io_executor first,
                                                                                           asio::any_io_executor second,
                                                                                           std::size_t capacity,
                                                                                           const Endpoint& endpoint) {
  const auto forth = std::make_shared<MemoryPipe>(capacity, second, first);
  const auto back = std::make_shared<MemoryPipe>(capacity, first, second);
  return {std::make_unique<MemoryStream>(std::move(first), endpoint, back, forth),
          std::make_unique<MemoryStream>(std::move(second), endpoint, forth, back)};
}

void MemoryStream::move_to(const asio::any_io_executor& executor) {
  executor_ = executor;
  in_->move_reader_to(executor);
  out_->move_writer_to(executor);
}

void MemoryStream::end() noexcept {
  in_->end_reading();
  out_->end_writing();
}

}  // namespace parley::transport
