#include "socket/doorkeeper.hpp"

#include "socket/state.hpp"
#include "transport/layered_stream.hpp"
#include "transport/prefixed_stream.hpp"
#include "transport/scheme_layers.hpp"

#include <parley/wire/sniffer.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace parley::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using Lock = SocketState::Lock;

namespace {

bool is_web_socket(Scheme scheme) noexcept { return scheme == Scheme::ws || scheme == Scheme::wss; }

/// Their handshakes are part of what a stranger has the time for greeting for.
TransportOptions hurried(TransportOptions options, std::chrono::milliseconds greeting_time_max) {
  options.handshake_time_max = std::min(options.handshake_time_max, greeting_time_max);
  return options;
}

}  // namespace

const EndpointOptions& checked(const Endpoint& endpoint, const EndpointOptions& options) {
  if (options.dialect() == Dialect::aiomsg_legacy && is_web_socket(endpoint.scheme())) {
    throw std::invalid_argument{"the legacy dialect is not spoken over WebSocket (" + endpoint.to_string() + ")"};
  }
  return options;
}

Doorkeeper::Doorkeeper(std::shared_ptr<SocketState> socket, const Endpoint& endpoint, const EndpointOptions& options)
    : socket_{std::move(socket)},
      options_{checked(endpoint, options)},
      acceptor_{socket_->executor(), endpoint,
                hurried(options_.transport(), socket_->core().options().greeting_time_max)},
      local_{acceptor_.local_endpoint()},
      upgrades_{socket_->executor(), options_.transport().handshakes_max} {}

bool Doorkeeper::sniffs() const noexcept {
  return options_.dialect() == Dialect::aiomsg && !is_web_socket(local_.scheme());
}

void Doorkeeper::start() {
  acceptor_.on_refused([self = weak_from_this()](error_code ec, const std::string& sentence, const Endpoint& peer) {
    if (const auto door = self.lock()) {
      Lock lock{door->socket_->socket_mutex()};
      if (door->is_closed_) return;
      door->socket_->note_refused_locked(lock, ec, sentence + " (" + peer.to_string() + ")", peer);
    }
  });
  acceptor_.on_trouble([self = weak_from_this()](error_code ec, Duration pause) {
    if (const auto door = self.lock()) {
      Lock lock{door->socket_->socket_mutex()};
      if (!door->is_closed_) door->socket_->note_trouble_locked(lock, ec, door->local_, pause);
    }
  });
  accept();
}

void Doorkeeper::accept() {
  if (is_accepting_ || is_closed_) return;
  if (upgrades_.size() > upgrades_.places()) return;
  is_accepting_ = true;
  acceptor_.async_accept(
      [self = shared_from_this()](error_code ec, transport::Stream stream) { self->on_accept(ec, std::move(stream)); });
}

void Doorkeeper::on_accept(error_code ec, transport::Stream stream) {
  Lock lock{socket_->socket_mutex()};
  is_accepting_ = false;
  if (is_closed_ || ec) return;
  const TimePoint since = transport::handshakes_begun(stream).value_or(Clock::now());
  const auto guest = std::make_shared<Guest>(std::move(stream), since);
  if (sniffs()) {
    guests_.push_back(guest);
    watch(guest);
    make_room_for_guests(lock);
  } else {
    let_in(lock, guest, {});
  }
  accept();
}

/// Who has something to say says it at once. So those who connect and are silent keep nobody out, however many come:
/// the one that has been silent longest has to go.
void Doorkeeper::make_room_for_guests(Lock& lock) {
  const std::size_t count_max = options_.transport().handshakes_max;
  if (guests_.size() <= count_max) return;
  turn_away(lock, guests_.front(), error::too_many_connections,
            "the peer said nothing while " + std::to_string(count_max) + " others came");
}

void Doorkeeper::watch(const std::shared_ptr<Guest>& guest) {
  guest->timer.expires_at(guest->since + socket_->core().options().greeting_time_max);
  guest->timer.async_wait([self = shared_from_this(), guest](error_code ec) {
    if (ec) return;
    Lock lock{self->socket_->socket_mutex()};
    if (guest->stream) self->turn_away(lock, guest, error::timed_out, "the peer said nothing");
  });
  look_at(guest);
}

