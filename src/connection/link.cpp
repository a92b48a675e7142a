#include "connection/link.hpp"

#include "detail/block_cache.hpp"
#include "detail/this_thread.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Reads or writes in a row, and their bytes, before other handlers get their turn: some 100 us.
constexpr int turn_max = 16;
constexpr std::uint64_t turn_size_max = 512 * 1024;

// With so many links of a loop waiting to write, a link with less than that queued waits for more, that many turns. So
// does what is no message, wherever it waits: an acknowledgement can go with the answer that is being made.
constexpr std::size_t busy_flush_count = 64;
constexpr std::size_t gathered_enough = 16 * 1024;

}  // namespace

Link::Link(transport::Stream stream, const asio::any_io_executor& executor, BiasedMutex& mutex, LinkSink& sink,
           ContextService& context, std::size_t read_size)
    : stream_{std::move(stream)},
      executor_{executor},
      mutex_{mutex},
      sink_{sink},
      context_{context},
      can_wait_{stream_.backend().can_wait()},
      keeps_what_is_written_{stream_.backend().keeps_what_is_written()},
      in_{read_size} {}

// --- reading ---------------------------------------------------------------------------------------------------------

void Link::has_read(std::span<const std::byte> bytes) {
  const std::span<std::byte> room = in_.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  in_.commit(bytes.size());
  counters_.bytes_read += bytes.size();
}

void Link::resume() {
  if (reading_ != Reading::paused || closing_ || !sink_.wants_bytes()) return;
  if (!can_wait_) {
    async_read();
  } else if (counters_.reads == 0) {
    wait_readable();
  } else {
    // It was stopped with bytes still coming, most likely: look before waiting.
    reading_ = Reading::running;
    post_read();
  }
}

void Link::post_read() {
  asio::post(executor_, [this, held = sink_.hold()] {
    Lock lock{mutex_};
    read(lock);
  });
}

void Link::read(Lock& lock) {
  const std::uint64_t read_max = counters_.bytes_read + turn_size_max;
  for (int turn = 0; turn < turn_max && counters_.bytes_read < read_max; ++turn) {
    if (closing_) {
      reading_ = Reading::ended;
      close_if_quiet();
      return;
    }
    if (!sink_.wants_bytes()) {
      reading_ = Reading::paused;
      return;
    }
    if (!read_once(lock)) return;
  }
  post_read();
}

/// False when the loop is over: nothing more to read now, or ever.
bool Link::read_once(Lock& lock) {
  const asio::mutable_buffer room = in_room();
  error_code ec;
  lock.unlock();
  const std::size_t size = stream_.backend().try_read({&room, 1}, ec);
  lock.lock();
  if (closing_) return true;  // read() sees to it
  if (ec && ec != asio::error::would_block) {
    end_reading(ec);
    return false;
  }
  if (size > 0) {
    ++counters_.reads;
    counters_.bytes_read += size;
    in_.commit(size);
    deliver(lock);
    if (closing_ || size == room.size()) return true;
  }
  // A read that left room has emptied the stream; asking once more would only cost a system call.
  wait_readable();
  return false;
}

void Link::deliver(Lock& lock) {
  delivering_ = this_thread();
  try {
    sink_.on_bytes(lock);
  } catch (...) {
    // A handler's exception leaves through the event loop, and must not take the reading with it.
    if (!lock.owns_lock()) lock.lock();
    delivering_ = nullptr;
    go_on_after_throw();
    throw;
  }
  delivering_ = nullptr;
  if (!can_wait_ || writing_ != Writing::idle || out_.empty() || closing_) return;
  if (out_.message_count() == 0) {
    schedule_flush();
  } else {
    flush(lock);
  }
}

void Link::go_on_after_throw() {
  if (closing_) {
    reading_ = Reading::ended;
    close_if_quiet();
    return;
  }
  if (!out_.empty()) schedule_flush();
  reading_ = Reading::paused;
  resume();
}

void Link::wait_readable() {
  if (is_polled_ || (context_.is_polling() && context_.start_polling(*this, sink_.hold()))) {
    is_polled_ = true;
    reading_ = Reading::polled;
    return;
  }
  if (stays_awake()) return;
  reading_ = Reading::waiting;
  in_.park();
  auto on_readable = [this, held = sink_.hold()](error_code ec) {
    Lock lock{mutex_};
    if (reading_ != Reading::waiting) return;
    reading_ = Reading::running;
    if (ec && !closing_) {
      end_reading(ec);
    } else {
      read(lock);
    }
  };
  stream_.backend().wait_readable(
      transport::WaitHandler{asio::bind_allocator(SmallBlocks<void>{}, std::move(on_readable))});
}

