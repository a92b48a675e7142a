#include "rpc/stream_carrier.hpp"

#include "rpc/node.hpp"

#include <parley/error.hpp>
#include <parley/limits.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using policy::RpcConversation;
using EventKind = RpcConversation::Event::Kind;

namespace {

/// How many messages are taken before others have their turn: some hundred microseconds of small requests.
constexpr int messages_in_a_row_max = 256;

/// How long one that is about to end may get no further with writing, or, when that is done, wait for the other side.
constexpr std::chrono::seconds leave_time_max{1};

PeerInfo info_of(const transport::Stream& stream) {
  PeerInfo info;
  info.endpoint = stream.remote_endpoint();
  if (const auto tls = stream.tls_info(); tls && tls->peer_verified) info.tls_subject = tls->peer_subject;
  return info;
}

RpcConversation::Settings settings_of(const PeerOptions& options, wire::CommunicaRole role, std::string client_id) {
  RpcConversation::Settings settings;
  settings.role = role;
  settings.client_id = std::move(client_id);
  settings.limits = {options.metadata_size_max, options.payload_size_max};
  settings.greeting_time_max = options.greeting_time_max;
  return settings;
}

}  // namespace

StreamCarrier::StreamCarrier(std::shared_ptr<Node> node, transport::Stream stream, wire::CommunicaRole role,
                             std::string client_id)
    : node_{std::move(node)},
      executor_{stream.get_executor()},
      info_{info_of(stream)},
      link_{std::move(stream), executor_, node_->node_mutex(), *this, *node_->node_context(), limits::read_size},
      conversation_{settings_of(node_->options(), role, std::move(client_id)), link_.in(), link_.out()} {}

void StreamCarrier::start(Lock& lock) {
  conversation_.start(Clock::now());
  watch_greeting();
  link_.start();
  flush(lock);
}

// --- writing ---------------------------------------------------------------------------------------------------------

void StreamCarrier::send(What what, std::string_view metadata, const Message& data) {
  const std::size_t before = link_.out().size();
  conversation_.send(metadata, data);
  if (what == What::answer) answers_size_ += link_.out().size() - before;
}

bool StreamCarrier::has_room() const {
  const PeerOptions& options = node_->options();
  return link_.out().size() < options.kept_size_max && link_.out().message_count() < options.kept_count_max;
}

void StreamCarrier::flush(Lock& lock) {
  if (!is_over_ && !link_.out().empty()) link_.appended(lock);
}

void StreamCarrier::accept() { conversation_.accept(); }

void StreamCarrier::reject(std::string_view reason) {
  conversation_.reject(reason);
  leave();
}

void StreamCarrier::on_written(std::size_t /*message_count*/) {
  answers_size_ = std::min(answers_size_, link_.out().size());
  if (is_stalled_ && answers_size_ <= node_->options().answers_size_max / 2) {
    is_stalled_ = false;
    timer_.reset();
    go_on_later();
  }
  end_if_done();
}

void StreamCarrier::on_write_end(error_code ec) {
  const std::string why = link_.explain();
  end(ec, "sending failed: " + (why.empty() ? ec.message() : why));
}

// --- reading ---------------------------------------------------------------------------------------------------------

bool StreamCarrier::wants_bytes() const {
  if (is_finishing_) return true;
  return !is_over_ && !is_taking_ && !goes_on_later_ && !is_stalled_;
}

void StreamCarrier::on_bytes(Lock& lock) {
  if (is_finishing_) {
    link_.in().consume(link_.in().size());
  } else {
    take_events(lock);
  }
}

void StreamCarrier::take_events(Lock& lock) {
  if (is_taking_ || is_over_ || goes_on_later_ || is_stalled_) return;
  struct Taking {
    explicit Taking(bool& is_taking) : flag{is_taking} { flag = true; }
    ~Taking() { flag = false; }
    bool& flag;
  };
  const Taking taking{is_taking_};
  for (int taken = 0;; ++taken) {
    if (is_over_ || is_finishing_) return;
    if (answers_size_ > node_->options().answers_size_max) return watch_stall();
    if (taken == messages_in_a_row_max) return go_on_later();
    RpcConversation::Event event = conversation_.next_event();
    if (!take_event(lock, event)) return;
  }
}

/// False: there is nothing more to come from what is there.
bool StreamCarrier::take_event(Lock& lock, RpcConversation::Event& event) {
  switch (event.kind) {
    case EventKind::message:
      node_->on_message_locked(lock, *this, event.metadata, event.metadata_text, std::move(event.data));
      return true;
    case EventKind::none: return false;
    case EventKind::greeted:
      timer_.reset();
      node_->on_greeted_locked(lock, *this, event.client_id);
      return true;
    case EventKind::rejected:
      is_over_ = true;
      timer_.reset();
      node_->on_rejected_locked(*this, event.sentence);
      link_.close();
      return false;
    case EventKind::ended: end_in_order(); return false;
    case EventKind::failed: end(event.code, event.sentence); return false;
  }
  return false;
}

