// parley gateway: where tunnels come out. It connects for them to what is on its list, and nowhere else.
#include "commands.hpp"
#include "transport.hpp"
#include "tunnel/carrier.hpp"
#include "tunnel/destination.hpp"
#include "tunnel/mux_endpoint.hpp"
#include "tunnel/preamble.hpp"

#include <parley/error.hpp>
#include <parley/mux/session.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

constexpr auto as_part = asio::as_tuple(asio::use_awaitable);

/// Tunnels at once.
constexpr std::size_t sessions_max = 256;
/// For the goodbye of a session.
constexpr std::chrono::seconds goodbye_max{1};

class Gateway {
 public:
  explicit Gateway(const GatewayOptions& options)
      : options_{options},
        loop_{options},
        console_{loop_.output(), options},
        carrier_{loop_, console_, options, [this] { return sessions_.size(); }} {}

  ExitCode run() {
    return loop_.run([this] { return serve_all(); });
  }

 private:
  using SessionPtr = std::shared_ptr<mux::Session>;

  asio::awaitable<ExitCode> serve_all() {
    if (!listen()) co_return ExitCode::failure;
    carrier_.watch_totals();
    loop_.spawn(accept_sessions());
    const ExitCode code = co_await loop_.ending().wait();
    acceptor_->close();
    for (const SessionPtr& session : sessions_) session->go_away();
    co_await carrier_.drain();
    co_await close_sessions();
    carrier_.tell_totals();
    co_return code;
  }

  bool listen() {
    const Endpoint beneath = stream_endpoint(*options_.listen);
    try {
      acceptor_.emplace(loop_.executor(), beneath, listening_transport(beneath, options_.tls, WsOptions{}));
    } catch (const Error& e) {
      console_.error(e.what(), ExitCode::failure);
      return false;
    }
    acceptor_->on_trouble([this](boost::system::error_code ec, Duration) {
      console_.warning("a tunnel has to wait to be accepted: " + ec.message());
    });
    acceptor_->on_refused([this](boost::system::error_code, const std::string& sentence, const Endpoint&) {
      console_.warning("a tunnel was turned away: " + sentence);
    });
    console_.listening(mux_endpoint(acceptor_->local_endpoint()));
    return true;
  }

  // --- sessions ------------------------------------------------------------------------------------------------------

  asio::awaitable<void> accept_sessions() {
    for (;;) {
      auto [ec, stream] = co_await acceptor_->async_accept(as_part);
      if (ec) co_return;  // closed
      if (sessions_.size() >= sessions_max) {
        console_.warning(fmt::format("a tunnel was turned away: there are {}, the most there may be", sessions_max));
        stream.reset();
        continue;
      }
      loop_.spawn(serve_session(std::move(stream)));
      co_await loop_.output().room();
    }
  }

  asio::awaitable<void> serve_session(transport::Stream stream) {
    const Endpoint from = mux_endpoint(stream.remote_endpoint());
    const auto session =
        std::make_shared<mux::Session>(std::move(stream), mux::Role::server, session_options(options_));
    sessions_.insert(session);
    const auto connections = std::make_shared<std::size_t>(0);
    loop_.spawn(accept_channels(session, from, connections));
    const std::string end = co_await watch(*session, from, *connections);
    sessions_.erase(session);
    if (!end.empty()) console_.warning(fmt::format("a tunnel was turned away: {}: {}", from.to_string(), end));
  }

  /// To its end. Why it never began; empty if it did.
  asio::awaitable<std::string> watch(mux::Session& session, const Endpoint& from, const std::size_t& connections) {
    bool is_up = false;
    for (;;) {
      const auto [ec, event] = co_await session.next_event(Deadline::never(), as_part);
      const bool is_over = ec || event.kind == mux::SessionEvent::Kind::ended;
      if (!is_over && event.kind == mux::SessionEvent::Kind::ready) {
        is_up = true;
        console_.session_up(from, std::nullopt);
      }
      if (!is_over) continue;
      const std::string sentence = ec ? session.last_error() : event.sentence;
      if (!is_up) co_return sentence;
      if (!loop_.ending().is_given()) console_.session_lost(from, connections, sentence);
      co_return std::string{};
    }
  }

  asio::awaitable<void> close_sessions() {
    const Deadline deadline{goodbye_max};  // of all together
    while (!sessions_.empty()) {
      const SessionPtr session = *sessions_.begin();
      sessions_.erase(session);
      co_await session->close(deadline, as_part);
    }
  }

  // --- connections ---------------------------------------------------------------------------------------------------