bool Link::stays_awake() {
  using IdleReader = transport::StreamBackend::IdleReader;
  const IdleReader next = stream_.backend().on_nothing_to_read();
  if (next == IdleReader::waits) return false;
  reading_ = Reading::running;
  if (next == IdleReader::reads) {
    post_read();
  } else {
    asio::post(executor_, [this, held = sink_.hold()] {
      Lock lock{mutex_};
      if (closing_) return read(lock);
      wait_readable();
    });
  }
  return true;
}

Pollable::Polled Link::poll() {
  Lock lock{mutex_};
  if (closing_ && reading_ == Reading::polled) {
    reading_ = Reading::ended;
    close_if_quiet();
  }
  if (closing_ || reading_ == Reading::ended) {
    is_polled_ = false;
    return Polled::gone;
  }
  if (reading_ != Reading::polled) return Polled::idle;
  const std::uint64_t before = counters_.reads;
  reading_ = Reading::running;
  read(lock);
  return counters_.reads == before ? Polled::idle : Polled::busy;
}

void Link::stop_polling() {
  const Lock lock{mutex_};
  is_polled_ = false;
  if (reading_ == Reading::polled && !closing_) wait_readable();
}

void Link::end_reading(error_code ec) {
  reading_ = Reading::ended;
  sink_.on_read_end(ec);
}

void Link::async_read() {
  reading_ = Reading::running;
  const asio::mutable_buffer room = in_room();
  asio::post(executor_, [this, room, held = sink_.hold()]() mutable {
    const Lock lock{mutex_};  // the executor need not be serial, and the stream takes one call at a time
    stream_.backend().async_read_some(
        {&room, 1}, transport::TransferHandler{
                        [this, held = std::move(held)](error_code ec, std::size_t size) { on_async_read(ec, size); }});
  });
}

void Link::on_async_read(error_code ec, std::size_t size) {
  Lock lock{mutex_};
  if (size > 0 && !closing_) {
    ++counters_.reads;
    counters_.bytes_read += size;
    in_.commit(size);
    deliver(lock);
  }
  if (closing_) {
    reading_ = Reading::ended;
    close_if_quiet();
  } else if (ec) {
    end_reading(ec);
  } else if (sink_.wants_bytes()) {
    async_read();  // not by way of a pause, from which reading goes on only when little is left
  } else {
    reading_ = Reading::paused;
  }
}

// --- writing ---------------------------------------------------------------------------------------------------------

void Link::see_to_writing(Lock& lock) {
  if (can_wait_ && out_.size() >= write_at_once_size) {
    const auto held = sink_.hold();  // else all of this might go while the lock is released
    flush(lock);
    lock.unlock();
  } else if (!can_wait_ || delivering_ != this_thread()) {
    schedule_flush();
  }  // else deliver() flushes when the handler it called comes back
}

void Link::write_now(Lock& lock) {
  if (!can_wait_) {
    appended(lock);
  } else if (writing_ == Writing::idle && !out_.empty() && !closing_) {
    flush(lock);
  }
}

void Link::schedule_flush() {
  if (flush_posted_) return;
  flush_posted_ = true;
  context_.flush_posted();
  asio::post(executor_, [this, held = sink_.hold()] {
    const std::size_t flushes_waiting = context_.flush_begun();
    Lock lock{mutex_};
    flush_posted_ = false;
    if (writing_ != Writing::idle || closing_) return;
    if (should_gather(flushes_waiting)) {
      schedule_flush();
    } else if (can_wait_) {
      flush(lock);
    } else {
      async_write();
    }
  });
}

bool Link::should_gather(std::size_t flushes_waiting) noexcept {
  const bool is_little =
      out_.message_count() == 0 || (flushes_waiting >= busy_flush_count && out_.size() < gathered_enough);
  const bool should = is_little && !out_.empty() && turns_gathered_ < turns_gathered_max;
  turns_gathered_ = should ? static_cast<std::uint8_t>(turns_gathered_ + 1) : 0;
  return should;
}

void Link::flush(Lock& lock) {
  const std::uint64_t written_max = counters_.bytes_written + turn_size_max;
  for (int turn = 0; turn < turn_max && counters_.bytes_written < written_max; ++turn) {
    if (closing_ || out_.empty()) break;
    if (!write_once(lock)) return;
  }
  writing_ = Writing::idle;
  if (closing_) {
    close_if_quiet();
  } else if (out_.empty()) {
    out_.release_memory();
    shut_down_if_drained();
  } else {
    schedule_flush();
  }
}