void StreamCarrier::go_on_later() {
  if (std::exchange(goes_on_later_, true)) return;
  asio::post(executor_, [self = shared_from_this()] { self->go_on(); });
}

void StreamCarrier::go_on() {
  Lock lock{node_->node_mutex()};
  goes_on_later_ = false;
  if (is_over_ || is_finishing_ || node_->node_context() == nullptr) return;
  take_events(lock);
  if (!is_over_ && link_.is_paused() && wants_bytes()) link_.resume();
  flush(lock);
}

void StreamCarrier::on_read_end(error_code ec) {
  has_read_end_ = true;
  if (is_finishing_) return end_if_done();
  if (is_over_) return;
  // Who turns us away does not read what we have sent meanwhile: then the end is a reset, behind the reason.
  if (ec != asio::error::eof && !conversation_.is_in_rejection()) {
    const std::string why = link_.explain();
    return end(ec, why.empty() ? "the connection was lost: " + ec.message() : why);
  }
  conversation_.stream_ended();
  go_on_later();  // what has come before is told first
}

// --- deadlines -------------------------------------------------------------------------------------------------------

void StreamCarrier::watch_greeting() {
  const auto deadline = conversation_.next_deadline();
  if (!deadline) return;
  timer_ = std::make_unique<asio::steady_timer>(executor_, *deadline);
  timer_->async_wait([self = shared_from_this()](error_code ec) {
    if (ec) return;
    const Lock lock{self->node_->node_mutex()};
    if (self->is_over_ || !self->conversation_.next_deadline()) return;
    const RpcConversation::Event event = self->conversation_.expire(Clock::now());
    self->end(event.code, event.sentence);
  });
}

void StreamCarrier::watch_stall() {
  is_stalled_ = true;
  unwritten_before_ = link_.out().size();
  timer_ = std::make_unique<asio::steady_timer>(executor_, node_->options().stall_time_max);
  timer_->async_wait([self = shared_from_this()](error_code ec) {
    if (ec) return;
    const Lock lock{self->node_->node_mutex()};
    if (self->is_over_ || !self->is_stalled_) return;
    if (self->link_.out().size() < self->unwritten_before_) return self->watch_stall();
    self->end(error::peer_too_slow, "the other side has taken none of " + std::to_string(self->answers_size_) +
                                        " bytes of answers within " +
                                        std::to_string(self->node_->options().stall_time_max.count()) + " ms");
  });
}

// --- ending ----------------------------------------------------------------------------------------------------------

void StreamCarrier::end(error_code ec, const std::string& sentence) {
  if (is_over_) return;
  is_over_ = true;
  timer_.reset();
  if (is_finishing_) {
    node_->on_finished_locked(*this);
  } else {
    node_->on_end_locked(*this, ec, sentence);
  }
  link_.close();
}

/// The other side asks nothing more. What is queued for it is written yet, and its end is read: to close before that
/// would answer the last words of TLS with a reset.
void StreamCarrier::end_in_order() {
  const char* const sentence = "the other side has left";
  if (!node_->see_off_locked(shared_from_this())) return end(error::closed, sentence);
  node_->on_end_locked(*this, error::closed, sentence);
  leave();
}

void StreamCarrier::finish() {
  if (is_over_) return node_->on_finished_locked(*this);
  if (conversation_.is_up()) conversation_.finish();
  leave();
}

/// Behind what is queued, and then when the other side has ended too, or nothing moves any more.
void StreamCarrier::leave() {
  if (is_over_ || std::exchange(is_finishing_, true)) return;
  link_.in().consume(link_.in().size());
  link_.end_sending();
  if (is_over_) return;
  link_.resume();
  // Writing may release the lock, which callers count on.
  asio::post(executor_, [self = shared_from_this()] {
    Lock lock{self->node_->node_mutex()};
    self->flush(lock);
  });
  watch_leaving();
}

void StreamCarrier::end_if_done() {
  if (is_finishing_ && has_read_end_ && link_.sending_ended()) end(error::closed, {});
}

void StreamCarrier::watch_leaving() {
  unwritten_before_ = link_.out().size();
  timer_ = std::make_unique<asio::steady_timer>(executor_, leave_time_max);
  timer_->async_wait([self = shared_from_this()](error_code ec) {
    if (ec) return;
    const Lock lock{self->node_->node_mutex()};
    if (self->is_over_) return;
    if (self->link_.out().size() < self->unwritten_before_) return self->watch_leaving();
    self->end(error::closed, {});
  });
}

void StreamCarrier::close() {
  is_over_ = true;
  timer_.reset();
  link_.close();
}

void StreamCarrier::forget() noexcept {
  is_over_ = true;
  timer_.reset();
  link_.forget();
}

std::size_t StreamCarrier::unwritten_count() const { return is_over_ ? 0 : link_.out().message_count(); }

}  // namespace parley::rpc::detail
