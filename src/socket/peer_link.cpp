#include "socket/peer_link.hpp"

#include "socket/state.hpp"

#include <boost/asio/error.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// How long a link that is about to end may get no further: with writing, or, when that is done, with the other side's
/// end.
constexpr std::chrono::seconds leave_time_max{1};

}  // namespace

PeerLink::PeerLink(std::shared_ptr<SocketState> socket, transport::Stream stream)
    : socket_{std::move(socket)}, executor_{stream.get_executor()}, link_{std::move(stream),
                                                                          executor_,
                                                                          socket_->socket_mutex(),
                                                                          *this,
                                                                          *socket_->socket_context(),
                                                                          limits::read_size} {}

void PeerLink::start(policy::LinkId id) {
  id_ = id;
  link_.start();
}

void PeerLink::taken() {
  if (link_.is_paused()) link_.resume();
}

void PeerLink::close() {
  is_over_ = true;
  leave_timer_.reset();
  link_.close();
}

void PeerLink::finish(const Identity& identity) {
  identity_ = identity;
  is_finishing_ = true;
  leave_timer_ = std::make_unique<asio::steady_timer>(executor_);
  await_movement();
  link_.in().consume(link_.in().size());
  link_.end_sending();
  link_.resume();
}

void PeerLink::await_movement() {
  unacknowledged_before_ = unacknowledged_size();
  leave_timer_->expires_after(leave_time_max);
  leave_timer_->async_wait([self = shared_from_this()](error_code ec) {
    if (ec) return;
    const SocketState::Lock lock{self->socket_->socket_mutex()};
    if (!self->is_over_ && (self->has_moved() || self->has_time())) return self->await_movement();
    self->leave();
  });
}

bool PeerLink::has_moved() const noexcept { return unacknowledged_size() < unacknowledged_before_; }

bool PeerLink::has_time() const noexcept { return socket_->is_finishing() && unacknowledged_size() > 0; }

void PeerLink::leave() {
  if (is_over_) return;
  socket_->note_unwritten_locked(*this);
  socket_->note_unconfirmed_locked(*this);
  close();
  socket_->on_left_locked(*this);
}

bool PeerLink::wants_bytes() const { return is_finishing_ || (!is_over_ && socket_->core().wants_bytes(id_)); }

std::size_t PeerLink::wanted_size() const { return socket_->core().wanted_size(id_); }

void PeerLink::on_bytes(std::unique_lock<BiasedMutex>& lock) {
  if (is_finishing_) {
    link_.in().consume(link_.in().size());
    return;
  }
  if (is_over_) return;
  socket_->core().on_bytes(id_, Clock::now());
  socket_->deliver_locked(lock);
}

void PeerLink::on_read_end(error_code ec) { end(ec); }

void PeerLink::on_written(std::size_t /*message_count*/) {
  if (is_over_) return;
  if (is_finishing_) return await_movement();  // begins anew
  socket_->core().on_written(id_, Clock::now());
  socket_->on_written_locked();
}

void PeerLink::on_write_end(error_code ec) { end(ec); }

void PeerLink::end(error_code ec) {
  if (is_over_) return;
  if (is_finishing_) return leave();
  is_over_ = true;
  const std::string why = link_.explain();
  const bool is_clean = ec == asio::error::eof;
  socket_->on_link_end_locked(*this, is_clean ? error_code{error::closed} : ec,
                              is_clean      ? "the peer closed the connection"
                              : why.empty() ? "the connection was lost: " + ec.message()
                                            : why);
  link_.close();
}

}  // namespace parley::detail
