#include "conversation.hpp"

#include "say.hpp"

#include <parley/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace parley::agent {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// How long what is queued may still take to go out to the peers there are.
constexpr auto close_time_max = 10s;

SocketOptions socket_options_of(const Settings& settings) {
  SocketOptions options;
  options.send_mode = settings.send_mode;
  options.delivery = settings.delivery;
  options.identity = settings.identity;
  options.overflow = Overflow::wait;  // a source sends all of its messages, whatever their count
  if (settings.send_mode == SendMode::publish && settings.delivery == Delivery::at_least_once) {
    say("publishing is at-most-once only: --delivery at-least-once has no effect");
    options.delivery = Delivery::at_most_once;
  }
  // Tests wait for a peer to come back.
  ExponentialBackoff backoff;
  backoff.max = 500ms;
  options.backoff = backoff;
  return options;
}

asio::awaitable<void> tell_events(std::shared_ptr<Socket> socket) {
  try {
    for (EventTeller teller;;) {
      const SocketEvent event = co_await socket->next_event();
      teller.tell(event);
    }
  } catch (const Error&) {  // the socket has been closed
  }
}

void print_line(std::string_view payload) {
  const bool is_written = std::fwrite(payload.data(), 1, payload.size(), stdout) == payload.size() &&
                          std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
  if (!is_written) {
    throw Error{{errno, boost::system::system_category()}, "cannot write to standard output"};
  }
}

}  // namespace

Conversation::Conversation(asio::io_context& context, const Settings& settings)
    : settings_{settings},
      endpoint_{endpoint_of(settings)},
      endpoint_options_{endpoint_options_of(settings)},
      socket_{std::make_shared<Socket>(context.get_executor(), socket_options_of(settings))} {
  asio::co_spawn(context, tell_events(socket_), asio::detached);
}

asio::awaitable<void> Conversation::hold() {
  co_await meet();
  switch (settings_.behavior) {
    case Behavior::source: co_await be_source(); break;
    case Behavior::sink: co_await be_sink(); break;
    case Behavior::echo: co_await be_echo(); break;
  }
  co_await close();
}

asio::awaitable<void> Conversation::meet() {
  if (settings_.role == Role::bind) {
    const Endpoint bound = co_await socket_->bind(endpoint_, endpoint_options_);
    say("listening on " + bound.to_string());
  } else {
    socket_->connect(endpoint_, endpoint_options_);
  }
}

asio::awaitable<void> Conversation::be_source() {
  for (std::uint64_t i = 0; i < settings_.count; ++i) co_await socket_->send(settings_.prefix + std::to_string(i));
  co_await linger();
}

asio::awaitable<void> Conversation::be_sink() {
  for (std::uint64_t i = 0; i < settings_.count; ++i) {
    const Received received = co_await socket_->receive();
    print_line(received.view());
  }
}

asio::awaitable<void> Conversation::be_echo() {
  for (std::uint64_t i = 0; i < settings_.count; ++i) {
    const Received received = co_await socket_->receive();
    try {
      co_await socket_->send_to(received.sender, received.message);
    } catch (const Error& e) {  // the peer has gone, and others may be there
      say(std::string{"not sent back: "} + e.what());
    }
  }
  co_await linger();
}

asio::awaitable<void> Conversation::linger() {
  asio::steady_timer timer{co_await asio::this_coro::executor, settings_.linger};
  co_await timer.async_wait(asio::use_awaitable);
}

/// Lingering was the time for a peer to come: where there is none now, what is left is not waited for.
asio::awaitable<void> Conversation::close() {
  const Deadline deadline{socket_->peers().empty() ? 0s : close_time_max};
  const SocketCloseReport report = co_await socket_->close(deadline);
  if (report.unsent_count > 0) say(std::to_string(report.unsent_count) + " messages were not sent");
  if (report.unacknowledged_count > 0) {
    say(std::to_string(report.unacknowledged_count) + " messages were not acknowledged");
  }
}

}  // namespace parley::agent
