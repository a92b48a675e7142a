#include "tunnel/carrier.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

constexpr auto as_told = asio::as_tuple(asio::use_awaitable);

}  // namespace

Carrier::Place::Place(Carrier& carrier, std::string peer, std::string to)
    : connection{++carrier.last_number_, std::move(peer), std::move(to)}, book_{carrier.book_} {
  ++book_->totals.open;
}

Carrier::Place::~Place() {
  --book_->totals.open;
  book_->changed.cancel();
}

Carrier::Carrying::Carrying(Carrier& carrier, Relay& relay) : book_{carrier.book_}, relay_{relay} {
  book_->relays.insert(&relay_);
  carrier.loop_.spawn(relay_.go_up());
}

Carrier::Carrying::~Carrying() { book_->relays.erase(&relay_); }

Carrier::Carrier(CommandLoop& loop, CarrierConsole& console, const CarrierOptions& options,
                 std::function<std::size_t()> session_count)
    : loop_{loop},
      console_{console},
      options_{options},
      session_count_{std::move(session_count)},
      book_{std::make_shared<Book>(loop.executor())},
      asked_for_totals_{loop.executor(), SIGUSR1} {}

asio::awaitable<void> Carrier::room() {
  if (is_full() && !std::exchange(told_that_full_, true))
    console_.warning(fmt::format("as many connections are open as --max-connections allows, {}; further ones wait",
                                 options_.connections_max));
  while (is_full()) co_await book_->changed.async_wait(as_told);
}

// --- connections -----------------------------------------------------------------------------------------------------

void Carrier::note_opened(const Place& place) {
  ++book_->totals.opened;
  console_.opened(place.connection);
}

void Carrier::note_refused(const Place& place, std::string_view sentence) {
  ++book_->totals.refused;
  console_.refused(place.connection, sentence);
}

asio::awaitable<void> Carrier::carry_down(Place& place, Relay& relay) {
  co_await relay.go_down();
  co_await relay.over();
  console_.closed(place.connection, relay.traffic(), relay.failure());
}

// --- totals ----------------------------------------------------------------------------------------------------------

void Carrier::watch_totals() {
  loop_.spawn(tell_at_signals());
  if (options_.stats_interval) loop_.spawn(tell_at_intervals());
}

void Carrier::tell_totals() {
  book_->totals.sessions = session_count_();
  console_.totals(book_->totals);
}

asio::awaitable<void> Carrier::tell_at_signals() {
  for (;;) {
    co_await asked_for_totals_.async_wait(asio::use_awaitable);
    tell_totals();
  }
}

asio::awaitable<void> Carrier::tell_at_intervals() {
  asio::steady_timer timer{loop_.executor()};
  for (;;) {
    timer.expires_at(Deadline{*options_.stats_interval}.when());
    co_await timer.async_wait(asio::use_awaitable);
    tell_totals();
    co_await loop_.output().room();
  }
}

// --- leaving ---------------------------------------------------------------------------------------------------------

asio::awaitable<void> Carrier::drain() {
  co_await none_open(drain_max);
  cut_all();
  // What was cut takes a turn to end.
  co_await none_open(std::chrono::milliseconds{100});
}

asio::awaitable<void> Carrier::none_open(Deadline deadline) {
  while (book_->totals.open > 0 && Clock::now() < deadline.when()) {
    book_->changed.expires_at(deadline.when());
    co_await book_->changed.async_wait(as_told);
  }
  book_->changed.expires_at(asio::steady_timer::time_point::max());  // else who waits for room() would not sleep
}

void Carrier::cut_all() {
  if (book_->relays.empty()) return;
  const std::size_t count = book_->relays.size();
  console_.warning(count == 1 ? "1 connection was still open, and is cut"
                              : fmt::format("{} connections were still open, and are cut", count));
  for (Relay* relay : book_->relays) relay->cut("it was still open when parley left");
}

}  // namespace parley::tool
