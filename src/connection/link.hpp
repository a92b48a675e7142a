// Link: moves bytes between one Stream and a pair of queues. The hot path of the library.
//
// Reading: wait until the stream is readable, then borrow a buffer, read as much as there is, and tell the sink once
// for the batch. The handlers of receives are called from there, what they send is written, and only then does the link
// wait again. Reading stops while the sink wants no bytes, and goes on by resume().
// Writing: whatever was appended to out() during one turn of the event loop goes out in one gathered write; when a good
// deal has gathered before the turn is over, the thread that appended it writes at once. Where a loop has a good many
// links to write to, each waits a few turns for more: what a write costs is then most of what a small message costs.
// Reading goes on while writing is blocked, or two peers that both send would stop each other for good.
//
// One mutex guards everything: the queues, this object and the stream's calls that are not system calls. It is the
// owner's, who shares it with its own state. Reads and writes themselves happen outside it, at most one of each at a
// time (`reading_` and `writing_` say running); closing waits for them, so that a descriptor is never reused under one.
//
// Streams that cannot wait (StreamBackend::can_wait) are driven by their asynchronous operations instead, started on
// the stream's executor, as Asio asks of composed streams.
#pragma once

#include "detail/biased_mutex.hpp"
#include "detail/context_service.hpp"
#include "wire/in_buffer.hpp"
#include "wire/out_queue.hpp"

#include <parley/transport/stream.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace parley::detail {

/// What a Link tells its owner. All calls come with the mutex held.
class LinkSink {
 public:
  /// Whether reading should go on.
  [[nodiscard]] virtual bool wants_bytes() const = 0;
  /// The bytes that in() has to hold before the sink can do more with them, where that is known, else 0: lets a large
  /// frame have a buffer of its own.
  [[nodiscard]] virtual std::size_t wanted_size() const = 0;
  /// More bytes are in link.in(). May call handlers, releasing the lock meanwhile; what they send is written before the
  /// link waits for more, so that an answer costs no further turn of the event loop.
  virtual void on_bytes(std::unique_lock<BiasedMutex>& lock) = 0;
  /// The stream ended (asio::error::eof) or failed; no on_bytes will follow.
  virtual void on_read_end(boost::system::error_code ec) = 0;
  /// Some of the queue has been written.
  virtual void on_written(std::size_t message_count) = 0;
  /// Writing failed; nothing more will be written.
  virtual void on_write_end(boost::system::error_code ec) = 0;
  /// Keeps the link alive while an operation is pending.
  [[nodiscard]] virtual std::shared_ptr<void> hold() = 0;

 protected:
  ~LinkSink() = default;
};

struct LinkCounters {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
};

class Link final : private Pollable {
 public:
  using Lock = std::unique_lock<BiasedMutex>;

  /// `executor` is the stream's; what is referred to outlives the link.
  Link(transport::Stream stream, const boost::asio::any_io_executor& executor, BiasedMutex& mutex, LinkSink& sink,
       ContextService& context, std::size_t read_size);

  // All of these with the mutex held.

  /// Before start(): what somebody else has read of the stream already.
  void has_read(std::span<const std::byte> bytes);
  /// Starts reading.
  void start() { resume(); }
  /// The sink may want bytes again.
  void resume();
  [[nodiscard]] bool is_paused() const noexcept { return reading_ == Reading::paused; }

  /// Something was appended to out(). May write, and then comes back with the lock released.
  void appended(Lock& lock) {
    if (writing_ == Writing::idle && (!flush_posted_ || out_.size() >= write_at_once_size)) see_to_writing(lock);
  }
  /// So many turns of the loop what is appended waits for more to go with, at most.
  static constexpr std::uint8_t turns_gathered_max = 4;
  /// Writes what is queued at once instead of at the end of the turn, as far as the stream takes it. May release the
  /// lock meanwhile; the caller holds the connection.
  void write_now(Lock& lock);
  /// Shut the sending direction down when out() is empty.
  void end_sending();
  [[nodiscard]] bool is_ending() const noexcept { return end_sending_; }
  [[nodiscard]] bool sending_ended() const noexcept { return send_shut_down_; }

