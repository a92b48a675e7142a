// parley tunnel: local ports whose connections come out elsewhere, all through one connection.
#include "commands.hpp"
#include "tunnel/carrier.hpp"
#include "tunnel/destination.hpp"
#include "tunnel/preamble.hpp"
#include "tunnel/uplink.hpp"

#include <parley/error.hpp>
#include <parley/transport/acceptor.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <list>
#include <string>
#include <utility>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

constexpr auto as_step = asio::as_tuple(asio::use_awaitable);

class Tunnel {
 public:
  explicit Tunnel(const TunnelOptions& options)
      : options_{options},
        loop_{options},
        console_{loop_.output(), options},
        carrier_{loop_, console_, options, [this] { return std::size_t{uplink_.is_up() ? 1U : 0U}; }},
        uplink_{loop_, console_, options} {}

  ExitCode run() {
    return loop_.run([this] { return forward_all(); });
  }

 private:
  /// A local port that is open.
  struct LocalPort {
    transport::Acceptor acceptor;
    Endpoint to;
  };

  asio::awaitable<ExitCode> forward_all() {
    for (const Forward& each : options_.forwards)
      if (!open(each)) co_return ExitCode::failure;
    carrier_.watch_totals();
    loop_.spawn(uplink_.run());
    for (LocalPort& port : ports_) loop_.spawn(accept_all(port));
    const ExitCode code = co_await loop_.ending().wait();
    for (LocalPort& port : ports_) port.acceptor.close();
    co_await carrier_.drain();
    co_await uplink_.close();
    carrier_.tell_totals();
    co_return code;
  }

  bool open(const Forward& forward) {
    try {
      ports_.push_back({transport::Acceptor{loop_.executor(), forward.listen, byte_transport()}, forward.to});
    } catch (const Error& e) {
      console_.error(e.what(), ExitCode::failure);
      return false;
    }
    transport::Acceptor& acceptor = ports_.back().acceptor;
    acceptor.on_trouble([this](boost::system::error_code ec, Duration) {
      console_.warning("a connection has to wait to be accepted: " + ec.message());
    });
    console_.forwarding(acceptor.local_endpoint(), forward.to);
    return true;
  }

  asio::awaitable<void> accept_all(LocalPort& port) {
    for (;;) {
      auto [ec, local] = co_await port.acceptor.async_accept(as_step);
      if (ec) co_return;  // closed
      co_await carrier_.room();
      if (loop_.ending().is_given()) co_return local.reset();  // it has waited for room, and there is no more
      loop_.spawn(serve(std::move(local), port.to));
      co_await loop_.output().room();
    }
  }

  asio::awaitable<void> serve(transport::Stream local, Endpoint to) {
    Carrier::Place place{carrier_, local.remote_endpoint().to_string(), to.to_string()};
    const Deadline deadline{options_.patience()};
    const Uplink::LanePtr lane = co_await uplink_.lane(deadline);
    if (!lane) co_return refuse_local(local, place, no_session());
    auto [ec, channel] = co_await lane->session.open(deadline, as_step);
    if (ec) co_return refuse_local(local, place, lane->session.last_error());
    ++lane->connection_count;
    co_await carry(local, channel, place, to);
    --lane->connection_count;
  }

  /// What comes up goes at once, behind the question; what comes down begins behind the answer.
  asio::awaitable<void> carry(transport::Stream& local, transport::Stream& channel, Carrier::Place& place,
                              const Endpoint& to) {
    const boost::system::error_code not_asked = co_await ask(channel, to.serialize(), options_.patience());
    if (not_asked) {
      channel.reset();
      co_return refuse_local(local, place, why_unanswered(channel, not_asked, options_.patience()));
    }
    Relay relay{local, channel, carrier_.traffic()};
    const Carrier::Carrying carrying{carrier_, relay};
    Answer answer;
    const boost::system::error_code unanswered = co_await read_answer(channel, answer, answer_patience());
    if (!unanswered && answer.verdict == Verdict::connected) {
      carrier_.note_opened(place);
      co_return co_await carrier_.carry_down(place, relay);
    }
    std::string failure = answer.sentence;
    if (unanswered)
      failure = relay.failure().empty() ? why_unanswered(channel, unanswered, answer_patience()) : relay.failure();
    relay.cut(failure);
    co_await relay.over();
    carrier_.note_refused(place, failure);
  }

  /// A gateway may take its own time twice, to hear the question and to connect, and say then which of them was not
  /// enough.
  Seconds answer_patience() const { return 2 * options_.patience(); }

  std::string why_unanswered(const transport::Stream& channel, const boost::system::error_code& why,
                             Seconds waited) const {
    const std::string gateway = options_.via->to_string();
    if (why == error::timed_out)
      return fmt::format("{} has not answered what it was asked for {:g} s", gateway, waited.count());
    if (why == error::malformed) return gateway + " has given an answer that makes no sense";
    if (why == asio::error::eof) return gateway + " has ended the channel without an answer";
    return describe(channel, why);
  }

  void refuse_local(transport::Stream& local, const Carrier::Place& place, const std::string& sentence) {
    local.reset();
    carrier_.note_refused(place, sentence);
  }

  std::string no_session() const {
    return fmt::format("no session with {} for {:g} s{}{}", options_.via->to_string(), options_.patience().count(),
                       uplink_.reason().empty() ? "" : "; ", uplink_.reason());
  }

  const TunnelOptions& options_;
  CommandLoop loop_;
  CarrierConsole console_;
  Carrier carrier_;
  Uplink uplink_;
  std::list<LocalPort> ports_;
};

}  // namespace

ExitCode run_tunnel(const TunnelOptions& options) {
  Tunnel command{options};
  return command.run();
}

}  // namespace parley::tool
