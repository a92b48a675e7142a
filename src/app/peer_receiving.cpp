// PeerState: what is received, from the connection to the handlers.
#include "app/hub.hpp"
#include "app/in_chain.hpp"
#include "app/peer_state.hpp"

#include <algorithm>
#include <chrono>

namespace parley::app::detail {
namespace {

std::string words_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

}  // namespace

bool PeerState::receive(Peer& self, Message& message) {
  Message on_wire;
  if (history_) on_wire = message;
  if (chain_ && !decode(chain_->filters, message)) return false;
  if (!has_first_) [[unlikely]]
    note_first(message);
  if (!is_classified_ && !classify(self, message, on_wire)) return false;
  return receive_classified(self, message, std::move(on_wire));
}

bool PeerState::receive_classified(Peer& self, Message& message, Message on_wire) {
  if (chain_ && !decode(chain_->filters_of_kind, message)) return false;
  if (!call_hooks(self, message)) return false;
  if (history_) {
    HistoryEntry entry{std::chrono::system_clock::now(), HistoryEntry::From::peer, std::move(on_wire), message};
    const std::lock_guard lock{mutex_};
    history_->add(std::move(entry));
  }
  const std::uint8_t begun = begun_count_.load(std::memory_order_relaxed);
  if (begun < 2) begun_count_.store(static_cast<std::uint8_t>(begun + 1), std::memory_order_relaxed);
  if (kind_table().handlers.empty()) [[unlikely]] {
    hub_->counters().messages_unhandled.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  return true;
}

bool PeerState::decode(Filters& filters, Message& message) {
  if (filters.empty()) return true;
  const InChain in{chain_->mutex};
  for (std::size_t i = 0; i < filters.size(); ++i) {
    try {
      FilterResult result = filters[i]->decode(std::move(message));
      switch (result.kind()) {
        case FilterResult::Kind::message: message = std::move(result.message()); break;
        case FilterResult::Kind::dropped:
          hub_->counters().messages_dropped.fetch_add(1, std::memory_order_relaxed);
          filter_dropped(filters, i, result.sentence());
          return false;
        case FilterResult::Kind::failed: give_up(result.code(), result.sentence()); return false;
      }
    } catch (...) {
      give_up(error::handler_failed, "a filter threw: " + words_of(std::current_exception()), std::current_exception());
      return false;
    }
  }
  return true;
}

void PeerState::filter_dropped(const Filters& filters, std::size_t index, const std::string& reason) {
  const auto needs_it = [](const auto& filter) { return filter->needs_every_message(); };
  const auto behind = filters.begin() + static_cast<std::ptrdiff_t>(index) + 1;
  bool is_needed = std::any_of(behind, filters.end(), needs_it);
  if (&filters == &chain_->filters) {
    is_needed |= std::ranges::any_of(chain_->filters_of_kind, needs_it);
    chain_->has_dropped = true;
  }
  if (is_needed) return give_up(error::malformed, "a filter dropped a message that the next ones build on: " + reason);
  tell_error(error::message_refused, about("a filter dropped a message: " + reason));
}

bool PeerState::call_hooks(Peer& self, Message& message) {
  for (const Hook& hook : kind_table().after_receive) {
    std::string why;
    Hooked::What what = Hooked::What::refused;
    std::exception_ptr thrown;
    try {
      what = hook(self, message, why);
    } catch (...) {
      thrown = std::current_exception();
      why = "it threw: " + words_of(thrown);
      hub_->counters().handlers_failed.fetch_add(1, std::memory_order_relaxed);
    }
    switch (what) {
      case Hooked::What::passed: break;
      case Hooked::What::dropped:
        hub_->counters().messages_dropped.fetch_add(1, std::memory_order_relaxed);
        return false;
      case Hooked::What::answered: answer(std::move(message)); return false;
      case Hooked::What::refused:
        hub_->counters().messages_refused.fetch_add(1, std::memory_order_relaxed);
        tell_error(error::message_refused, about("a hook refused a message: " + why), thrown);
        return false;
      case Hooked::What::failed:
        hub_->counters().messages_refused.fetch_add(1, std::memory_order_relaxed);
        give_up(error::message_refused, "a hook refused a message, and the peer is closed: " + why);
        return false;
    }
  }
  return true;
}

void PeerState::answer(Message message) {
  if (const error_code ec = post(std::move(message)); ec) reply_lost(ec, last_error());
}

void PeerState::note_first(const Message& message) {
  has_first_ = true;
  if (message.size() > hub_->settings().first_message_size_max) return;
  auto first = std::make_unique<Message>(message.compact());
  const std::lock_guard lock{mutex_};
  first_ = std::move(first);
}

// --- classification --------------------------------------------------------------------------------------------------

bool PeerState::classify(Peer& self, Message& message, const Message& on_wire) {
  if (!held_) {
    const Asked asked = ask_classifier(self, {&message, 1});
    if (asked != Asked::open) return asked == Asked::decided;
    held_ = std::make_unique<Held>();
    Classification& begun = held_->classification.emplace(hub_->settings().classification, Clock::now());
    begun.add(std::move(message));
    overseer_->watch_classification(shared_from_this(), begun.deadline());
  } else {
    if (!held_->classification) return false;  // given up
    held_->classification->add(std::move(message));
    switch (ask_classifier(self, held_->classification->held())) {
      case Asked::decided:
        if (history_) held_->on_wire.push_back(on_wire);
        free_held();
        return false;
      case Asked::over: drop_held(); return false;
      case Asked::open: break;
    }
  }
  if (history_) held_->on_wire.push_back(on_wire);
  (void)is_too_late_to_classify();
  return false;
}

PeerState::Asked PeerState::ask_classifier(Peer& self, std::span<const Message> messages) {
  const char* what_threw = "the classifier threw: ";
  try {
    const Verdict verdict = table_->classifier(self, messages);
    switch (verdict.what()) {
      case Verdict::What::open: return Asked::open;
      case Verdict::What::kind:
        what_threw = "the peer cannot be what the classifier says: ";
        return become(verdict.text()) ? Asked::decided : Asked::over;
      case Verdict::What::refused:
        give_up(error::peer_refused, "the classifier refused the peer: " + verdict.text());
        break;
    }
  } catch (...) {
    hub_->counters().handlers_failed.fetch_add(1, std::memory_order_relaxed);
    give_up(error::peer_refused, what_threw + words_of(std::current_exception()), std::current_exception());
  }
  hub_->counters().unclassified.fetch_add(1, std::memory_order_relaxed);
  return Asked::over;
}

/// False: it was given up. Throws what the program's filters throw when they are made.
bool PeerState::become(const std::string& kind) {
  const KindTable* const known = table_->find(kind);
  if (known == nullptr || known->handlers.empty()) {
    const char* const why = known == nullptr ? ", which it does not declare" : ", which no message handler is for";
    hub_->counters().unclassified.fetch_add(1, std::memory_order_relaxed);
    give_up(error::unknown_kind, "the classifier named the kind \"" + kind + "\"" + why);
    return false;
  }
  if (chain_ && !known->filters.empty()) {
    Filters made = make_filters(known->filters);
    const auto needs_it = [](const auto& filter) { return filter->needs_every_message(); };
    if (chain_->has_dropped && std::ranges::any_of(made, needs_it)) {
      hub_->counters().unclassified.fetch_add(1, std::memory_order_relaxed);
      give_up(error::malformed, "a filter dropped a message that those of the kind \"" + kind + "\" build on");
      return false;
    }
    const std::lock_guard lock{chain_->mutex};
    chain_->filters_of_kind = std::move(made);
  }
  if (known->framing) state().reframe(*known->framing);
  if (known->name.empty()) {
    const std::lock_guard lock{mutex_};
    extras_locked().kind_name = kind;
  }
  is_classified_ = true;
  kind_.store(known, std::memory_order_release);
  return true;
}

void PeerState::free_held() {
  std::vector<Message> messages = held_->classification->take_held();
  held_->classification.reset();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Message on_wire = history_ ? std::move(held_->on_wire[i]) : Message{};
    held_->freed.emplace_back(Held::Freed{std::move(messages[i]), std::move(on_wire)});
  }
  held_->on_wire.clear();
}

void PeerState::drop_held() {
  if (!held_) return;
  std::size_t count = held_->freed.size();
  if (held_->classification) count += held_->classification->held().size();
  hub_->counters().messages_abandoned.fetch_add(count, std::memory_order_relaxed);
  held_->classification.reset();
  held_->freed.clear();
}

bool PeerState::is_too_late_to_classify() {
  if (!held_->classification) return false;
  const std::string why = held_->classification->why_not_open(Clock::now());
  if (why.empty()) return false;
  hub_->counters().unclassified.fetch_add(1, std::memory_order_relaxed);
  drop_held();
  give_up(error::not_classified, why);
  return true;
}

bool PeerState::take_freed(Peer& self, Job& job) {
  if (held_->freed.empty()) {
    if (is_classified_) held_.reset();
    return false;
  }
  if (!state().is_open()) {
    // Closed meanwhile: what no handler has begun is dropped, as what is still in the connection.
    drop_held();
    return false;
  }
  Held::Freed next = held_->freed.take_front();
  job.message = std::move(next.message);
  if (receive_classified(self, job.message, std::move(next.on_wire))) job.begin(kind_table().handlers);
  return true;
}

void PeerState::look_at_classification() { state().ring(); }

}  // namespace parley::app::detail