  /// Closes the stream, now or when the system call in progress returns. Nothing is told to the sink afterwards.
  void close();
  /// For a context that is going: as close, without touching the context.
  void forget() noexcept;

  [[nodiscard]] InBuffer& in() noexcept { return in_; }
  [[nodiscard]] const InBuffer& in() const noexcept { return in_; }
  [[nodiscard]] OutQueue& out() noexcept { return out_; }
  [[nodiscard]] const OutQueue& out() const noexcept { return out_; }
  [[nodiscard]] const LinkCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t unacknowledged_size() const noexcept;
  /// None of that will be acknowledged any more.
  [[nodiscard]] bool is_lost() const noexcept { return !closed_ && stream_.backend().is_lost(); }
  /// The system knows that the peer has ended, though what came before may not have been read.
  [[nodiscard]] bool peer_has_ended() const noexcept { return !closed_ && stream_.backend().peer_has_ended(); }
  /// The stream's sentence about its last failure; empty where the code says enough.
  [[nodiscard]] std::string explain() const { return closed_ ? std::string{} : stream_.explain(); }

 private:
  enum class Reading : std::uint8_t {
    paused,   ///< the sink wants no bytes
    waiting,  ///< until the stream is readable
    polled,   ///< the loop looks whether it is, on its poll budget
    running,  ///< a read is in progress, or about to be
    ended,
  };
  enum class Writing : std::uint8_t {
    idle,     ///< nothing queued, or a flush is posted
    running,  ///< a write is in progress
    blocked,  ///< until the stream is writable
    ended,
  };

  [[nodiscard]] boost::asio::mutable_buffer in_room() {
    const std::span<std::byte> room = in_.prepare(sink_.wanted_size());
    return {room.data(), room.size()};
  }
  void read(Lock& lock);
  void post_read();
  void deliver(Lock& lock);
  void go_on_after_throw();
  bool read_once(Lock& lock);
  void wait_readable();
  /// False: it has nothing better to do than to wait.
  bool stays_awake();
  Polled poll() override;
  void stop_polling() override;
  void end_reading(boost::system::error_code ec);
  void async_read();
  void on_async_read(boost::system::error_code ec, std::size_t size);

  void see_to_writing(Lock& lock);
  void schedule_flush();
  [[nodiscard]] bool should_gather(std::size_t flushes_waiting) noexcept;
  void flush(Lock& lock);
  bool write_once(Lock& lock);
  std::size_t try_write(Lock& lock, boost::system::error_code& ec);
  std::size_t try_write_shared(Lock& lock, boost::system::error_code& ec);
  void wait_writable();
  void written(std::size_t size);
  void end_writing(boost::system::error_code ec);
  void shut_down_if_drained();
  void async_write();
  void on_async_write(boost::system::error_code ec, std::size_t size);

  void close_if_quiet();

  static constexpr std::size_t gathered_max = 64;

  /// With this much queued, whoever appended it writes at once instead of waiting for the turn to end.
  static constexpr std::size_t write_at_once_size = 256 * 1024;

  transport::Stream stream_;
  const boost::asio::any_io_executor& executor_;
  BiasedMutex& mutex_;
  LinkSink& sink_;
  ContextService& context_;
  const bool can_wait_;
  const bool keeps_what_is_written_;
  Reading reading_ = Reading::paused;
  Writing writing_ = Writing::idle;
  bool flush_posted_ = false;
  std::uint8_t turns_gathered_ = 0;
  const void* delivering_ = nullptr;  // the thread that is in on_bytes()
  bool end_sending_ = false;
  bool send_shut_down_ = false;
  bool is_polled_ = false;
  bool closing_ = false;
  bool closed_ = false;
  InBuffer in_;
  OutQueue out_;
  LinkCounters counters_;
};

}  // namespace parley::detail
