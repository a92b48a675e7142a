// DatagramLink: one socket for datagrams: its read loop, and the writing of what its connections have queued. A client
// has one for itself, all connections of a listener share one.
//
// A read brings a batch of datagrams. Each becomes a message in its connection's queue, and only then are those told
// who wait there: what they do may be anything, and the batch's memory is the thread's. What they send meanwhile goes
// out when all have been told, in one system call.
//
// Lock order: a listener's mutex, a connection's, then this one's, which is never held while user code runs or while
// the system is called to read or write. Reading and writing are each at work once at a time: `running` says so.
#pragma once

#include "connection/udp/send_batch.hpp"
#include "detail/biased_mutex.hpp"
#include "detail/context_service.hpp"
#include "detail/ring.hpp"
#include "transport/descriptor.hpp"
#include "transport/operation_memory.hpp"
#include "transport/udp/receive_batch.hpp"
#include "transport/udp/udp_address.hpp"
#include "wire/rate_limit.hpp"

#include <parley/connection/datagram_stats.hpp>
#include <parley/endpoint.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/datagram_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace parley::detail {

class UdpConnection;

class DatagramLink : public ContextMember, public Pollable {
 public:
  /// Takes the descriptor. Datagrams of more than `size_max` bytes are dropped, and so is what comes while
  /// `unread_size_max` bytes wait. Throws Error when the event loop cannot watch it.
  DatagramLink(const boost::asio::any_io_executor& executor, transport::Descriptor descriptor, int family,
               Endpoint local, std::size_t size_max, std::size_t unread_size_max);
  ~DatagramLink() override;

  // Any thread. Those without a remark may be called with a connection's mutex held, and not with this one's.

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept { return local_; }
  [[nodiscard]] int family() const noexcept { return family_; }
  void start_reading();
  /// It has queued its first message since it was last asked for some.
  void wants_to_send(std::shared_ptr<UdpConnection> connection);
  /// Writes what is queued, as far as can be without waiting. With no mutex held.
  void flush();
  /// What the calling thread queues is written without further ado: it is called from the read loop.
  [[nodiscard]] bool is_delivering_here();
  /// The connection has nothing more to do with the socket.
  virtual void leave(UdpConnection& connection) noexcept = 0;
  [[nodiscard]] virtual bool is_shared() const noexcept = 0;
  [[nodiscard]] DatagramStats stats();
  [[nodiscard]] std::uint64_t reads() const noexcept { return reads_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t writes() const noexcept { return writes_.load(std::memory_order_relaxed); }

  using Kind = std::uint64_t DatagramStats::*;
  void count(Kind kind, std::uint64_t number = 1);
  /// Counts one more; how many there have been, if the log hook is to be told, which it is once a second at most.
  [[nodiscard]] std::optional<std::uint64_t> count_to_tell(Kind kind);
  void tell(std::uint64_t so_far, const std::string& what) const;
  /// Whether so much more may wait to be received; it is waiting then.
  [[nodiscard]] bool take_room(std::size_t size) noexcept;
  void give_room_back(std::size_t size) noexcept { unread_size_.fetch_sub(size, std::memory_order_relaxed); }
  /// What the way of a connected socket takes; 0: nobody knows.
  [[nodiscard]] std::size_t path_size_max();

  Polled poll() override;
  void stop_polling() override;
  void on_deadline(std::uint64_t /*token*/) override {}
  void on_context_shutdown() noexcept override;

 protected:
  using Lock = std::unique_lock<BiasedMutex>;

  /// Whose the datagrams from there are; null: nobody's, and that has been counted. No mutex held.
  virtual std::shared_ptr<UdpConnection> connection_for(const transport::UdpAddress& from,
                                                        const transport::UdpSource& to, TimePoint now) = 0;
  /// The system has refused to read or write. True: to tell of something sent before, so that it is to be tried again.
  /// No mutex held.
  virtual bool take_report(boost::system::error_code ec) = 0;

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
  [[nodiscard]] BiasedMutex& mutex() noexcept { return mutex_; }

  // With the mutex held.

  void close_locked() noexcept;
  /// Null when the context has gone.
  [[nodiscard]] ContextService* context() const noexcept { return context_; }
  [[nodiscard]] int descriptor_locked() { return socket_->native_handle(); }

 private:
  using Socket = boost::asio::generic::datagram_protocol::socket;
  enum class Reading : std::uint8_t { not_begun, running, waiting, polled, ended };
  enum class Writing : std::uint8_t { idle, running, blocked };

  [[nodiscard]] std::shared_ptr<DatagramLink> hold() {
    return std::static_pointer_cast<DatagramLink>(shared_from_this());
  }

  void read(Lock& lock);
  bool read_once(Lock& lock);
  void post_read();
  void wait_readable();
  void deliver(const transport::ReceiveBatch& batch, std::size_t count);
  void begin_delivery();
  void end_delivery();

  void schedule_flush();
  void gather(SendBatch& batch);
  bool send(SendBatch& batch);
  enum class Written : std::uint8_t { what_was_taken, none_together };
  Written write(int descriptor, SendBatch& batch, std::size_t& done, bool joins);
  bool write_some();
  void wait_writable();

  template <class Handler>
  void wait(Socket::wait_type type, std::shared_ptr<transport::OperationMemory>& memory, Handler handler);
  void close_if_quiet() noexcept;
  void sample_drops();

  const boost::asio::any_io_executor executor_;
  ContextService* context_;
  const Endpoint local_;
  const int family_;
  const std::size_t size_max_;
  const std::size_t unread_size_max_;
  std::atomic<std::size_t> unread_size_{0};
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<std::uint64_t> writes_{0};

  BiasedMutex mutex_;
  std::optional<Socket> socket_;
  std::shared_ptr<transport::OperationMemory> read_memory_;
  std::shared_ptr<transport::OperationMemory> write_memory_;
  Reading reading_ = Reading::not_begun;
  Writing writing_ = Writing::idle;
  bool joins_ = false;  // datagrams that are sent; whoever is writing has it
  bool is_polled_ = false;
  bool flush_posted_ = false;
  bool closing_ = false;
  bool closed_ = false;
  const void* delivering_ = nullptr;            // the thread that is
  Ring<std::shared_ptr<UdpConnection>> ready_;  // have something to send
  DatagramStats stats_;
  std::uint32_t drops_seen_ = 0;  // by the system, when it was asked last
  struct Told {
    Kind kind;
    wire::RateLimit limit;
  };
  std::vector<Told> told_;
};

}  // namespace parley::detail
