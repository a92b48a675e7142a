#include "transport/memory_pipe.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

bool all_empty(auto buffers) noexcept {
  return std::all_of(buffers.begin(), buffers.end(), [](const auto& each) { return each.size() == 0; });
}

asio::any_completion_executor executor_of(const auto& handler, const asio::any_io_executor& fallback) {
  return std::visit([&](const auto& each) { return asio::get_associated_executor(each, fallback); }, handler);
}

// The buffers outlive the operation, the array that lists them does not.
template <class Buffer>
std::vector<Buffer> kept(std::span<const Buffer> buffers) {
  return {buffers.begin(), buffers.end()};
}

}  // namespace

MemoryPipe::Waiting::Waiting(std::uint64_t id_, std::function<Outcome()> attempt_, Handler handler_,
                             asio::any_io_executor executor_)
    : id{id_},
      attempt{std::move(attempt_)},
      handler{std::move(handler_)},
      executor{std::move(executor_)},
      stream_work{executor},
      handler_work{executor_of(handler, executor)} {}

MemoryPipe::MemoryPipe(std::size_t capacity, asio::any_io_executor reader, asio::any_io_executor writer)
    : ring_(capacity), reader_{std::move(reader), nullptr, false}, writer_{std::move(writer), nullptr, false} {}

std::size_t MemoryPipe::size() const {
  const std::lock_guard lock{mutex_};
  return size_;
}

bool MemoryPipe::is_written_to_its_end() const {
  const std::lock_guard lock{mutex_};
  return writer_.ended;
}

void MemoryPipe::move_reader_to(const asio::any_io_executor& executor) {
  const std::lock_guard lock{mutex_};
  reader_.executor = executor;
}

void MemoryPipe::move_writer_to(const asio::any_io_executor& executor) {
  const std::lock_guard lock{mutex_};
  writer_.executor = executor;
}

std::size_t MemoryPipe::try_read(MutableBuffers buffers, error_code& ec) {
  std::unique_lock lock{mutex_};
  const Outcome outcome = read(buffers);
  Finished writer = retry(writer_);
  lock.unlock();
  deliver(std::move(writer));
  ec = outcome.code;
  return outcome.size;
}

std::size_t MemoryPipe::try_write(ConstBuffers buffers, error_code& ec) {
  std::unique_lock lock{mutex_};
  const Outcome outcome = write(buffers);
  Finished reader = retry(reader_);
  lock.unlock();
  deliver(std::move(reader));
  ec = outcome.code;
  return outcome.size;
}

void MemoryPipe::wait_readable(WaitHandler handler) {
  start(
      reader_, writer_, [this] { return readable(); }, std::move(handler));
}

void MemoryPipe::wait_writable(WaitHandler handler) {
  start(
      writer_, reader_, [this] { return writable(); }, std::move(handler));
}

void MemoryPipe::async_read(MutableBuffers buffers, TransferHandler handler) {
  start(
      reader_, writer_, [this, list = kept(buffers)] { return read(list); }, std::move(handler));
}

void MemoryPipe::async_write(ConstBuffers buffers, TransferHandler handler) {
  start(
      writer_, reader_, [this, list = kept(buffers)] { return write(list); }, std::move(handler));
}

void MemoryPipe::end_writing() { end(writer_, reader_); }
void MemoryPipe::end_reading() { end(reader_, writer_); }

MemoryPipe::Outcome MemoryPipe::readable() const {
  if (reader_.ended) return {asio::error::bad_descriptor};
  if (size_ > 0) return {};
  return {writer_.ended ? error_code{asio::error::eof} : error_code{asio::error::would_block}};
}

MemoryPipe::Outcome MemoryPipe::writable() const {
  if (writer_.ended || reader_.ended) return {asio::error::broken_pipe};
  return {size_ < ring_.size() ? error_code{} : error_code{asio::error::would_block}};
}

