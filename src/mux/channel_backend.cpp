#include "mux/channel_backend.hpp"

#include "mux/deliveries.hpp"
#include "mux/session_state.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

namespace parley::mux::detail {

using transport::TransferHandler;
using transport::WaitHandler;

namespace {

std::size_t size_of(auto buffers) noexcept {
  std::size_t size = 0;
  for (const auto& each : buffers) size += each.size();
  return size;
}
std::size_t size_of(ChannelBackend::SharedBuffers buffers) noexcept {
  std::size_t size = 0;
  for (const transport::SharedBuffer& each : buffers) size += each.bytes.size();
  return size;
}

/// Boost 1.81: a handler that was moved from may still seem to be there.
template <class Handler>
Handler take(Handler& waiting) {
  Handler handler;
  handler.swap(waiting);
  return handler;
}

}  // namespace

ChannelBackend::ChannelBackend(std::shared_ptr<SessionState> session, asio::any_io_executor executor,
                               wire::MuxChannel channel, ChannelId id)
    : session_{std::move(session)}, executor_{std::move(executor)}, channel_{channel}, id_{id} {}

ChannelBackend::~ChannelBackend() { close(); }

// --- what a Stream asks ----------------------------------------------------------------------------------------------

std::shared_ptr<const TlsInfo> ChannelBackend::tls_info() const { return session_->tls_info(); }
std::optional<PeerCredentials> ChannelBackend::peer_credentials() const noexcept {
  return session_->peer_credentials();
}
const Endpoint& ChannelBackend::local_endpoint() const noexcept { return session_->local_endpoint(); }
const Endpoint& ChannelBackend::remote_endpoint() const noexcept { return session_->remote_endpoint(); }
bool ChannelBackend::can_half_close() const noexcept { return session_->can_half_close(); }

std::optional<std::size_t> ChannelBackend::unacknowledged_size() const noexcept {
  const SessionState::Lock lock{session_->session_mutex()};
  const std::uint64_t written = session_->written_size();
  return end_ || written >= written_end_ ? 0 : static_cast<std::size_t>(written_end_ - written);
}

bool ChannelBackend::is_lost() const noexcept {
  const SessionState::Lock lock{session_->session_mutex()};
  return session_->is_closed();
}

bool ChannelBackend::peer_has_ended() const noexcept {
  const SessionState::Lock lock{session_->session_mutex()};
  return is_finished_ || end_;
}

std::string ChannelBackend::explain() const {
  const SessionState::Lock lock{session_->session_mutex()};
  return sentence_;
}

// --- handlers --------------------------------------------------------------------------------------------------------

void ChannelBackend::tell(WaitHandler& waiting, error_code ec) {
  session_->tell_channel(WaitDelivery{executor_, take(waiting), ec});
}

template <class Buffer>
void ChannelBackend::tell(Transfer<Buffer>& transfer, error_code ec, std::size_t size) {
  session_->tell_channel(TransferDelivery{executor_, take(transfer.handler), ec, size});
}

// --- reading ---------------------------------------------------------------------------------------------------------

void ChannelBackend::wait_readable(WaitHandler handler) {
  const SessionState::Lock lock{session_->session_mutex()};
  if (!session_->has_context()) return;
  read_wait_.swap(handler);
  if (is_readable()) return wake_reader();
  read_number_ = watch_cancellation(read_wait_);
}

std::size_t ChannelBackend::try_read(MutableBuffers buffers, error_code& ec) {
  SessionState::Lock lock{session_->session_mutex()};
  const std::size_t size = read(buffers, ec);
  if (size > 0) session_->settle(lock);
  return size;
}

void ChannelBackend::async_read_some(MutableBuffers buffers, TransferHandler handler) {
  SessionState::Lock lock{session_->session_mutex()};
  if (!session_->has_context()) return;
  Transfer<asio::mutable_buffer>& transfer = transfers().read;
  transfer.keep(buffers);
  transfer.handler.swap(handler);
  if (is_readable() || size_of(buffers) == 0) {
    wake_reader();
    session_->settle(lock);
  } else {
    transfer.number = watch_cancellation(transfer.handler);
  }
}

std::size_t ChannelBackend::read(MutableBuffers buffers, error_code& ec) {
  ec = {};
  if (size_of(buffers) == 0) return 0;  // else its 0 would look like the end
  if (is_closed_) return ec = asio::error::bad_descriptor, 0;
  if (const std::size_t size = copy_out(buffers); size > 0) {
    session_->core().consume(channel_, size, Clock::now());
    return size;
  }
  ec = end_ ? end_ : is_finished_ ? error_code{asio::error::eof} : error_code{asio::error::would_block};
  return 0;
}

std::size_t ChannelBackend::copy_out(MutableBuffers buffers) {
  std::size_t size = 0;
  for (asio::mutable_buffer room : buffers) {
    while (room.size() > 0 && !unread_.empty()) {
      const Message& front = unread_.front();
      const std::size_t part = std::min(room.size(), front.size() - front_offset_);
      std::memcpy(room.data(), front.data() + front_offset_, part);
      room += part;
      size += part;
      front_offset_ += part;
      if (front_offset_ < front.size()) break;
      unread_.pop_front();
      front_offset_ = 0;
    }
  }
  if (unread_.empty()) {
    unread_.shrink(4);
    gathering_.reset();
    gathers_ = false;
  }
  return size;
}

void ChannelBackend::wake_reader() {
  if (read_wait_) tell(read_wait_, {});
  if (!transfers_ || !transfers_->read.handler) return;
  error_code ec;
  const std::size_t size = read(transfers_->read.buffers(), ec);
  if (ec != asio::error::would_block) tell(transfers_->read, ec, size);
}

// --- writing ---------------------------------------------------------------------------------------------------------

void ChannelBackend::wait_writable(WaitHandler handler) {
  const SessionState::Lock lock{session_->session_mutex()};
  if (!session_->has_context()) return;
  write_wait_.swap(handler);
  if (!waits_for_turn_) return wake_writer();
  write_number_ = watch_cancellation(write_wait_);
}

std::size_t ChannelBackend::try_write(ConstBuffers buffers, error_code& ec) {
  SessionState::Lock lock{session_->session_mutex()};
  const std::size_t size = write(buffers, ec);
  if (size > 0) settle_written(lock);
  return size;
}

void ChannelBackend::async_write_some(ConstBuffers buffers, TransferHandler handler) {
  SessionState::Lock lock{session_->session_mutex()};
  if (!session_->has_context()) return;
  Transfer<asio::const_buffer>& transfer = transfers().write;
  transfer.keep(buffers);
  transfer.handler.swap(handler);
  wake_writer();
  if (transfer.handler) transfer.number = watch_cancellation(transfer.handler);
  settle_written(lock);
}

std::size_t ChannelBackend::try_write_shared(SharedBuffers buffers, error_code& ec) {
  SessionState::Lock lock{session_->session_mutex()};
  const std::size_t size = write(buffers.first(std::min(buffers.size(), SessionState::shared_max)), ec);
  if (size > 0) settle_written(lock);
  return size;
}

template <class Buffers>
std::size_t ChannelBackend::write(Buffers buffers, error_code& ec) {
  ec = {};
  const std::size_t wanted = size_of(buffers);
  if (wanted == 0) return 0;
  if (is_closed_) return ec = asio::error::bad_descriptor, 0;
  if (end_) return ec = end_, 0;
  if (send_ended_) return ec = asio::error::broken_pipe, 0;
  // Others may have taken the room before whoever was woken up for its turn can write: its quantum goes in all the
  // same.
  const bool has_turn = std::exchange(has_turn_, false);
  if (!waits_for_turn_ && !has_turn && !session_->has_room()) {
    session_->core().want_turn(channel_);
    waits_for_turn_ = true;
  }
  if (waits_for_turn_) return ec = asio::error::would_block, 0;
  const wire::MuxGrant grant = session_->core().reserve(channel_, wanted, false, Clock::now());
  if (grant.code) {
    ec = grant.code == error::send_ended ? error_code{asio::error::broken_pipe} : grant.code;
    return 0;
  }
  if (grant.header_size > 0) {
    session_->append(grant.header(), buffers, grant.size);
    written_end_ = session_->said_size();
  }
  waits_for_turn_ = grant.size < wanted;
  if (grant.size == 0) {
    ec = asio::error::would_block;
    session_->schedule_core_deadline();  // the peer has a limited time to grant something
  }
  return grant.size;
}

/// It may be its turn again, and then the rest is written at once.
void ChannelBackend::settle_written(Lock& lock) {
  if (waits_for_turn_) {
    session_->settle_now(lock);
  } else {
    session_->settle(lock);
  }
}

void ChannelBackend::wake_writer() {
  if (write_wait_) tell(write_wait_, {});
  if (!transfers_ || !transfers_->write.handler) return;
  error_code ec;
  const std::size_t size = write(transfers_->write.buffers(), ec);
  if (ec != asio::error::would_block) tell(transfers_->write, ec, size);
}

void ChannelBackend::shutdown_send(error_code& ec) {
  SessionState::Lock lock{session_->session_mutex()};
  ec = {};
  if (send_ended_ || is_closed_ || end_) return;
  send_ended_ = true;
  ec = session_->core().finish(channel_, Clock::now());
  if (ec == error::unavailable) session_->core().close(channel_, Clock::now());  // the whole channel, with TCPChan
  written_end_ = session_->said_size();
  waits_for_turn_ = false;
  wake_writer();  // a write that was waiting has come too late
  session_->settle(lock);
}

// --- ending ----------------------------------------------------------------------------------------------------------

template <class How>
void ChannelBackend::end(How how) noexcept {
  if (is_closed_) return;
  SessionState::Lock lock{session_->session_mutex()};
  is_closed_ = true;
  if (!session_->has_context()) return;
  abort_waits();
  drop_unread();
  how(session_->core());  // also of a channel that is over: the core counts its unread bytes
  session_->detach(channel_);
  session_->settle(lock);
}

void ChannelBackend::close() noexcept {
  end([&](wire::AnyMux& core) { core.close(channel_, Clock::now()); });
}

void ChannelBackend::reset() noexcept {
  end([&](wire::AnyMux& core) { core.reset(channel_, Clock::now()); });
}

void ChannelBackend::abort_waits() {
  const error_code aborted = asio::error::operation_aborted;
  if (read_wait_) tell(read_wait_, aborted);
  if (write_wait_) tell(write_wait_, aborted);
  if (!transfers_) return;
  if (transfers_->read.handler) tell(transfers_->read, aborted, 0);
  if (transfers_->write.handler) tell(transfers_->write, aborted, 0);
}

std::size_t ChannelBackend::unread_size() const noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < unread_.size(); ++i) size += unread_[i].size();
  return size - front_offset_;
}