  asio::awaitable<void> accept_channels(SessionPtr session, Endpoint from, std::shared_ptr<std::size_t> connections) {
    for (;;) {
      auto [ec, channel] = co_await session->accept(Deadline::never(), as_part);
      if (ec) co_return;  // the session has ended
      loop_.spawn(serve(std::move(channel), from, connections));
      co_await loop_.output().room();
    }
  }

  asio::awaitable<void> serve(transport::Stream channel, Endpoint from, std::shared_ptr<std::size_t> connections) {
    const bool is_full = carrier_.is_full();
    Carrier::Place place{carrier_, from.to_string(), {}};
    ++*connections;
    if (is_full) {
      const Answer answer{Verdict::too_many, fmt::format("the gateway has as many connections open as it may, {}",
                                                         options_.connections_max)};
      co_await turn_down(channel, place, answer);
    } else {
      co_await connect_and_carry(channel, place);
    }
    --*connections;
  }

  asio::awaitable<void> connect_and_carry(transport::Stream& channel, Carrier::Place& place) {
    const Asked asked = co_await hear(channel, options_.patience());
    if (asked.code && !is_worth_an_answer(asked.code))
      co_return carrier_.note_refused(place, "it ended before it said where to");
    Answer answer;
    const std::optional<Endpoint> to = read_destination_asked(asked, answer);
    if (to) place.connection.to = to->to_string();
    if (!to) co_return co_await turn_down(channel, place, answer);
    auto [ec, destination] = co_await connect(*to, answer);
    if (ec) co_return co_await turn_down(channel, place, answer);
    const boost::system::error_code gone = co_await reply(channel, answer, options_.patience());
    if (gone) co_return give_up(channel, place, gone);
    Relay relay{channel, destination, carrier_.traffic()};
    const Carrier::Carrying carrying{carrier_, relay};
    carrier_.note_opened(place);
    co_await carrier_.carry_down(place, relay);
  }

  static bool is_worth_an_answer(const boost::system::error_code& ec) {
    return ec == error::timed_out || ec == error::message_too_large;
  }

  /// Nothing, and an answer that says why, unless one may connect there.
  std::optional<Endpoint> read_destination_asked(const Asked& asked, Answer& answer) const {
    answer.verdict = Verdict::malformed;
    if (asked.code == error::timed_out) {
      answer.sentence = fmt::format("nothing was asked for {:g} s", options_.patience().count());
    } else if (asked.code) {
      answer.sentence = fmt::format("no endpoint is longer than {} bytes", Endpoint::text_size_max);
    } else {
      EndpointError why;
      const std::optional<Endpoint> to = Endpoint::parse(asked.text, &why);
      if (to && options_.allowed.allows(*to)) return to;
      if (to) answer.verdict = Verdict::not_allowed;
      answer.sentence = to ? to->to_string() + " is not among what this gateway allows" : why.what();
    }
    return std::nullopt;
  }

  struct Reached {
    boost::system::error_code code;
    transport::Stream stream;
  };

  asio::awaitable<Reached> connect(Endpoint to, Answer& answer) {
    const auto why = std::make_shared<std::string>();
    transport::StreamConnectOptions how;
    how.deadline(Deadline{options_.patience()}).transport(byte_transport()).failure_to(why);
    auto [ec, stream] = co_await transport::async_connect(loop_.executor(), to, how, as_part);
    answer.verdict = ec ? Verdict::failed : Verdict::connected;
    answer.sentence = ec && why->empty() ? ec.message() : *why;
    Reached reached{ec, std::move(stream)};
    co_return reached;
  }

  asio::awaitable<void> turn_down(transport::Stream& channel, const Carrier::Place& place, const Answer& answer) {
    carrier_.note_refused(place, answer.sentence);
    const boost::system::error_code gone = co_await reply(channel, answer, options_.patience());
    if (gone) co_return channel.reset();
    channel.close();  // behind the answer
  }

  /// Nobody takes the answer that it is connected.
  void give_up(transport::Stream& channel, const Carrier::Place& place, const boost::system::error_code& why) {
    channel.reset();  // what a peer does not read must not wait for it
    carrier_.note_refused(place, why == error::timed_out
                                     ? fmt::format("the tunnel took no answer for {:g} s", options_.patience().count())
                                     : "it ended before it was connected");
  }

  const GatewayOptions& options_;
  CommandLoop loop_;
  CarrierConsole console_;
  Carrier carrier_;
  std::optional<transport::Acceptor> acceptor_;
  std::set<SessionPtr> sessions_;
};

}  // namespace

ExitCode run_gateway(const GatewayOptions& options) {
  Gateway command{options};
  return command.run();
}

}  // namespace parley::tool