MemoryPipe::Outcome MemoryPipe::read(MutableBuffers buffers) {
  if (all_empty(buffers)) return {};
  Outcome outcome = readable();
  if (outcome.code) return outcome;
  for (const auto& buffer : buffers) {
    auto* out = static_cast<std::byte*>(buffer.data());
    std::size_t room = buffer.size();
    while (room > 0 && size_ > 0) {
      const std::size_t run = std::min({room, size_, ring_.size() - begin_});
      std::memcpy(out, ring_.data() + begin_, run);
      out += run;
      room -= run;
      begin_ = (begin_ + run) % ring_.size();
      size_ -= run;
      outcome.size += run;
    }
  }
  return outcome;
}

MemoryPipe::Outcome MemoryPipe::write(ConstBuffers buffers) {
  if (all_empty(buffers)) return {};
  Outcome outcome = writable();
  if (outcome.code) return outcome;
  for (const auto& buffer : buffers) {
    const auto* in = static_cast<const std::byte*>(buffer.data());
    std::size_t left = buffer.size();
    while (left > 0 && size_ < ring_.size()) {
      const std::size_t end = (begin_ + size_) % ring_.size();
      const std::size_t run = std::min({left, ring_.size() - size_, ring_.size() - end});
      std::memcpy(ring_.data() + end, in, run);
      in += run;
      left -= run;
      size_ += run;
      outcome.size += run;
    }
  }
  return outcome;
}

void MemoryPipe::start(Side& side, Side& other, std::function<Outcome()> attempt, Waiting::Handler handler) {
  std::unique_lock lock{mutex_};
  side.waiting = std::make_unique<Waiting>(next_id_++, std::move(attempt), std::move(handler), side.executor);
  watch_cancellation(side, *side.waiting);
  Finished mine = retry(side);
  Finished others = retry(other);
  lock.unlock();
  deliver(std::move(mine));
  deliver(std::move(others));
}

MemoryPipe::Finished MemoryPipe::retry(Side& side) {
  if (!side.waiting) return {};
  Outcome outcome = side.waiting->attempt();
  if (outcome.code == asio::error::would_block) return {};
  return {std::move(side.waiting), outcome};
}

MemoryPipe::Finished MemoryPipe::abort(Side& side) {
  return {std::move(side.waiting), Outcome{asio::error::operation_aborted}};
}

void MemoryPipe::watch_cancellation(Side& side, Waiting& waiting) {
  auto slot = std::visit([](auto& each) { return asio::get_associated_cancellation_slot(each); }, waiting.handler);
  if (!slot.is_connected()) return;
  // Left in the slot when the operation ends, and then harmless: nobody else may touch the slot from another thread.
  slot.assign([weak = weak_from_this(), &side, id = waiting.id](asio::cancellation_type) {
    if (const auto self = weak.lock()) self->cancel(side, id);
  });
}

void MemoryPipe::cancel(Side& side, std::uint64_t id) {
  std::unique_lock lock{mutex_};
  if (!side.waiting || side.waiting->id != id) return;
  Finished aborted = abort(side);
  lock.unlock();
  deliver(std::move(aborted));
}

void MemoryPipe::end(Side& side, Side& other) {
  std::unique_lock lock{mutex_};
  side.ended = true;
  Finished aborted = abort(side);
  Finished others = retry(other);
  lock.unlock();
  deliver(std::move(aborted));
  deliver(std::move(others));
}

void MemoryPipe::deliver(Finished finished) {
  if (!finished.waiting) return;
  auto& [waiting, outcome] = finished;
  if (auto* transfer = std::get_if<TransferHandler>(&waiting->handler)) {
    parley::detail::post_completion(std::move(*transfer), waiting->executor, outcome.code, outcome.size);
    return;
  }
  // Readiness to meet the end or an error is readiness; only an abort is a failure of the wait itself.
  const bool aborted = outcome.code == asio::error::operation_aborted;
  parley::detail::post_completion(std::get<WaitHandler>(std::move(waiting->handler)), waiting->executor,
                                  aborted ? outcome.code : error_code{});
}

}  // namespace parley::transport
