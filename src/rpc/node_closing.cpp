// Node: how a client or a server ends.
//
// open -> closing (nothing new is taken; requests get their answers, handlers return) -> leaving (connections end one
// by one) -> closed.
#include "rpc/node.hpp"

#include <parley/error.hpp>
#include <parley/limits.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using parley::detail::post_completion;

void Node::close(Deadline deadline, Handler<CloseReport> handler) {
  const Lock lock{mutex()};
  if (life_ == Life::closed) return post_completion(std::move(handler), executor(), error_code{}, report_);
  start_waiting(closers_.emplace_back(next_id(), std::move(handler), executor()), Deadline::never());
  begin_closing_locked(deadline);
  check_closing_locked();
}

void Node::abandon() noexcept {
  const Lock lock{mutex()};
  is_abandoned_ = true;
  tenancy_.retire();
  if (context() == nullptr || life_ == Life::closed) return;
  begin_closing_locked(limits::linger);
  fail_all(event_waiters_, asio::error::operation_aborted);
  if (is_leaving_) return;
  end_work_locked();
  leave_locked();
}

void Node::begin_closing_locked(Deadline deadline) {
  if (!deadline.is_never() && (!close_deadline_.is_set() || deadline.when() < close_deadline_.when)) {
    if (close_deadline_.is_set()) context()->cancel(close_deadline_);
    close_deadline_ = context()->schedule(executor(), deadline.when(), *this, token_close);
  }
  if (life_ != Life::open) return;
  life_ = Life::closing;
  held_while_closing_ = shared_from_this();
  stop_listening_locked();
  fail_all(strays_, asio::error::operation_aborted);
  strays_size_ = 0;
  abort_waits_locked();
}

bool Node::is_idle_locked() {
  bool is_idle = answering_count_ == 0;
  for_each_peer_locked([&](const PeerPtr& peer) {
    const policy::RpcParty& party = peer->party;
    // Who is away and cannot come any more neither answers nor takes what is kept for it.
    const bool is_there = peer->carrier || reconnects_locked();
    if (party.job_count() > 0 || (is_there && (party.call_count() > 0 || party.kept_count() > 0))) is_idle = false;
  });
  return is_idle;
}

void Node::check_closing_locked() {
  if (life_ != Life::closing || is_leaving_ || !is_idle_locked()) return;
  end_work_locked();
  leave_locked();
}

/// What is under way ends.
void Node::end_work_locked() {
  for_each_peer_locked([&](const PeerPtr& peer) {
    report_.handlers_cancelled += peer->party.job_count();
    report_.unsent_count += peer->party.kept_count();
    forget_locked(peer, asio::error::operation_aborted, {});
  });
}

void Node::leave_locked() {
  is_leaving_ = true;
  stop_connecting_locked();
  for (const PeerPtr& peer : connected_peers_locked()) {
    std::shared_ptr<Carrier> carrier = peer->carrier;
    disconnected_locked(peer, error::closed, "this side has left");
    let_leave_locked(std::move(carrier));
  }
  if (leaving_.empty()) conclude_locked();
}

void Node::on_finished_locked(Carrier& carrier) {
  const bool was_one = std::erase_if(leaving_, [&](const auto& each) { return each.get() == &carrier; }) > 0;
  if (was_one) report_.unsent_count += carrier.unwritten_count();
  if (was_one && leaving_.empty() && is_leaving_) conclude_locked();
}

void Node::give_up_closing_locked() {
  if (life_ != Life::closing) return;
  if (!is_leaving_) {
    end_work_locked();
    leave_locked();
    // What is queued for those who read is written; nobody is waited for.
  }
  while (!leaving_.empty()) {
    report_.unsent_count += leaving_.back()->unwritten_count();
    leaving_.back()->close();
    leaving_.pop_back();
  }
  conclude_locked();
}

void Node::conclude_locked() {
  if (std::exchange(life_, Life::closed) == Life::closed) return;
  for (parley::detail::DeadlineId* deadline : {&look_deadline_, &close_deadline_}) {
    if (deadline->is_set() && context() != nullptr) context()->cancel(*deadline);
    *deadline = {};
  }
  fail_all(event_waiters_, is_abandoned_ ? error_code{asio::error::operation_aborted} : error_code{error::closed});
  while (!closers_.empty()) complete(closers_.take_front(), error_code{}, report_);
  // The caller still uses this object under its mutex: let go of it from the loop instead.
  asio::post(executor(), [self = std::move(held_while_closing_)] {});
}

void Node::on_context_shutdown() noexcept {
  // Destroyed when the lock is released: handlers may own this object, and much else.
  Ring<Stray> strays;
  Ring<EventWaiter> event_waiters;
  Ring<Closer> closers;
  std::vector<std::shared_ptr<Carrier>> leaving;
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<std::shared_ptr<void>> others;
  std::shared_ptr<parley::detail::ContextMember> self;
  const Lock lock{mutex()};
  forget_context();
  life_ = Life::closed;
  for_each_peer_locked([&](const PeerPtr& peer) {
    peer->is_forgotten = true;
    peer->party.end_calls([&](void* call) { calls.emplace_back(static_cast<Call*>(call)); });
    // Strands and timers are the context's, which the handle may outlive, and with it the peer.
    others.push_back(std::make_shared<decltype(peer->running)>(std::exchange(peer->running, {})));
    if (peer->carrier) {
      peer->carrier->forget();
      others.push_back(std::move(peer->carrier));
    }
    others.push_back(peer);
  });
  for (const auto& carrier : leaving_) carrier->forget();
  strays.swap(strays_);
  event_waiters.swap(event_waiters_);
  closers.swap(closers_);
  leaving.swap(leaving_);
  forget_all_locked(others);
  self.swap(held_while_closing_);
}

}  // namespace parley::rpc::detail
