// One direction of a memory stream: a ring of bytes between a reader and a writer on any two threads.
//
// At most one reader and one writer wait at a time, which Stream's thread rule grants. Whoever changes the ring looks
// whether the other side can go on now; its result is made under the mutex, and posted after it.
#pragma once

#include <parley/transport/stream.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <variant>
#include <vector>

namespace parley::transport {

class MemoryPipe : public std::enable_shared_from_this<MemoryPipe> {
 public:
  using MutableBuffers = std::span<const boost::asio::mutable_buffer>;
  using ConstBuffers = std::span<const boost::asio::const_buffer>;

  MemoryPipe(std::size_t capacity, boost::asio::any_io_executor reader, boost::asio::any_io_executor writer);

  std::size_t try_read(MutableBuffers buffers, boost::system::error_code& ec);
  std::size_t try_write(ConstBuffers buffers, boost::system::error_code& ec);
  void wait_readable(WaitHandler handler);
  void wait_writable(WaitHandler handler);
  void async_read(MutableBuffers buffers, TransferHandler handler);
  void async_write(ConstBuffers buffers, TransferHandler handler);

  /// Bytes written and not read.
  [[nodiscard]] std::size_t size() const;
  /// Nothing follows what is in the ring.
  [[nodiscard]] bool is_written_to_its_end() const;

  /// Where that side waits from now on. It must not be waiting.
  void move_reader_to(const boost::asio::any_io_executor& executor);
  void move_writer_to(const boost::asio::any_io_executor& executor);

  /// No more is written; what is in the ring can still be read. A waiting writer is aborted.
  void end_writing();
  /// Nothing is read any more: writing fails. A waiting reader is aborted.
  void end_reading();

 private:
  struct Outcome {
    boost::system::error_code code;
    std::size_t size = 0;
  };

  /// A side that waits: what to try again, and whom to tell.
  struct Waiting {
    using Handler = std::variant<WaitHandler, TransferHandler>;

    Waiting(std::uint64_t id, std::function<Outcome()> attempt, Handler handler, boost::asio::any_io_executor executor);

    /// By which a cancellation says which wait it meant.
    std::uint64_t id;
    std::function<Outcome()> attempt;
    Handler handler;
    boost::asio::any_io_executor executor;
    // A pending operation is work for both contexts, as one of a socket is.
    boost::asio::executor_work_guard<boost::asio::any_io_executor> stream_work;
    boost::asio::executor_work_guard<boost::asio::any_completion_executor> handler_work;
  };

  struct Side {
    boost::asio::any_io_executor executor;
    std::unique_ptr<Waiting> waiting;
    bool ended = false;
  };

  struct Finished {
    std::unique_ptr<Waiting> waiting;
    Outcome outcome;
  };

  // With the mutex held.
  Outcome read(MutableBuffers buffers);
  Outcome write(ConstBuffers buffers);
  [[nodiscard]] Outcome readable() const;
  [[nodiscard]] Outcome writable() const;
  static Finished retry(Side& side);
  static Finished abort(Side& side);

  void start(Side& side, Side& other, std::function<Outcome()> attempt, Waiting::Handler handler);
  void watch_cancellation(Side& side, Waiting& waiting);
  void cancel(Side& side, std::uint64_t id);
  void end(Side& side, Side& other);
  static void deliver(Finished finished);

  mutable std::mutex mutex_;
  std::vector<std::byte> ring_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  std::uint64_t next_id_ = 0;
  Side reader_;
  Side writer_;
};

}  // namespace parley::transport
