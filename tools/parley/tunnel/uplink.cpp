#include "tunnel/uplink.hpp"

#include "transport.hpp"
#include "tunnel/mux_endpoint.hpp"

#include <parley/policy/backoff.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <random>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

constexpr auto as_news = asio::as_tuple(asio::use_awaitable);

constexpr std::chrono::seconds dialling_max{10};
constexpr std::chrono::seconds closing_max{1};

/// A gateway that has stayed for so long is no gateway that accepts and drops.
constexpr std::chrono::seconds settled_min{10};

}  // namespace

Uplink::Uplink(CommandLoop& loop, CarrierConsole& console, const TunnelOptions& options)
    : loop_{loop},
      console_{console},
      options_{options},
      beneath_{stream_endpoint(*options.via)},
      transport_{connecting_transport(beneath_, options.tls, WsOptions{})} {}

asio::awaitable<void> Uplink::run() {
  const ExponentialBackoff backoff;
  std::mt19937_64 random{std::random_device{}()};
  for (unsigned failures = 0; !loop_.ending().is_given();) {
    const LanePtr made = co_await dial();
    if (made) {
      const TimePoint since = Clock::now();
      co_await watch(made);
      failures = Clock::now() - since >= settled_min ? 1 : failures + 1;
      if (!loop_.ending().is_given()) co_await pause(backoff(failures, random()));
      continue;
    }
    const Duration delay = backoff(++failures, random());
    console_.retrying(*options_.via, delay, reason_);
    co_await pause(delay);
  }
}

asio::awaitable<Uplink::LanePtr> Uplink::dial() {
  const auto why = std::make_shared<std::string>();
  transport::StreamConnectOptions how;
  how.deadline(dialling_max).transport(transport_).failure_to(why);
  auto [ec, stream] = co_await transport::async_connect(loop_.executor(), beneath_, how, as_news);
  if (ec) {
    reason_ = why->empty() ? ec.message() : *why;
    co_return nullptr;
  }
  auto made = std::make_shared<Lane>(mux::Session{std::move(stream), mux::Role::client, session_options(options_)});
  const bool ready = co_await is_ready(*made);
  co_return ready ? made : nullptr;
}

/// The session's own time for the handshake bounds it.
asio::awaitable<bool> Uplink::is_ready(Lane& lane) {
  const auto [ec, event] = co_await lane.session.next_event(Deadline::never(), as_news);
  if (!ec && event.kind == mux::SessionEvent::Kind::ready) co_return true;
  reason_ = ec ? lane.session.last_error() : event.sentence;
  co_return false;
}

asio::awaitable<void> Uplink::watch(LanePtr lane) {
  using Kind = mux::SessionEvent::Kind;
  console_.session_up(*options_.via, lost_at_ ? std::optional{Clock::now() - *lost_at_} : std::nullopt);
  lane_ = lane;
  for (asio::steady_timer* const each : waiting_) each->cancel();
  for (;;) {
    const auto [ec, event] = co_await lane->session.next_event(Deadline::never(), as_news);
    if (!ec && event.kind == Kind::ready) continue;
    lane_ = nullptr;
    lost_at_ = Clock::now();
    if (!ec && event.kind == Kind::going_away) {
      reason_ = "the gateway is leaving";
      console_.session_ending(*options_.via, lane->connection_count, reason_);
      loop_.spawn(see_off(lane));
      co_return;
    }
    reason_ = ec ? lane->session.last_error() : event.sentence;
    if (!loop_.ending().is_given()) console_.session_lost(*options_.via, lane->connection_count, reason_);
    co_return;
  }
}

asio::awaitable<void> Uplink::see_off(LanePtr lane) {
  leaving_.insert(lane);
  const auto [ec, event] = co_await lane->session.next_event(Deadline::never(), as_news);
  leaving_.erase(lane);
  if (lane->connection_count == 0 || loop_.ending().is_given()) co_return;
  console_.session_lost(*options_.via, lane->connection_count, ec ? lane->session.last_error() : event.sentence);
}

asio::awaitable<Uplink::LanePtr> Uplink::lane(Deadline deadline) {
  asio::steady_timer timer{loop_.executor(), deadline.when()};
  while (!lane_ && Clock::now() < deadline.when()) {
    waiting_.insert(&timer);
    co_await timer.async_wait(as_news);
    waiting_.erase(&timer);
  }
  co_return lane_;
}

asio::awaitable<void> Uplink::pause(Duration span) {
  asio::steady_timer timer{loop_.executor(), span};
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> Uplink::close() {
  const Deadline deadline{closing_max};
  std::set<LanePtr> lanes = leaving_;
  if (lane_) lanes.insert(lane_);
  for (const LanePtr& lane : lanes) co_await lane->session.close(deadline, as_news);
}

}  // namespace parley::tool
