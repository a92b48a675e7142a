#include "connection/udp/datagram_link.hpp"

#include "connection/udp/udp_connection.hpp"
#include "detail/log.hpp"
#include "detail/this_thread.hpp"
#include "transport/sentence.hpp"
#include "transport/udp/udp_socket.hpp"

#include <parley/error.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Batches in a row, read or written, before other handlers get their turn.
constexpr int batches_in_a_row = 16;
/// Of earlier datagrams, before a message that is not taken is given up.
constexpr int reports_max = 4;

}  // namespace

DatagramLink::DatagramLink(const asio::any_io_executor& executor, transport::Descriptor descriptor, int family,
                           Endpoint local, std::size_t size_max, std::size_t unread_size_max)
    : executor_{executor},
      context_{&ContextService::of(executor_)},
      local_{std::move(local)},
      family_{family},
      size_max_{size_max},
      unread_size_max_{unread_size_max},
      read_memory_{std::make_shared<transport::OperationMemory>()},
      write_memory_{std::make_shared<transport::OperationMemory>()} {
  error_code ec;
  socket_.emplace(executor_);
  socket_->assign(asio::generic::datagram_protocol{family, 0}, descriptor.get(), ec);
  if (ec) throw Error{ec, "cannot watch the socket: " + transport::reason(ec) + " (" + local_.to_string() + ")"};
  joins_ = transport::can_cut_segments(descriptor.get());
  descriptor.release();
  context_->enroll(*this);
}

DatagramLink::~DatagramLink() {
  if (context_ != nullptr) context_->withdraw(*this);
}

// --- reading ---------------------------------------------------------------------------------------------------------

void DatagramLink::start_reading() {
  const Lock lock{mutex_};
  if (reading_ == Reading::not_begun && !closing_) wait_readable();
}

void DatagramLink::post_read() {
  asio::post(executor_, [this, held = hold()] {
    Lock lock{mutex_};
    read(lock);
  });
}

void DatagramLink::read(Lock& lock) {
  for (int batches = 0; batches < batches_in_a_row; ++batches) {
    if (closing_) {
      reading_ = Reading::ended;
      close_if_quiet();
      return;
    }
    if (!read_once(lock)) return;
  }
  post_read();
}

/// False when there is nothing more to read now.
bool DatagramLink::read_once(Lock& lock) {
  const int descriptor = descriptor_locked();
  lock.unlock();
  transport::ReceiveBatch& batch = transport::ReceiveBatch::of_this_thread();
  error_code ec;
  const std::size_t count = batch.receive(descriptor, size_max_, ec);
  const bool is_empty = ec == asio::error::would_block;
  if (count > 0) deliver(batch, count);
  if (ec && !is_empty) (void)take_report(ec);
  lock.lock();
  // A batch that is not full has emptied the socket; asking once more would only cost a system call.
  if (closing_ || count == transport::ReceiveBatch::count_max || (ec && !is_empty)) return true;
  wait_readable();
  return false;
}

void DatagramLink::wait_readable() {
  if (is_polled_ || (context_ != nullptr && context_->is_polling() && context_->start_polling(*this, hold()))) {
    is_polled_ = true;
    reading_ = Reading::polled;
    return;
  }
  reading_ = Reading::waiting;
  wait(Socket::wait_read, read_memory_, [this, held = hold()](error_code ec) {
    Lock lock{mutex_};
    if (reading_ != Reading::waiting || ec) return;
    reading_ = Reading::running;
    read(lock);
  });
}

Pollable::Polled DatagramLink::poll() {
  Lock lock{mutex_};
  if (closing_ || reading_ == Reading::ended) {
    is_polled_ = false;
    if (reading_ == Reading::polled) reading_ = Reading::ended;
    close_if_quiet();
    return Polled::gone;
  }
  if (reading_ != Reading::polled) return Polled::idle;
  const std::uint64_t before = reads();
  reading_ = Reading::running;
  read(lock);
  return reads() == before ? Polled::idle : Polled::busy;
}

void DatagramLink::stop_polling() {
  const Lock lock{mutex_};
  is_polled_ = false;
  if (reading_ == Reading::polled && !closing_) wait_readable();
}

