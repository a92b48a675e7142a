#include "proxy/pump.hpp"

#include <parley/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// Messages on their way through the proxy, beside those in the queues of its sockets.
constexpr std::size_t held_count_max = 16'384;
constexpr std::size_t held_size_max = 16 * limits::mib;

}  // namespace

Pump::Pump(CommandLoop& loop, Party& from, Party& to, const ProxyOptions& options, std::uint64_t way)
    : loop_{loop},
      from_{from},
      to_{to},
      options_{options},
      faults_{options.faults, way},
      something_went_{loop.executor(), asio::steady_timer::time_point::max()},
      next_due_{loop.executor(), asio::steady_timer::time_point::max()},
      next_free_{loop.executor()},
      last_came_{Clock::now()} {}

asio::awaitable<void> Pump::run() {
  if (options_.faults.delay) loop_.spawn(release_all());
  return take_all();
}

asio::awaitable<void> Pump::take_all() {
  while (!is_stopped_) {
    while (!has_room()) co_await something_went_.async_wait(asio::as_tuple(asio::use_awaitable));
    Received received;
    try {
      received = co_await from_.socket().receive();
    } catch (const Error&) {
      co_return;  // it is closed
    }
    last_came_ = Clock::now();
    ++held_count_;
    held_size_ += received.message.size();
    if (faults_.drops()) {
      ++dropped_count_;
      received.decline();
      note_gone(received);
    } else if (options_.faults.delay) {
      delay(std::move(received));
    } else {
      co_await forward(std::move(received));
    }
  }
}

bool Pump::has_room() const noexcept { return held_count_ < held_count_max && held_size_ < held_size_max; }

// --- delaying --------------------------------------------------------------------------------------------------------

void Pump::delay(Received received) {
  const TimePoint due = faults_.due(received.sender, last_came_);
  delayed_.emplace(std::pair{due, ++last_number_}, std::move(received));
  next_due_.cancel();
}

asio::awaitable<void> Pump::release_all() {
  while (!is_stopped_) {
    const TimePoint due = delayed_.empty() ? TimePoint::max() : delayed_.begin()->first.first;
    if (delayed_.empty() || (due > Clock::now() && !in_a_hurry_)) {
      next_due_.expires_at(due);
      co_await next_due_.async_wait(asio::as_tuple(asio::use_awaitable));
    } else {
      Received received = std::move(delayed_.extract(delayed_.begin()).mapped());
      co_await forward(std::move(received));
    }
  }
}

// --- forwarding ------------------------------------------------------------------------------------------------------

asio::awaitable<void> Pump::forward(Received received) {
  co_await wait_for_the_line(received.message.size());
  if (options_.confirms()) co_return send_confirmed(std::move(received));
  std::optional<Error> failure;
  try {
    co_await to_.socket().send(received.message);
  } catch (const Error& e) {
    failure = e;
  }
  conclude(received, failure ? failure->code() : boost::system::error_code{}, failure ? failure->what() : "");
}

asio::awaitable<void> Pump::wait_for_the_line(std::size_t size) {
  const TimePoint due = faults_.throttled(size, Clock::now());
  if (in_a_hurry_ || due <= Clock::now()) co_return;
  next_free_.expires_at(due);
  co_await next_free_.async_wait(asio::as_tuple(asio::use_awaitable));
}

/// In the order of these calls; who is asked for it next need not wait for the confirmation.
void Pump::send_confirmed(Received received) {
  Message message = received.message;
  to_.socket().send_confirmed(std::move(message), SendOptions{},
                              [this, received = std::move(received)](boost::system::error_code ec) {
                                conclude(received, ec, ec ? to_.socket().last_error() : std::string{});
                              });
}

void Pump::conclude(const Received& received, boost::system::error_code ec, const std::string& why) {
  if (!ec) {
    received.acknowledge();
    ++forwarded_count_;
    forwarded_size_ += received.message.size();
  } else {
    ++left_count_;
    received.decline();
    // Closing says itself what it leaves; and giving up is an event.
    if (ec != asio::error::operation_aborted && ec != error::unacknowledged)
      to_.console().error("a message was not passed on: " + why, ExitCode::failure);
  }
  note_gone(received);
}

void Pump::note_gone(const Received& received) {
  --held_count_;
  held_size_ -= received.message.size();
  something_went_.cancel();
}

// --- ending ----------------------------------------------------------------------------------------------------------

void Pump::hurry() {
  in_a_hurry_ = true;
  next_due_.cancel();
  next_free_.cancel();
}

bool Pump::is_quiet(Duration span) const { return held_count_ == 0 && Clock::now() - last_came_ >= span; }

void Pump::stop() {
  is_stopped_ = true;
  hurry();
  left_count_ += delayed_.size();
  delayed_.clear();
  while (from_.socket().try_receive()) ++left_count_;
}

}  // namespace parley::tool