void ChannelBackend::drop_unread() noexcept {
  unread_.clear();
  front_offset_ = 0;
  gathering_.reset();
  gathers_ = false;
}

// --- what the session tells ------------------------------------------------------------------------------------------

void ChannelBackend::on_data(Message bytes) {
  gathers_ = false;
  unread_.emplace_back(std::move(bytes));
  wake_reader();
}

void ChannelBackend::gather(std::span<const std::byte> bytes) {
  if (unread_.empty()) return on_data(Message{bytes});
  if (!gathering_ || gathered_end_ + bytes.size() > gathered_size_max) {
    gathering_ = parley::detail::ChunkRef{parley::detail::Chunk::take(gathered_size_max)};
    gathered_end_ = 0;
    gathers_ = false;
  }
  if (!gathers_) gathered_begin_ = gathered_end_;
  std::memcpy(gathering_->data() + gathered_end_, bytes.data(), bytes.size());
  gathered_end_ += bytes.size();
  Message all = Message::slice_of(*gathering_, {gathering_->data() + gathered_begin_, gathered_end_ - gathered_begin_});
  if (!std::exchange(gathers_, true)) {
    unread_.emplace_back(std::move(all));
  } else {
    unread_.back() = std::move(all);
  }
}

void ChannelBackend::on_finished() {
  is_finished_ = true;
  wake_reader();
}