void DatagramLink::deliver(const transport::ReceiveBatch& batch, std::size_t count) {
  reads_.fetch_add(1, std::memory_order_relaxed);
  const TimePoint now = Clock::now();
  std::array<std::shared_ptr<UdpConnection>, transport::ReceiveBatch::count_max> receivers;
  std::size_t receiver_count = 0;
  std::shared_ptr<UdpConnection> connection;
  const transport::UdpAddress* peer = nullptr;  // whose that is
  for (std::size_t i = 0; i < count; ++i) {
    if (batch.is_cut(i)) {
      if (const auto so_far = count_to_tell(&DatagramStats::lost_too_large)) {
        tell(*so_far, "a datagram was dropped: it exceeds the limit of " + std::to_string(size_max_) + " bytes");
      }
      continue;
    }
    // Several of one peer come in a row, as a rule.
    if (!connection || batch.from(i) != *peer) {
      peer = &batch.from(i);
      connection = connection_for(*peer, batch.to(i), now);
    }
    if (connection && connection->take_in(batch.bytes(i))) receivers[receiver_count++] = connection;
  }

  begin_delivery();
  std::size_t told = 0;
  try {
    while (told < receiver_count) receivers[told++]->deliver();
  } catch (...) {
    // A handler's exception leaves through the event loop, and must take neither the reading nor the others' messages
    // with it.
    while (told < receiver_count) receivers[told++]->deliver_later();
    end_delivery();
    post_read();
    throw;
  }
  end_delivery();
}

void DatagramLink::begin_delivery() {
  const Lock lock{mutex_};
  delivering_ = this_thread();
}

void DatagramLink::end_delivery() {
  {
    const Lock lock{mutex_};
    delivering_ = nullptr;
    if (ready_.empty()) return;
  }
  flush();
}

bool DatagramLink::is_delivering_here() {
  const Lock lock{mutex_};
  return delivering_ == this_thread();
}

bool DatagramLink::take_room(std::size_t size) noexcept {
  if (unread_size_.fetch_add(size, std::memory_order_relaxed) < unread_size_max_) return true;
  give_room_back(size);
  return false;
}

// --- writing ---------------------------------------------------------------------------------------------------------

void DatagramLink::wants_to_send(std::shared_ptr<UdpConnection> connection) {
  const Lock lock{mutex_};
  if (closing_) return;
  ready_.emplace_back(std::move(connection));
  if (writing_ == Writing::idle && delivering_ != this_thread()) schedule_flush();
}

void DatagramLink::schedule_flush() {
  if (std::exchange(flush_posted_, true)) return;
  asio::post(executor_, [this, held = hold()] {
    {
      const Lock lock{mutex_};
      flush_posted_ = false;
    }
    flush();
  });
}

void DatagramLink::flush() {
  Lock lock{mutex_};
  if (writing_ != Writing::idle || closing_ || ready_.empty()) return;
  const auto held = hold();
  writing_ = Writing::running;
  for (int batches = 0; batches < batches_in_a_row && !ready_.empty() && !closing_; ++batches) {
    lock.unlock();
    const bool took_all = write_some();
    lock.lock();
    if (!took_all && !closing_) {
      wait_writable();
      return;
    }
  }
  writing_ = Writing::idle;
  if (closing_) {
    close_if_quiet();
  } else if (!ready_.empty()) {
    schedule_flush();
  }
}

/// False: the socket takes no more now.
bool DatagramLink::write_some() {
  SendBatch batch;
  gather(batch);
  if (batch.empty()) return true;
  return send(batch);
}

void DatagramLink::gather(SendBatch& batch) {
  while (!batch.is_full()) {
    std::shared_ptr<UdpConnection> connection;
    {
      const Lock lock{mutex_};
      if (ready_.empty()) return;
      connection = ready_.take_front();
    }
    UdpConnection& asked = *connection;
    asked.give_outgoing(batch, std::move(connection));
  }
}

bool DatagramLink::send(SendBatch& batch) {
  int descriptor = 0;
  {
    const Lock lock{mutex_};
    descriptor = descriptor_locked();  // writing_ keeps it from being closed
  }
  std::size_t done = 0;
  // One by one, each of those that are not taken together has its own fate.
  if (write(descriptor, batch, done, joins_) == Written::none_together) write(descriptor, batch, done, false);
  for (SendBatch::Run& run : batch.runs()) run.connection->on_sent(batch, run, done);
  return done == batch.count();
}

