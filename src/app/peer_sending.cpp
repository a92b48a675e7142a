// PeerState: what is sent, from handlers and the rest of the program to the connection.
//
// Where there are hooks, filters or a history, messages go through them and into the connection's queue one at a time,
// so that the order of what filters have encoded is the order on the wire. For the same reason a message waits for room
// before they see it, and not behind them.
#include "app/hub.hpp"
#include "app/in_chain.hpp"
#include "app/peer_state.hpp"
#include "detail/as_result.hpp"
#include "detail/let_others_run.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>

namespace parley::app::detail {

namespace asio = boost::asio;
using parley::detail::await_result;
using parley::detail::ConnectionState;
using parley::detail::Handler;

// --- operations ------------------------------------------------------------------------------------------------------

asio::awaitable<void> PeerState::send(std::shared_ptr<PeerState> self, Message message, Deadline deadline) {
  if (self->chain_) co_return co_await send_chained(std::move(self), std::move(message), deadline);
  ConnectionState& state = self->state();
  error_code ec;
  switch (state.try_send(message, ec)) {
    case Sent::done: co_return;
    case Sent::done_and_yield: co_return co_await parley::detail::let_others_run();
    case Sent::failed: break;
    case Sent::must_wait: {
      auto [late] = co_await await_result<void(error_code)>(
          [&](auto handler) { state.send(std::move(message), deadline, Handler<>{std::move(handler)}); });
      if (!late) co_return;
      ec = late;
    }
  }
  self->failed(ec);
  throw Error{ec, self->last_error()};
}

asio::awaitable<void> PeerState::send_chained(std::shared_ptr<PeerState> self, Message message, Deadline deadline) {
  ConnectionState& state = self->state();
  for (;;) {
    {
      const InChain in{self->chain_->mutex};
      if (state.has_room_now()) {
        if (const error_code ec = self->send_through(std::move(message)); ec) throw Error{ec, self->last_error()};
        co_return;
      }
    }
    auto [ec] = co_await await_result<void(error_code)>(
        [&](auto handler) { state.wait_for_room(deadline, Handler<>{std::move(handler)}); });
    if (ec) {
      self->failed(ec);
      throw Error{ec, self->last_error()};
    }
  }
}

void PeerState::start_send(Message message, Deadline deadline, Handler<> handler) {
  const auto own_executor = handler.executor_or(executor());
  if (!hub_->has_context()) {
    // The loop that it was on has gone, and who still has the peer may wait on another.
    return parley::detail::post_completion(std::move(handler), own_executor, failed(error::closed));
  }
  if (!chain_) return state().send(std::move(message), deadline, std::move(handler));
  const auto slot = handler.get_cancellation_slot();
  auto done = [handler = std::move(handler)](const std::exception_ptr& thrown) mutable {
    error_code ec;
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& e) {
      ec = e.code();
    } catch (...) {
      ec = asio::error::invalid_argument;
    }
    std::move(handler)(ec);
  };
  asio::co_spawn(executor(), send(shared_from_this(), std::move(message), deadline),
                 asio::bind_cancellation_slot(slot, asio::bind_executor(own_executor, std::move(done))));
}

error_code PeerState::try_send(Message message) {
  if (!chain_) {
    error_code ec;
    if (state().try_send(message, ec) == Sent::must_wait) ec = error::full;
    return ec ? failed(ec) : ec;
  }
  const InChain in{chain_->mutex};
  if (!state().has_room_now()) {
    if (!state().is_open()) return failed(error::closed);
    return failed(error::full);
  }
  return send_through(std::move(message));
}

error_code PeerState::post(Message message) {
  if (!chain_) {
    const error_code ec = state().post(std::move(message));
    return ec ? failed(ec) : ec;
  }
  const InChain in{chain_->mutex};
  return send_through(std::move(message));
}

bool PeerState::send_reply(Message& message) {
  error_code ec;
  if (chain_) {
    const InChain in{chain_->mutex};
    if (state().is_open() && !state().has_room_now()) return false;
    ec = send_through(std::move(message));
  } else {
    if (state().try_send(message, ec) == Sent::must_wait) return false;
    if (ec) failed(ec);
  }
  if (ec) reply_lost(ec, last_error());
  return true;
}

void PeerState::reply_lost(error_code ec, std::string sentence) {
  hub_->counters().replies_lost.fetch_add(1, std::memory_order_relaxed);
  tell_error(ec, "a reply could not be sent: " + std::move(sentence));
}