void ChannelBackend::on_turn() {
  waits_for_turn_ = false;
  has_turn_ = true;
  wake_writer();
}

void ChannelBackend::on_closed(error_code code, std::string sentence, bool drops) {
  is_finished_ = send_ended_ = true;
  waits_for_turn_ = false;
  has_turn_ = false;
  end_ = code;
  sentence_ = std::move(sentence);
  if (drops) drop_unread();
  wake_reader();
  wake_writer();
}

ChannelBackend::Waiting ChannelBackend::forget() noexcept {
  is_closed_ = true;
  Waiting waiting;
  waiting.read_wait.swap(read_wait_);
  waiting.write_wait.swap(write_wait_);
  waiting.transfers.swap(transfers_);
  return waiting;
}

template <class H>
std::uint64_t ChannelBackend::watch_cancellation(const H& handler) {
  const std::uint64_t number = session_->next_number();
  auto slot = asio::get_associated_cancellation_slot(handler);
  if (slot.is_connected()) {
    // Left in the slot when the operation ends, and then harmless.
    slot.assign([weak = session_->weak_from_this(), channel = channel_, number](asio::cancellation_type type) {
      if (type == asio::cancellation_type::none) return;
      const auto member = weak.lock();
      if (member) static_cast<SessionState&>(*member).cancel_in(channel, number);
    });
  }
  return number;
}

void ChannelBackend::cancel(std::uint64_t operation) {
  const error_code aborted = asio::error::operation_aborted;
  if (read_wait_ && read_number_ == operation) tell(read_wait_, aborted);
  if (write_wait_ && write_number_ == operation) tell(write_wait_, aborted);
  if (!transfers_) return;
  auto& [read, write] = *transfers_;
  if (read.handler && read.number == operation) tell(read, aborted, 0);
  if (write.handler && write.number == operation) tell(write, aborted, 0);
}

}  // namespace parley::mux::detail
