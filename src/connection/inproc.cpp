#include "connection/inproc.hpp"

#include "transport/inproc_names.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// One end. Both share one slot and its mutex, and what one sends goes straight into the other's inbox; the inbox is
/// the queue whose marks `send` looks at, the lower of the sender's and the receiver's.
///
/// A message larger than the receiver takes does what it does over a stream: the sender may queue it, the receiver cuts
/// the connection when it comes to it. But nobody holds it meanwhile.
class InprocConnection final : public ConnectionState {
 public:
  InprocConnection(asio::any_io_executor executor, ConnectionOptions options, const Endpoint& endpoint, Slot& shared)
      : ConnectionState{std::move(executor), std::move(options), shared}, endpoint_{endpoint} {}
  ~InprocConnection() override {
    const Lock lock{mutex()};
    if (peer_ != nullptr) peer_->peer_ = nullptr;
  }

  static void join(const std::shared_ptr<InprocConnection>& a, const std::shared_ptr<InprocConnection>& b) {
    a->meet(*b);
    b->meet(*a);
  }

  Taken take_locked(Message& message) override { return take_from(*this, message); }
  Sent try_send_locked(Lock& lock, Message& message, error_code& ec) override {
    return try_send_to(*this, lock, message, ec);
  }

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return endpoint_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return endpoint_; }

 private:
  friend class ConnectionState;  // its templates call the functions below on this type

  Pull pull(Message& message) override {
    if (inbox_.empty()) return pull_end();
    message = inbox_.take_front();
    inbox_size_ -= message.size();
    bytes_received_ += message.size();
    if (InprocConnection* peer = peer_; peer && peer->has_senders()) peer->satisfy_senders_locked();
    return Pull::message;
  }
  void demand() override {}

  bool push(Message& message, error_code& ec) override {
    if (message.size() > either_size_max_) return push_too_large(message, ec);
    InprocConnection* peer = peer_;
    if (!peer || ended_) return refuse_ended(ec);
    bytes_sent_ += message.size();
    peer->inbox_size_ += message.size();
    peer->inbox_.emplace_back(std::move(message));
    if (peer->has_receivers()) peer->satisfy_receivers_locked();
    return true;
  }
  void pushed(Lock& /*lock*/) override {}
  void write_now(Lock& /*lock*/) override {}

  [[nodiscard]] bool has_room() const override {
    InprocConnection* peer = peer_;
    return !peer ||
           (peer->inbox_size_ < options_.send_high_water_size && peer->inbox_.size() < options_.send_high_water_count);
  }
  [[nodiscard]] std::size_t queue_size() const override {
    InprocConnection* peer = peer_;
    return peer ? peer->inbox_size_ : 0;
  }
  [[nodiscard]] std::size_t queue_count() const override {
    InprocConnection* peer = peer_;
    return peer ? peer->inbox_.size() : 0;
  }
  // What is in the peer's inbox has been handed over: there is nothing left to write.
  [[nodiscard]] std::uint64_t position_queued() const override { return bytes_sent_; }
  [[nodiscard]] std::uint64_t position_written() const override { return bytes_sent_; }
  [[nodiscard]] std::size_t unconfirmed_size() const override { return 0; }

  void stop_taking_in() override {
    if (InprocConnection* peer = peer_) peer->options_.send_high_water_size = 0;  // it is never below that mark again
  }
  void end_pulling() override {
    peer_ended_ = true;
    InprocConnection* peer = peer_;
    if (peer) peer->end_sending_locked(error::closed, peer->about_peer("the peer receives no more"), {});
  }

  void end_sending_behind_queue() override {
    ended_ = true;
    InprocConnection* peer = peer_;
    if (!peer) return;
    peer->peer_ended_ = true;
    if (peer->has_receivers()) peer->satisfy_receivers_locked();
  }
  void start_draining() override { drained_locked(); }
  void close_transport() override { leave(); }
  void forget_transport() noexcept override { leave(); }

  void meet(InprocConnection& peer) {
    peer_ = &peer;
    either_size_max_ = std::min(options_.message_size_max, peer.options_.message_size_max);
    options_.send_high_water_size = std::min(options_.send_high_water_size, peer.options_.receive_high_water_size);
  }

  /// The inbox is empty.
  Pull pull_end() {
    if (too_large_size_ > 0) {
      cut_peer_off();
    } else if (is_cut_off_) {
      end_receiving_locked(
          asio::error::connection_reset,
          about_peer("receiving failed: the peer cut the connection, because a message was too large for it"));
    } else if (peer_ended_) {
      end_receiving_locked(error::closed, about_peer("the peer closed the connection"));
    } else {
      return Pull::empty;
    }
    return Pull::ended;
  }

  bool push_too_large(const Message& message, error_code& ec) {
    const std::string of_size = "message of " + std::to_string(message.size()) + " bytes exceeds ";
    if (message.size() > options_.message_size_max) {
      ec = error::message_too_large;
      note_locked(ec, about_peer(of_size + "the limit of " + std::to_string(options_.message_size_max)));
      return false;
    }
    InprocConnection* peer = peer_;
    if (!peer || ended_) return refuse_ended(ec);
    const std::string limit = std::to_string(peer->options_.message_size_max);
    end_sending_locked(
        asio::error::connection_reset,
        about_peer("sending failed: the peer cuts the connection, because a " + of_size + "its limit of " + limit),
        {1, message.size(), 0});
    peer->too_large_size_ = message.size();
    if (peer->has_receivers()) peer->satisfy_receivers_locked();
    return true;
  }
  bool refuse_ended(error_code& ec) {
    ec = ended_ ? error::send_ended : error::closed;
    note_locked(ec, about_peer(ended_ ? "this direction has ended" : "the peer closed the connection"));
    return false;
  }

  void cut_peer_off() {
    const std::string sentence = about_peer("message of " + std::to_string(too_large_size_) +
                                            " bytes exceeds the limit of " + std::to_string(options_.message_size_max));
    end_receiving_locked(error::message_too_large, sentence);
    if (InprocConnection* peer = std::exchange(peer_, nullptr)) {
      peer->peer_ = nullptr;
      peer->is_cut_off_ = true;
      if (peer->has_receivers()) peer->satisfy_receivers_locked();
    }
    end_sending_locked(error::message_too_large, sentence, {});
  }

  /// The peer may still take what is in its inbox; it can send nothing more.
  void leave() {
    inbox_.clear();
    inbox_size_ = 0;
    InprocConnection* peer = std::exchange(peer_, nullptr);
    if (!peer) return;
    peer->peer_ended_ = true;
    peer->peer_ = nullptr;
    if (peer->has_receivers()) peer->satisfy_receivers_locked();
    if (!peer->is_closing()) {
      peer->end_sending_locked(error::closed, peer->about_peer("the peer closed the connection"), {});
    }
  }

  [[nodiscard]] Message partial_locked() const override { return {}; }
  void fill_stats(ConnectionStats& stats) const override {
    stats.bytes_sent = bytes_sent_;
    stats.bytes_received = bytes_received_;
    stats.receive_queue_size = inbox_size_;
  }
  void reframe_locked(Framing framing) override { options_.framing = std::move(framing); }

  const Endpoint endpoint_;
  InprocConnection* peer_ = nullptr;  // both have it, or neither
  Ring<Message> inbox_;
  std::size_t inbox_size_ = 0;
  std::size_t either_size_max_ = 0;  // the lower of both ends' message_size_max
  std::size_t too_large_size_ = 0;   // of the peer's message that this end does not take; behind the inbox
  bool ended_ = false;
  bool peer_ended_ = false;
  bool is_cut_off_ = false;  // by the peer, for a message too large for it
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
};