void Doorkeeper::look_at(const std::shared_ptr<Guest>& guest) {
  guest->stream.backend().wait_readable(transport::WaitHandler{[self = shared_from_this(), guest](error_code ec) {
    Lock lock{self->socket_->socket_mutex()};
    if (self->is_closed_ || !guest->stream) return;
    // The first byte says it all; but when a greeting is here already, it costs no further read.
    std::array<std::byte, 64> first{};
    const asio::mutable_buffer room{first.data(), first.size()};
    std::size_t size = 0;
    if (!ec) size = guest->stream.backend().try_read({&room, 1}, ec);
    if (ec == asio::error::would_block || (!ec && size == 0)) return self->look_at(guest);
    if (ec) return self->forget(guest);  // it has gone again, and was nobody
    switch (wire::sniff(first[0])) {
      case wire::Sniffed::frames: return self->let_in(lock, guest, std::span{first}.first(size));
      case wire::Sniffed::web_socket:
        if (self->options_.web_sockets()) return self->upgrade(guest, {first.data(), first.data() + size});
        break;
      case wire::Sniffed::unknown: break;
    }
    self->turn_away(lock, guest, error::malformed, "the peer speaks neither the aiomsg protocol nor WebSocket");
  }});
}

void Doorkeeper::let_in(Lock& lock, const std::shared_ptr<Guest>& guest, std::span<const std::byte> unread) {
  transport::Stream stream = std::move(guest->stream);
  const TimePoint since = guest->since;
  forget(guest);
  policy::LinkInfo info{.dialect = options_.dialect(), .endpoint = stream.remote_endpoint(), .since = since};
  if (const auto tls = stream.tls_info(); tls && tls->peer_verified) info.tls_subject = tls->peer_subject;
  socket_->add_link_locked(lock, std::move(stream), std::move(info), unread);
}

/// An HTTP request: WebSocket from here on, and the protocol inside that.
void Doorkeeper::upgrade(const std::shared_ptr<Guest>& guest, std::vector<std::byte> unread) {
  transport::Stream stream = transport::prefixed_stream(std::move(unread), std::move(guest->stream));
  const TimePoint since = guest->since;
  const Endpoint peer = stream.remote_endpoint();
  const Scheme scheme = local_.scheme() == Scheme::tls ? Scheme::wss : Scheme::ws;
  forget(guest);
  std::vector<transport::Handshake> handshakes;
  handshakes.push_back(transport::ws_handshake(scheme, options_.transport().ws));
  // One limit for looking, upgrade and greeting.
  const Duration left = since + socket_->core().options().greeting_time_max - Clock::now();
  const Duration time_max = std::clamp<Duration>(left, Duration{1}, options_.transport().handshake_time_max);
  const std::uint64_t id = ++last_upgrade_;
  const auto op = std::make_shared<transport::HandshakeOp>(
      std::move(stream), std::move(handshakes), time_max,
      transport::HandshakeHandler{[self = shared_from_this(), id, since, peer](
                                      error_code ec, transport::Stream upgraded, const std::string& sentence) {
        Lock lock{self->socket_->socket_mutex()};
        self->upgrades_.remove(id);  // one that has failed still takes leave of its peer, and counts no more
        if (self->is_closed_) return;
        self->make_room_for_upgrades();
        if (ec) {
          self->socket_->note_refused_locked(lock, ec, sentence + " (" + peer.to_string() + ")", peer);
        } else {
          self->let_in(lock, std::make_shared<Guest>(std::move(upgraded), since), {});
        }
        self->accept();
      }});
  upgrades_.add(id, op);
  op->start();
  make_room_for_upgrades();
}

/// One more than there are places for is a sign that others wait; who has begun is not put off. Nobody is accepted
/// until one of them is done, or, as its peer is silent, has made way.
void Doorkeeper::make_room_for_upgrades() {
  if (upgrades_.size() <= upgrades_.places()) return upgrades_.stop_making_room();
  upgrades_.make_room([self = shared_from_this()] {
    const Lock lock{self->socket_->socket_mutex()};
    if (!self->is_closed_) self->make_room_for_upgrades();
  });
}

void Doorkeeper::turn_away(Lock& lock, std::shared_ptr<Guest> guest, error_code ec, const std::string& why) {
  const Endpoint peer = guest->stream.remote_endpoint();
  forget(guest);
  socket_->note_refused_locked(lock, ec, why + " (" + peer.to_string() + ")", peer);
}

void Doorkeeper::forget(const std::shared_ptr<Guest>& guest) {
  guest->timer.cancel();
  guest->stream = {};
  std::erase(guests_, guest);
  accept();
}

void Doorkeeper::close() {
  if (std::exchange(is_closed_, true)) return;
  acceptor_.close();
  for (const auto& guest : guests_) {
    guest->timer.cancel();
    guest->stream = {};
  }
  guests_.clear();
  upgrades_.cancel_all();
}

}  // namespace parley::detail
