#include <parley/app/peer.hpp>

#include "app/hub.hpp"
#include "app/peer_state.hpp"
#include "detail/as_result.hpp"

#include <ostream>

namespace parley::app {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

void start_send(std::shared_ptr<PeerState> state, Message message, Deadline deadline,
                parley::detail::Handler<> handler) {
  state->start_send(std::move(message), deadline, std::move(handler));
}

void start_close(std::shared_ptr<PeerState> state, Deadline deadline, parley::detail::Handler<CloseReport> handler) {
  state->close(deadline, std::move(handler));
}

namespace {

asio::awaitable<CloseReport> close(std::shared_ptr<PeerState> state, Deadline deadline) {
  auto [ec, report] = co_await parley::detail::await_result<void(error_code, CloseReport)>(
      [&](auto handler) { state->close(deadline, parley::detail::Handler<CloseReport>{std::move(handler)}); });
  co_return report;
}

}  // namespace
}  // namespace detail

asio::awaitable<void> Peer::send(Message message, Deadline deadline) const {
  return detail::PeerState::send(state_, std::move(message), deadline);
}
error_code Peer::try_send(Message message) const { return state_->try_send(std::move(message)); }
error_code Peer::post(Message message) const { return state_->post(std::move(message)); }
std::string Peer::last_error() const { return state_->last_error(); }

asio::awaitable<CloseReport> Peer::close(Deadline deadline) const { return detail::close(state_, deadline); }
void Peer::disconnect() const { state_->disconnect(); }

PeerId Peer::id() const noexcept { return state_->id(); }
bool Peer::is_connected() const { return state_->is_connected(); }
const Endpoint& Peer::endpoint() const noexcept { return state_->connection().remote_endpoint(); }
const Endpoint& Peer::local_endpoint() const noexcept { return state_->connection().local_endpoint(); }
std::shared_ptr<const TlsInfo> Peer::tls_info() const noexcept { return state_->connection().tls_info(); }

std::string Peer::tls_subject() const {
  const auto info = tls_info();
  return info && info->peer_verified ? info->peer_subject : std::string{};
}

std::string_view Peer::kind() const noexcept { return state_->kind(); }
Message Peer::first_message() const { return state_->first_message(); }
bool Peer::is_first_message() const noexcept { return state_->is_first_message(); }
History Peer::history() const { return state_->history(); }
ConnectionStats Peer::stats() const { return state_->connection().stats(); }
std::string Peer::to_string() const { return state_ ? state_->to_string() : "nobody"; }

void* Peer::state_of(std::type_index type, std::shared_ptr<void> (*make)()) const {
  return state_->state_of(type, make);
}

std::ostream& operator<<(std::ostream& out, const Peer& peer) { return out << peer.to_string(); }

}  // namespace parley::app