/// False when the loop is over: the stream takes no more now, or ever.
bool Link::write_once(Lock& lock) {
  writing_ = Writing::running;
  error_code ec;
  const std::size_t size = keeps_what_is_written_ ? try_write_shared(lock, ec) : try_write(lock, ec);
  if (closing_) return true;  // flush() sees to it
  if (size > 0) {
    written(size);
  } else {
    out_.consume(0);
  }
  if (ec && ec != asio::error::would_block) {
    end_writing(ec);
    return false;
  }
  if (ec) {
    wait_writable();
    return false;
  }
  return true;
}

std::size_t Link::try_write(Lock& lock, error_code& ec) {
  std::array<asio::const_buffer, gathered_max> buffers;
  const std::size_t count = out_.gather(buffers);
  lock.unlock();
  const std::size_t size = stream_.backend().try_write({buffers.data(), count}, ec);
  lock.lock();
  return size;
}

std::size_t Link::try_write_shared(Lock& lock, error_code& ec) {
  using transport::SharedBuffer;
  std::array<SharedBuffer, gathered_max> buffers;
  const std::size_t count = out_.gather(buffers, [](const std::byte* data, std::size_t size, SharedBytes* memory) {
    return SharedBuffer{asio::const_buffer{data, size}, memory};
  });
  lock.unlock();
  const std::size_t size = stream_.backend().try_write_shared({buffers.data(), count}, ec);
  lock.lock();
  return size;
}

void Link::wait_writable() {
  writing_ = Writing::blocked;
  stream_.backend().wait_writable(transport::WaitHandler{[this, held = sink_.hold()](error_code ec) {
    Lock lock{mutex_};
    if (writing_ != Writing::blocked || closing_) return;
    if (ec) {
      end_writing(ec);
    } else {
      flush(lock);
    }
  }});
}

void Link::written(std::size_t size) {
  ++counters_.writes;
  counters_.bytes_written += size;
  sink_.on_written(out_.consume(size));
}

void Link::end_writing(error_code ec) {
  writing_ = Writing::ended;
  sink_.on_write_end(ec);
}

void Link::async_write() {
  if (out_.empty()) {
    shut_down_if_drained();
    return;
  }
  std::array<asio::const_buffer, gathered_max> buffers;
  const std::size_t count = out_.gather(buffers);
  writing_ = Writing::running;
  stream_.backend().async_write_some(
      {buffers.data(), count}, transport::TransferHandler{[this, held = sink_.hold()](error_code ec, std::size_t size) {
        on_async_write(ec, size);
      }});
}

void Link::on_async_write(error_code ec, std::size_t size) {
  const Lock lock{mutex_};
  writing_ = Writing::idle;
  if (closing_) {
    close_if_quiet();
    return;
  }
  if (size > 0) written(size);
  if (ec) {
    end_writing(ec);
  } else {
    async_write();
  }
}

void Link::end_sending() {
  end_sending_ = true;
  if (writing_ != Writing::idle || flush_posted_) return;
  if (out_.empty()) {
    shut_down_if_drained();
  } else {
    schedule_flush();  // of what was appended on the way out, and nobody else writes
  }
}

void Link::shut_down_if_drained() {
  if (!end_sending_ || send_shut_down_ || closing_ || !out_.empty()) return;
  send_shut_down_ = true;
  error_code ignored;  // a peer that has gone shows itself on the reading side
  stream_.backend().shutdown_send(ignored);
  sink_.on_written(0);
}

// --- closing ---------------------------------------------------------------------------------------------------------

void Link::close() {
  if (closing_) return;
  closing_ = true;
  if (!can_wait_) {
    // Pending asynchronous operations hold the buffers until they complete, which closing makes them do.
    asio::post(executor_, [this, held = sink_.hold()] {
      const Lock lock{mutex_};
      closed_ = true;
      if (stream_) stream_.close();
    });
    return;
  }
  close_if_quiet();
}

void Link::close_if_quiet() {
  if (closed_ || !can_wait_ || reading_ == Reading::running || writing_ == Writing::running) return;
  closed_ = true;
  stream_.close();
  in_.clear();
  out_.clear();
}

void Link::forget() noexcept {
  closing_ = closed_ = true;
  stream_ = transport::Stream{};
}

std::size_t Link::unacknowledged_size() const noexcept {
  if (closed_) return 0;
  return stream_.backend().unacknowledged_size().value_or(0);
}

}  // namespace parley::detail