// --- hooks and filters -----------------------------------------------------------------------------------------------

error_code PeerState::send_through(Message message) {
  std::string why;
  Message given;
  if (history_) given = message;
  switch (prepare(message, why)) {
    case Prepared::ready: break;
    case Prepared::dropped: hub_->counters().messages_dropped.fetch_add(1, std::memory_order_relaxed); return {};
    case Prepared::refused: return failed(error::message_refused, "the message was not sent: " + why);
  }
  Message on_wire;
  if (history_) on_wire = message;
  if (const error_code ec = state().post(std::move(message)); ec) {
    not_sent();
    return failed(ec);
  }
  if (history_) {
    HistoryEntry entry{std::chrono::system_clock::now(), HistoryEntry::From::here, std::move(on_wire),
                       std::move(given)};
    const std::lock_guard lock{mutex_};
    history_->add(std::move(entry));
  }
  return {};
}

PeerState::Prepared PeerState::prepare(Message& message, std::string& why) {
  try {
    const Prepared hooked = call_send_hooks(message, why);
    return hooked == Prepared::ready ? encode(message, why) : hooked;
  } catch (const std::exception& e) {
    why = std::string{"a hook or filter threw: "} + e.what();
  } catch (...) {
    why = "a hook or filter threw something that is no std::exception";
  }
  hub_->counters().handlers_failed.fetch_add(1, std::memory_order_relaxed);
  return Prepared::refused;
}

PeerState::Prepared PeerState::call_send_hooks(Message& message, std::string& why) {
  const std::vector<Hook>& hooks = kind_table().before_send;
  if (hooks.empty()) return Prepared::ready;
  Peer self{shared_from_this()};
  for (const Hook& hook : hooks) {
    switch (hook(self, message, why)) {
      case Hooked::What::passed: break;
      case Hooked::What::dropped: return Prepared::dropped;
      case Hooked::What::answered: why = "a before_send hook has nobody to answer"; return Prepared::refused;
      case Hooked::What::refused: why = "a hook refused it: " + why; return Prepared::refused;
      case Hooked::What::failed:
        why = "a hook refused it, and the peer is closed: " + why;
        give_up(error::message_refused, why);
        return Prepared::refused;
    }
  }
  return Prepared::ready;
}

std::vector<Filter*> PeerState::encoding_order() const {
  std::vector<Filter*> order;
  for (const auto* const part : {&chain_->filters, &chain_->filters_of_kind}) {
    for (const auto& filter : *part) order.push_back(filter.get());
  }
  std::ranges::reverse(order);
  return order;
}

PeerState::Prepared PeerState::encode(Message& message, std::string& why) {
  if (chain_->filters.empty() && chain_->filters_of_kind.empty()) return Prepared::ready;
  const std::vector<Filter*> order = encoding_order();
  std::size_t done_count = 0;  // of those that have encoded it
  const auto forget = [&] {
    while (done_count > 0) order[--done_count]->not_sent();
  };
  try {
    for (; done_count < order.size(); ++done_count) {
      FilterResult result = order[done_count]->encode(std::move(message));
      if (!result.is_message()) {
        forget();
        why = "a filter refused it: " + result.sentence();
        return result.kind() == FilterResult::Kind::dropped ? Prepared::dropped : Prepared::refused;
      }
      message = std::move(result.message());
    }
  } catch (...) {
    forget();
    throw;
  }
  return Prepared::ready;
}

void PeerState::not_sent() {
  std::vector<Filter*> order = encoding_order();
  for (auto filter = order.rbegin(); filter != order.rend(); ++filter) (*filter)->not_sent();
}

// --- what went wrong -------------------------------------------------------------------------------------------------

error_code PeerState::failed(error_code ec) {
  std::string sentence = ec == error::full
                             ? about("the peer's queue is full, with " +
                                     std::to_string(connection_.stats().send_queue_size) + " bytes in it")
                             : std::string{state().error_for(ConnectionState::Operation::send, ec).what()};
  const std::lock_guard lock{mutex_};
  extras_locked().last_error = std::move(sentence);
  return ec;
}

error_code PeerState::failed(error_code ec, std::string sentence) {
  sentence = about(std::move(sentence));
  const std::lock_guard lock{mutex_};
  extras_locked().last_error = std::move(sentence);
  return ec;
}

}  // namespace parley::app::detail
