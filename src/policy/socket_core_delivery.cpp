// SocketCore: messages that are to arrive at least once.
#include "policy/socket_core.hpp"

#include <utility>

namespace parley::policy {

using boost::system::error_code;

namespace {

/// Sent this often to the same peer, a message goes to another one, if there is one: this one may be stuck.
constexpr unsigned same_peer_max = 2;

}  // namespace

bool SocketCore::has_unacknowledged_room() const noexcept {
  return options_.delivery == Delivery::at_most_once || (outstanding_.count() < options_.unacknowledged_count_max &&
                                                         outstanding_.size() < options_.unacknowledged_size_max);
}

void SocketCore::on_acknowledged(const Peer& peer, const wire::MessageId& id, TimePoint now) {
  const auto key = outstanding_.key_of(id);
  const OutstandingMessage* const found = key ? outstanding_.find(*key) : nullptr;
  if (found == nullptr || !found->was_sent_to(peer.identity)) return;  // late, for one that was sent twice; or made up
  const OutstandingMessage message = outstanding_.remove(*key);
  if (message.operation != 0) complete(message.operation, {});
  if (!backlog_.empty()) serve_backlog(now);
}

void SocketCore::schedule_resend() {
  if (resend_is_scheduled_) return;
  const auto key = outstanding_.longest_sent();
  if (!key) return;
  deadlines_.add(outstanding_.find(*key)->sent_at + options_.resend_after, ResendDue{});
  resend_is_scheduled_ = true;
}

void SocketCore::resend_due(TimePoint now) {
  resend_is_scheduled_ = false;
  while (const auto key = outstanding_.longest_sent()) {
    OutstandingMessage& message = *outstanding_.find(*key);
    if (message.sent_at + options_.resend_after > now) break;
    const Peer* const asked = find(message.link);
    if (asked != nullptr && !takes_bytes(*asked)) {
      outstanding_.postpone(*key, now);  // its acknowledgement may be behind what this side does not read
    } else if (message.sent_count >= message.sent_max) {
      give_up(*key, error::unacknowledged);
    } else if (message.expires <= now) {
      give_up(*key, error::timed_out);
    } else if (Peer* const peer = choose_for_resend(message)) {
      resend(*key, *peer, now);
    } else {
      outstanding_.postpone(*key, now);
    }
  }
  schedule_resend();
}

/// Null: nobody can have it now.
Peer* SocketCore::choose_for_resend(const OutstandingMessage& message) {
  if (message.to) {
    Peer* const peer = find(*message.to);
    return peer != nullptr && marks_.has_room(peer->out) ? peer : nullptr;
  }
  Peer* const before = find(message.link);
  const bool may_still_answer = before != nullptr && before->is_up() && message.sent_count < same_peer_max;
  if (may_still_answer && marks_.has_room(before->out)) return before;
  return round_robin_.next(up_, marks_);
}

void SocketCore::resend(Outstanding::Key key, Peer& peer, TimePoint now) {
  outstanding_.sent_again(key, peer.identity, peer.id, now);
  const OutstandingMessage& message = *outstanding_.find(key);
  ++counters_.messages_resent;
  append_request(peer, message.body, outstanding_.id_of(key));
  SocketEvent event;
  event.kind = SocketEvent::Kind::resent;
  event.identity = peer.identity;
  event.endpoint = peer.info.endpoint;
  event.count = message.sent_count;
  event.message = message.body;
  events_.add(std::move(event));
}

/// Those whose connection was lost go out again at once, where somebody can have them.
void SocketCore::resend_stranded(TimePoint now) {
  std::optional<Outstanding::Key> next;
  for (auto key = outstanding_.first_stranded(); key; key = next) {
    next = outstanding_.next_stranded(*key);
    const OutstandingMessage& message = *outstanding_.find(*key);
    if (message.expires <= now) {
      give_up(*key, error::timed_out);
    } else if (message.sent_count >= message.sent_max) {
      give_up(*key, error::unacknowledged);
    } else if (Peer* const peer = choose_for_resend(message)) {
      resend(*key, *peer, now);
    } else if (message.to && !options_.keep_for_absent_peers && find(*message.to) == nullptr) {
      give_up(*key, error::unknown_peer);
    } else if (!message.to) {
      break;  // nobody has room
    }
  }
  schedule_resend();
}

void SocketCore::give_up(Outstanding::Key key, error_code ec) {
  const OutstandingMessage message = outstanding_.remove(key);
  ++counters_.messages_given_up;
  if (is_closing_) ++lost_while_closing_.unacknowledged_count;
  SocketEvent event;
  event.kind = SocketEvent::Kind::gave_up;
  if (message.to) event.identity = *message.to;
  event.cause = ec;
  event.sentence = "message of " + std::to_string(message.body.size()) + " bytes was sent " +
                   std::to_string(message.sent_count) + " times and not acknowledged";
  event.count = message.sent_count;
  event.message = message.body;
  events_.add(std::move(event));
  if (message.operation != 0) complete(message.operation, ec, event.sentence);
}

void SocketCore::cancel_confirmation(OperationId operation, error_code ec) {
  for (std::size_t i = 0; i < backlog_.count(); ++i) {
    if (backlog_[i].settings.confirms == operation) backlog_[i].settings.confirms = 0;
  }
  if (OutstandingMessage* message = outstanding_.find_operation(operation)) message->operation = 0;
  complete(operation, ec);
}

}  // namespace parley::policy
