// Node: what comes from the other side. Answers go to those who wait for them, requests to their handlers.
#include "rpc/node.hpp"

#include "detail/log.hpp"
#include "rpc/handler_failure.hpp"

#include <parley/detail/call_on.hpp>
#include <parley/error.hpp>
#include <parley/wire/request_fault.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <utility>

namespace parley::rpc::detail {

namespace asio = boost::asio;
using policy::RpcParty;
using wire::RequestMetadata;
using wire::RequestType;

namespace {

/// What an answer that is an error means to who has asked.
std::pair<error_code, std::string> meaning_of(RequestType type, const wire::RequestFault& fault) {
  if (type == RequestType::payload_rejected) return {error::payload_rejected, fault.message};
  const bool is_no_route =
      type == RequestType::requester_error &&
      (fault.reason == wire::reason_no_such_route ||
       (!fault.code && fault.message.starts_with("Route \"") && fault.message.ends_with("\" is not defined")));
  if (is_no_route) return {error::no_such_route, fault.message};
  if (fault.reason == wire::reason_overloaded) return {error::overloaded, fault.message};
  return {error::handler_failed, fault.message};
}

FaultOf fault_of(RequestType type) noexcept {
  switch (type) {
    case RequestType::requester_error:
    case RequestType::payload_rejected: return FaultOf::requester;
    case RequestType::responder_error: return FaultOf::responder;
    default: return FaultOf::unknown;
  }
}

Outcome fault(RequestType type, std::string message, std::string_view reason) {
  return {type, Message{wire::put_fault({std::move(message), {}, {}, std::string{reason}})}};
}

/// From now on, as it is not known how long the request was on its way.
Deadline told_deadline(const RequestMetadata& metadata) {
  if (metadata.timeout_ms <= 0) return {};
  return Deadline{std::chrono::milliseconds{metadata.timeout_ms}};
}

Outcome overloaded(std::string message) {
  return fault(RequestType::responder_error, std::move(message), wire::reason_overloaded);
}

}  // namespace

void Node::on_message_locked(Lock& lock, Carrier& carrier, const RequestMetadata& metadata, std::string_view text,
                             Message data) {
  if (wire::is_answer(metadata.type)) {
    on_answer_locked(lock, carrier, metadata, std::move(data));
  } else {
    on_request_locked(lock, carrier, metadata, text, data);
  }
}

// --- answers ---------------------------------------------------------------------------------------------------------

void Node::on_answer_locked(Lock& lock, Carrier& carrier, const RequestMetadata& metadata, Message data) {
  const std::unique_ptr<Call> call{static_cast<Call*>(carrier.peer()->party.take_answered(metadata.id))};
  if (!call) {
    ++stats_.answers_unasked;
    return;
  }
  ++stats_.answers_received;
  error_code ec;
  Reply reply;
  if (metadata.type == RequestType::answer) [[likely]] {
    reply.data = std::move(data);
  } else {
    reply.failure = failure_of(*call, *carrier.peer(), metadata.type, data);
    ec = reply.failure->code();
    note_locked(ec, reply.failure->what());
  }
  if (life_ != Life::open) check_closing_locked();
  lock.unlock();
  const asio::any_io_executor executor_of_handler = call->handler.executor_or(executor());
  parley::detail::call_on(executor_of_handler,
                          [handler = std::move(call->handler), ec, reply = std::move(reply)]() mutable {
                            std::move(handler)(ec, std::move(reply));
                          });
  lock.lock();
}

std::shared_ptr<const RequestError> Node::failure_of(const Call& call, const Peer& peer, RequestType type,
                                                     const Message& data) {
  std::optional<wire::RequestFault> fault = wire::read_fault(data.view());
  if (!fault) fault = wire::RequestFault{"an error that cannot be read came back", {}, {}, {}};
  const auto [ec, message] = meaning_of(type, *fault);
  const std::string sentence =
      (call.route.empty() ? "the request" : "request " + call.route) + ": " + message + where(peer);
  return std::make_shared<const RequestError>(
      ec, sentence, RemoteFault{fault_of(type), std::move(fault->message), fault->code, std::move(fault->data)});
}

// --- requests --------------------------------------------------------------------------------------------------------

void Node::on_request_locked(Lock& lock, Carrier& carrier, const RequestMetadata& metadata, std::string_view text,
                             const Message& data) {
  ++stats_.requests_received;
  const std::shared_ptr<Peer>& peer = carrier.peer();
  const auto answer = [&](const Outcome& outcome) {
    peer->party.answer(text, metadata, outcome.type, outcome.data);
    if (metadata.type == RequestType::notice) tell_notice_failed_locked(*peer, std::string{metadata.route}, outcome);
  };
  if (life_ != Life::open) {
    ++stats_.requests_refused;
    return answer(overloaded("the other side is stopping"));
  }
  if (asks_for_routes(metadata)) {
    Outcome list{RequestType::answer, routes_text_};
    limit_answer(list);
    return answer(list);
  }
  const Route* const route = find_route_locked(metadata);
  if (route == nullptr) return answer(no_route(metadata));
  Caller& caller = carrier.caller;
  caller.route = metadata.route;
  caller.metadata = text;
  caller.wants_answer = metadata.type != RequestType::notice;
  caller.deadline = told_deadline(metadata);
  if (route->now) return answer_now(lock, carrier, *route, metadata, data);
  const RpcParty::Job job = peer->party.begin(text, metadata, data, caller.deadline, route);
  switch (job.begun) {
    case RpcParty::Begun::now: return start_job(lock, peer, job.id, *route, data, caller);
    case RpcParty::Begun::later:
    case RpcParty::Begun::again: return;
    case RpcParty::Begun::too_many:
      ++stats_.requests_refused;
      return answer(overloaded("too many requests are at work, and wait for their turn"));
  }
}

bool Node::asks_for_routes(const RequestMetadata& metadata) const noexcept {
  return options_.lists_routes && metadata.has_route && metadata.route == routes_route;
}

const Route* Node::find_route_locked(const RequestMetadata& metadata) const {
  if (!metadata.has_route || !routes_.has_named()) return routes_.unnamed();
  return routes_.find(metadata.route);
}

Outcome Node::no_route(const RequestMetadata& metadata) {
  return fault(RequestType::requester_error,
               metadata.has_route ? "Route \"" + std::string{metadata.route} + "\" is not defined"
                                  : "a request has to name a route here",
               wire::reason_no_such_route);
}

void Node::answer_now(Lock& lock, Carrier& carrier, const Route& route, const RequestMetadata& metadata,
                      const Message& data) {
  // What comes over the connection may go while the handler runs; the caller's copy stays.
  RequestMetadata request;
  request.type = metadata.type;
  request.type_begin = metadata.type_begin;
  request.type_end = metadata.type_end;
  const Caller& caller = carrier.caller;
  Outcome outcome;
  ++answering_count_;
  lock.unlock();
  try {
    outcome.data = route.now(data, caller);
  } catch (...) {
    outcome = failure_outcome(std::current_exception(), options_.tells_exceptions);
  }
  lock.lock();
  --answering_count_;
  limit_answer(outcome);
  const std::shared_ptr<Peer>& peer = carrier.peer();
  peer->party.answer(caller.metadata, request, outcome.type, outcome.data);
  if (!caller.wants_answer) tell_notice_failed_locked(*peer, caller.route, outcome);
  // Where another connection has come meanwhile, the answer goes there, and nobody else flushes that.
  if (peer->carrier && peer->carrier.get() != &carrier) {
    const std::shared_ptr<Carrier> now = peer->carrier;
    now->flush(lock);
    if (!lock.owns_lock()) lock.lock();
  }
  if (life_ != Life::open) check_closing_locked();
}

void Node::limit_answer(Outcome& outcome) const {
  if (outcome.data.size() <= options_.payload_size_max) return;
  outcome = fault(RequestType::responder_error,
                  "an answer of " + std::to_string(outcome.data.size()) + " bytes exceeds the limit of " +
                      std::to_string(options_.payload_size_max),
                  {});
}

void Node::start_job(Lock& lock, const PeerPtr& peer, RpcParty::JobId job, const Route& route, Message data,
                     Caller caller) {
  const auto signal = std::make_shared<asio::cancellation_signal>();
  // A strand, as the handler is cancelled from elsewhere.
  const asio::any_io_executor strand = asio::make_strand(executor());
  const Deadline deadline = caller.deadline;
  peer->running.emplace(job, Peer::Running{signal, strand});
  // It holds the signal, which the coroutine refers to, also when the peer has been forgotten.
  auto on_done = [self = std::static_pointer_cast<Node>(shared_from_this()), weak = std::weak_ptr{peer}, job,
                  name = caller.route, signal](const std::exception_ptr& thrown, Message answer) {
    self->on_job_done(weak, job, name, thrown, std::move(answer));
  };
  lock.unlock();
  try {
    asio::co_spawn(strand, route.later(std::move(data), std::move(caller)),
                   asio::bind_cancellation_slot(signal->slot(), on_done));
  } catch (...) {
    on_done(std::current_exception(), {});
  }
  lock.lock();
  const auto running = peer->running.find(job);
  if (running == peer->running.end()) return;
  // Only now may it be cancelled, by its deadline or because its peer has been forgotten meanwhile.
  running->second.has_begun = true;
  if (peer->is_forgotten) return cancel_job(running->second);
  if (deadline.is_never()) return;
  running->second.deadline = std::make_unique<asio::steady_timer>(strand, deadline.when());
  running->second.deadline->async_wait([signal](error_code ec) {
    if (!ec) signal->emit(asio::cancellation_type::terminal);
  });
}

void Node::on_job_done(const std::weak_ptr<Peer>& weak, RpcParty::JobId job, const std::string& route,
                       const std::exception_ptr& thrown, Message data) {
  Outcome outcome;
  if (thrown) {
    outcome = failure_outcome(thrown, options_.tells_exceptions);
  } else {
    outcome.data = std::move(data);
  }
  limit_answer(outcome);
  Lock lock{mutex()};
  const PeerPtr peer = weak.lock();
  if (!peer || context() == nullptr) return;
  peer->running.erase(job);
  if (!peer->party.finish(job, outcome.type, outcome.data)) tell_notice_failed_locked(*peer, route, outcome);
  start_deferred_locked(lock, peer);
  check_closing_locked();
  if (const auto carrier = peer->carrier) carrier->flush(lock);
}

void Node::start_deferred_locked(Lock& lock, const PeerPtr& peer) {
  while (peer->party.has_turn() && !is_leaving_) {
    RpcParty::Deferred next = peer->party.next_deferred();
    std::string decoded;
    const wire::RequestMetadata metadata = wire::scan_metadata(next.metadata_text, decoded).metadata;
    // That which the request has found when it came: routes are added, and never move.
    const auto* const route = static_cast<const Route*>(next.handler);
    Caller caller{peer->info,    std::string{metadata.route}, next.metadata_text, metadata.type != RequestType::notice,
                  next.deadline, requester_for(*peer)};
    start_job(lock, peer, next.id, *route, std::move(next.data), std::move(caller));
  }
}

void Node::tell_notice_failed_locked(const Peer& peer, const std::string& route, const Outcome& outcome) {
  if (outcome.type == RequestType::answer) return;
  const std::optional<wire::RequestFault> fault = wire::read_fault(outcome.data.view());
  Event event;
  event.kind = Event::Kind::notice_failed;
  event.client_id = peer.info->client_id;
  event.endpoint = peer.info->endpoint;
  event.sentence = "notification" + (route.empty() ? "" : " \"" + route + "\"") + ": " + (fault ? fault->message : "");
  parley::detail::log(LogLevel::warning, event.sentence, peer.info->endpoint ? peer.info->endpoint->to_string() : "");
  tell_locked(std::move(event));
}

void Node::cancel_jobs_locked(Peer& peer) {
  for (auto& [job, running] : peer.running) {
    if (running.has_begun) cancel_job(running);
  }
}

void Node::cancel_job(const Peer::Running& running) {
  asio::post(running.strand, [signal = running.stop] { signal->emit(asio::cancellation_type::terminal); });
}

void Node::add_routes(Routes routes) {
  const Lock lock{mutex()};
  routes_.merge(std::move(routes));
  if (options_.lists_routes) routes_text_ = Message{routes_.to_json()};
}

}  // namespace parley::rpc::detail