/// Those behind `done`, which tells how far it came.
DatagramLink::Written DatagramLink::write(int descriptor, SendBatch& batch, std::size_t& done, bool joins) {
  transport::WriteBatch writes{joins};
  for (const SendBatch::Run& run : batch.runs()) {
    writes.begin_peer(run.connection->address(), run.connection->source());
    for (std::size_t i = std::max(run.begin, done); i < run.end; ++i) writes.add(batch[i].message.bytes());
  }
  int reports = 0;  // that the next to be sent has met with
  while (done < batch.count()) {
    error_code ec;
    if (const std::size_t sent = writes.send(descriptor, ec)) {
      writes_.fetch_add(1, std::memory_order_relaxed);
      done += sent;
      reports = 0;
      continue;
    }
    if (ec == asio::error::would_block) break;
    if (take_report(ec) && ++reports <= reports_max) continue;
    if (writes.first_count() > 1) {
      if (transport::may_be_about_segments(ec)) joins_ = false;
      return Written::none_together;
    }
    batch[done++].failure = ec;
    writes.skip_first();
    reports = 0;
  }
  return Written::what_was_taken;
}

void DatagramLink::wait_writable() {
  writing_ = Writing::blocked;
  wait(Socket::wait_write, write_memory_, [this, held = hold()](error_code ec) {
    {
      const Lock lock{mutex_};
      if (writing_ != Writing::blocked || ec) return;
      writing_ = Writing::idle;
    }
    flush();
  });
}

template <class Handler>
void DatagramLink::wait(Socket::wait_type type, std::shared_ptr<transport::OperationMemory>& memory, Handler handler) {
  socket_->async_wait(type, asio::bind_allocator(transport::OperationAllocator<void*>{memory}, std::move(handler)));
}

std::size_t DatagramLink::path_size_max() {
  const Lock lock{mutex_};
  return closed_ ? 0 : transport::path_size_max(descriptor_locked(), family_);
}

// --- ending ----------------------------------------------------------------------------------------------------------

void DatagramLink::close_locked() noexcept {
  closing_ = true;
  close_if_quiet();
}

void DatagramLink::close_if_quiet() noexcept {
  if (closed_ || !closing_ || reading_ == Reading::running || writing_ == Writing::running) return;
  closed_ = true;
  reading_ = Reading::ended;
  writing_ = Writing::idle;
  sample_drops();
  error_code ignored;
  socket_->close(ignored);
  ready_ = {};
}

void DatagramLink::on_context_shutdown() noexcept {
  Ring<std::shared_ptr<UdpConnection>> ready;  // destroyed when the lock is released
  const Lock lock{mutex_};
  context_ = nullptr;
  if (!closed_) sample_drops();
  closing_ = closed_ = true;
  socket_.reset();
  ready.swap(ready_);
}

// --- counting --------------------------------------------------------------------------------------------------------

void DatagramLink::sample_drops() {
  const std::uint32_t drops = transport::dropped_by_system(descriptor_locked());
  stats_.lost_in_system += drops - std::exchange(drops_seen_, drops);
}

DatagramStats DatagramLink::stats() {
  const Lock lock{mutex_};
  if (!closed_) sample_drops();
  return stats_;
}

void DatagramLink::count(Kind kind, std::uint64_t number) {
  const Lock lock{mutex_};
  stats_.*kind += number;
}

std::optional<std::uint64_t> DatagramLink::count_to_tell(Kind kind) {
  const Lock lock{mutex_};
  const std::uint64_t so_far = ++(stats_.*kind);
  if (!log_enabled()) return std::nullopt;
  auto told = std::find_if(told_.begin(), told_.end(), [&](const Told& each) { return each.kind == kind; });
  if (told == told_.end()) told = told_.insert(told_.end(), Told{kind, wire::RateLimit{1, 1}});
  return told->limit.take(Clock::now()) ? std::optional{so_far} : std::nullopt;
}

void DatagramLink::tell(std::uint64_t so_far, const std::string& what) const {
  log(LogLevel::warning, what + "; " + std::to_string(so_far) + " so far", local_.to_string());
}

}  // namespace parley::detail