class InprocListener final : public ListenerBackend, public transport::InprocPlace {
 public:
  InprocListener(const asio::any_io_executor& executor, const Endpoint& endpoint, ListenerOptions options)
      : ListenerBackend{executor, std::move(options)}, endpoint_{endpoint} {}

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return endpoint_; }

  std::shared_ptr<ConnectionState> connect(const asio::any_io_executor& executor, ConnectionOptions options,
                                           error_code& ec) {
    const Lock lock{mutex()};
    if (is_closed()) {
      ec = error::no_listener;
      return nullptr;
    }
    if (is_full() || backlog_.size() >= static_cast<std::size_t>(options_.transport.backlog)) {
      ec = error::too_many_connections;
      return nullptr;
    }
    Slot& shared = Slot::take();
    auto client = std::make_shared<InprocConnection>(executor, std::move(options), endpoint_, shared);
    auto server = std::make_shared<InprocConnection>(this->executor(), options_.connection, endpoint_, shared);
    InprocConnection::join(client, server);
    backlog_.emplace_back(std::move(server));
    if (has_acceptors()) want_connection();
    return client;
  }

 private:
  void want_connection() override {
    while (!backlog_.empty() && has_acceptors() && !is_full()) offer_locked(backlog_.take_front());
  }
  void stop_listening() override {
    transport::InprocNames::instance().remove(endpoint_.name());
    for (Ring<std::shared_ptr<ConnectionState>> backlog = std::move(backlog_); !backlog.empty();) {
      backlog.take_front()->abort();
    }
  }

  const Endpoint endpoint_;
  Ring<std::shared_ptr<ConnectionState>> backlog_;  // connected, not yet accepted
};

}  // namespace

std::shared_ptr<ListenerBackend> make_inproc_listener(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                                      ListenerOptions options) {
  auto listener = std::make_shared<InprocListener>(executor, endpoint, std::move(options));
  if (!transport::InprocNames::instance().add(endpoint.name(), listener)) {
    throw Error{asio::error::address_in_use,
                "cannot listen on " + endpoint.to_string() + ": the name is in use in this process"};
  }
  return listener;
}

std::shared_ptr<ConnectionState> connect_inproc(const asio::any_io_executor& executor, const Endpoint& endpoint,
                                                ConnectionOptions options, error_code& ec) {
  const auto listener = transport::InprocNames::instance().find<InprocListener>(endpoint.name());
  if (!listener) {
    ec = error::no_listener;
    return nullptr;
  }
  return listener->connect(executor, std::move(options), ec);
}

}  // namespace parley::detail
