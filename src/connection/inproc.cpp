#include "connection/inproc.hpp"

#include "connection/bell.hpp"
#include "connection/pipe.hpp"
#include "transport/inproc_names.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// What both ends have in common.
struct InprocJoint {
  Bell bells[2];
  Pipe pipes[2]{{bells[1], bells[0]}, {bells[0], bells[1]}};
};

/// One end. It writes into one pipe and reads from the other; what it has for itself is under its own mutex, and its
/// peer's it never touches: news of the peer are found in the pipes, on the next occasion or when the bell rings.
///
/// When a message leaves the outbox: at once where both ends live in one execution context, where a program may look
/// for it without letting the loop run; at once if it is the first since this end's loop had its turn, as a request
/// that is waited for is; otherwise with some others, at the end of the turn at the latest.
///
/// A message larger than the receiver takes does what it does over a stream: the sender may queue it, the receiver cuts
/// the connection when it comes to it. But nobody holds it meanwhile.
class InprocConnection final : public ConnectionState, public BellOwner {
 public:
  /// End 0 or 1 of `joint`.
  InprocConnection(const asio::any_io_executor& executor, ConnectionOptions options, const Endpoint& endpoint,
                   std::shared_ptr<InprocJoint> joint, int end)
      : ConnectionState{executor, std::move(options), Slot::take()},
        endpoint_{endpoint},
        joint_{std::move(joint)},
        bell_{joint_->bells[end]},
        out_pipe_{joint_->pipes[end]},
        out_{out_pipe_},
        in_{joint_->pipes[1 - end]} {}
  ~InprocConnection() override { leave(); }

  static void join(const std::shared_ptr<InprocConnection>& a, const std::shared_ptr<InprocConnection>& b) {
    a->meet(*b);
    b->meet(*a);
    a->begin(a);
    b->begin(b);
  }

  Taken take_locked(Message& message) override { return take_from(*this, message); }
  Sent try_send_locked(Lock& lock, Message& message, error_code& ec) override {
    return try_send_to(*this, lock, message, ec);
  }

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return endpoint_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return endpoint_; }

 private:
  friend class ConnectionState;  // its templates call the functions below on this type

  // --- receiving ---

  Pull pull(Message& message) override {
    if (has_received_all_) [[unlikely]]
      return Pull::ended;
    if (in_.pull(message, has_receivers())) [[likely]]
      return Pull::message;
    at_once_ = true;
    return pull_end();
  }
  void demand() override {
    if (!is_watching()) satisfy_receivers_locked();  // who watches has just looked
  }

  /// There are no messages.
  Pull pull_end() {
    switch (in_.end()) {
      case PipeEnd::none: return Pull::empty;
      case PipeEnd::ended: end_receiving_locked(error::closed, "the peer closed the connection"); break;
      case PipeEnd::cut:
        end_receiving_locked(asio::error::connection_reset,
                             "receiving failed: the peer cut the connection, because a message was too large for it");
        break;
      case PipeEnd::too_large: cut_peer_off(); break;
    }
    has_received_all_ = true;
    return Pull::ended;
  }
  void cut_peer_off() {
    const std::string sentence = "message of " + std::to_string(in_.too_large_size()) + " bytes exceeds the limit of " +
                                 std::to_string(options_.message_size_max);
    end_receiving_locked(error::message_too_large, sentence);
    in_.end_reading(PipeReading::gone);
    out_.end(PipeEnd::cut);
    end_sending_locked(error::message_too_large, sentence, {});
  }

  void stop_taking_in() override { in_.stop_taking_in(); }
  void end_pulling() override {
    has_received_all_ = true;
    in_.end_reading(PipeReading::ended);
  }

  // --- sending ---

  bool push(Message& message, error_code& ec) override {
    if (message.size() > either_size_max_ || ended_ || out_.reading() >= PipeReading::ended) [[unlikely]] {
      if (!may_push(message, ec)) return !ec;
    }
    if (at_once_ || has_senders()) {
      out_.push_through(std::move(message));
      at_once_ = is_one_context_;
      return true;
    }
    out_.push(std::move(message));
    if (out_.has_gathered()) out_.offer();
    if (!is_turn_end_posted_ && out_.has_outbox()) post_turn_end();
    return true;
  }
  void pushed(Lock& /*lock*/) override {}
  void write_now(Lock& /*lock*/) override {
    out_.hand_over();
    satisfy_flushers_locked();
  }

  /// For what is unusual. False: refused with `ec`, or without, and then it counts as sent.
  bool may_push(const Message& message, error_code& ec) {
    const std::string of_size = "message of " + std::to_string(message.size()) + " bytes exceeds ";
    if (message.size() > options_.message_size_max) {
      ec = error::message_too_large;
      note_locked(ec, of_size + "the limit of " + std::to_string(options_.message_size_max));
      return false;
    }
    note_reader();
    if (ec = refused_locked(); ec) return false;
    if (ended_) {
      ec = error::send_ended;
      note_locked(ec, "this direction has ended");
      return false;
    }
    if (message.size() <= out_pipe_.size_max) return true;
    end_sending_locked(asio::error::connection_reset,
                       "sending failed: the peer cuts the connection, because a " + of_size + "its limit of " +
                           std::to_string(out_pipe_.size_max),
                       {1, message.size(), 0});
    out_.end(PipeEnd::too_large, message.size());
    return false;
  }
  /// What the peer's end has done meanwhile that ends sending.
  void note_reader() {
    const PipeReading reading = out_.reading();
    if (reading < PipeReading::ended) return;
    const Amount lost = out_.kept();
    out_.drop_outbox();
    const CloseReport report{lost.count, lost.size, 0};
    if (reading == PipeReading::gone)
      return end_sending_locked(error::closed, "the peer closed the connection", report);
    end_sending_locked(error::closed, "the peer receives no more", report);
  }

  void post_turn_end() {
    is_turn_end_posted_ = true;
    asio::post(executor(), [this, held = shared_from_this()] {
      Lock lock{mutex()};
      is_turn_end_posted_ = false;
      at_once_ = true;
      write_now(lock);
    });
  }

  [[nodiscard]] bool has_room() const override { return out_.has_room(); }
  void demand_room() override {
    while (has_senders() && !out_.wait_for_room()) release_senders_locked();
  }
  [[nodiscard]] std::size_t queue_size() const override { return out_.queued().size; }
  [[nodiscard]] std::size_t queue_count() const override { return out_.queued().count; }
  [[nodiscard]] std::uint64_t position_queued() const override { return out_.pushed().size; }
  [[nodiscard]] std::uint64_t position_written() const override { return out_.handed_over().size; }
  [[nodiscard]] std::size_t unconfirmed_size() const override { return 0; }
  [[nodiscard]] bool is_lost() const override { return false; }

  // --- the peer has news ---

  void on_bell() override {
    Lock lock{mutex()};
    bell_.answer();
    if (has_left_) return;
    note_reader();
    if (has_senders() && !out_.waits_for_room()) {
      release_senders_locked();
      demand_room();
    }
    try {
      deliver_to_receivers(lock);
    } catch (...) {
      // A handler's exception leaves through the event loop; the others get theirs.
      if (!lock.owns_lock()) lock.lock();
      satisfy_receivers_locked();
      throw;
    }
  }

  // --- ending ---

  void end_sending_behind_queue() override {
    ended_ = true;
    out_.end(PipeEnd::ended);
    satisfy_flushers_locked();
  }
  void start_draining() override { drained_locked(); }
  /// All that has been accepted is handed over, whatever comes.
  [[nodiscard]] CloseReport unsent_locked() override {
    out_.hand_over();
    satisfy_flushers_locked();
    return {out_.kept().count, out_.kept().size, 0};
  }
  void close_transport() override { leave(); }
  void forget_transport() noexcept override { leave(); }

  void meet(InprocConnection& peer) {
    either_size_max_ = std::min(options_.message_size_max, peer.options_.message_size_max);
    options_.send_high_water_size = std::min(options_.send_high_water_size, peer.options_.receive_high_water_size);
    out_pipe_.mark = {options_.send_high_water_count, options_.send_high_water_size};
    out_pipe_.size_max = peer.options_.message_size_max;
    is_one_context_ = context() == peer.context();
  }
  void begin(const std::shared_ptr<InprocConnection>& self) {
    in_.begin();
    bell_.hang(executor(), self);
    has_left_ = false;
  }

  /// The peer may still take what is in its pipe; it can send nothing more.
  void leave() noexcept {
    if (std::exchange(has_left_, true)) return;
    out_.end(PipeEnd::ended);
    in_.end_reading(PipeReading::gone);
    bell_.take_down();
  }

  [[nodiscard]] Message partial_locked() const override { return {}; }
  [[nodiscard]] bool has_noticed_end() const override { return in_.writer_has_ended(); }
  void fill_stats(ConnectionStats& stats) const override {
    stats.bytes_sent = out_.pushed().size;
    stats.bytes_received = in_.taken().size;
    stats.receive_queue_size = in_.queued().size;
  }
  void reframe_locked(Framing framing) override { options_.framing = std::move(framing); }

  const Endpoint endpoint_;
  const std::shared_ptr<InprocJoint> joint_;
  Bell& bell_;  // of this end
  Pipe& out_pipe_;
  PipeWriter out_;
  PipeReader in_;
  std::size_t either_size_max_ = 0;  // the lower of both ends' message_size_max
  bool at_once_ = true;              // the next message is not gathered
  bool is_one_context_ = false;      // both ends live in one
  bool is_turn_end_posted_ = false;
  bool has_received_all_ = false;
  bool ended_ = false;    // the sending direction, by this end
  bool has_left_ = true;  // or not begun
};

class InprocListener final : public ListenerBackend, public transport::InprocPlace {
 public:
  InprocListener(const asio::any_io_executor& executor, const Endpoint& endpoint, ListenerOptions options)
      : ListenerBackend{executor, std::move(options)}, endpoint_{endpoint} {}

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return endpoint_; }

  std::shared_ptr<ConnectionState> connect(const asio::any_io_executor& client_executor, ConnectionOptions options,
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
    const auto joint = std::make_shared<InprocJoint>();
    const asio::any_io_executor server_executor = options_.deal ? options_.deal() : executor();
    auto client = std::make_shared<InprocConnection>(client_executor, std::move(options), endpoint_, joint, 0);
    auto server = std::make_shared<InprocConnection>(server_executor, options_.connection, endpoint_, joint, 1);
    InprocConnection::join(client, server);
    backlog_.emplace_back(std::move(server));
    if (has_acceptors()) want_connection();
    return client;
  }

 private:
  std::shared_ptr<ConnectionState> ready_connection() override {
    return backlog_.empty() ? nullptr : backlog_.take_front();
  }
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
