// parley peers: who is there.
#include "commands.hpp"
#include "socket/console.hpp"
#include "socket/party.hpp"
#include "text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

class Peers {
 public:
  explicit Peers(const PeersOptions& options)
      : options_{options},
        loop_{options},
        console_{loop_.output(), options, {}},
        party_{loop_, console_, options.party, options} {}

  ExitCode run() {
    return loop_.run([this] { return look(); });
  }

 private:
  asio::awaitable<ExitCode> look() {
    loop_.spawn(party_.watch());
    const bool is_open = co_await party_.open();
    if (!is_open) co_return ExitCode::failure;
    loop_.spawn(pass_over_what_comes());
    loop_.spawn(leave_in_time());
    const ExitCode code = co_await loop_.ending().wait();
    const std::vector<PeerInfo> peers = party_.socket().peers();
    for (const PeerInfo& peer : peers) print(peer);
    if (passed_over_count_ > 0)
      console_.warning(count_of_messages(passed_over_count_) +
                       " came meanwhile and were not acknowledged; those sent at most once are lost to other peers");
    static_cast<void>(co_await party_.socket().close(drain_max));
    if (code != ExitCode::ok || !peers.empty()) co_return code;
    const std::string& why = party_.absence_reason();
    console_.error(fmt::format("no peer for {:g} s{}{}", options_.span.count(), why.empty() ? "" : "; ", why),
                   party_.absence_code());
    co_return party_.absence_code();
  }

  asio::awaitable<void> leave_in_time() {
    asio::steady_timer timer{loop_.executor()};
    timer.expires_at(Deadline{options_.span}.when());
    co_await timer.async_wait(asio::use_awaitable);
    loop_.ending().leave(ExitCode::ok);
  }

  /// Never acknowledged, so that who sends at least once sends it to somebody else.
  asio::awaitable<void> pass_over_what_comes() {
    for (;;) {
      auto [ec, received] = co_await party_.socket().receive(asio::as_tuple(asio::use_awaitable));
      if (ec) co_return;
      ++passed_over_count_;
    }
  }

  void print(const PeerInfo& peer) {
    const std::optional<TimePoint> came = party_.came_at(peer.identity);
    const double up = came ? seconds_of(Clock::now() - *came) : 0;
    if (options_.json) {
      JsonLine line{"peer"};
      line.add("identity", peer.identity.to_string()).add("endpoint", peer.endpoint.to_string());
      line.add_json("up", fmt::format("{:.3f}", up))
          .add_json("heard", fmt::format("{:.3f}", seconds_of(peer.since_heard)));
      line.add("received_bytes", peer.bytes_received).add("sent_bytes", peer.bytes_sent);
      line.add("received", peer.messages_received).add("sent", peer.messages_sent);
      if (!peer.tls_subject.empty()) line.add("tls_subject", peer.tls_subject);
      return console_.Voice::event(line);
    }
    const std::string subject = peer.tls_subject.empty() ? "" : ", " + peer.tls_subject;
    loop_.output().write(
        terminal_safe(fmt::format("{} {} up {:.1f} s, heard {:.1f} s ago, {} bytes received, {} sent{}\n",
                                  peer.identity.to_string(), peer.endpoint.to_string(), up,
                                  seconds_of(peer.since_heard), peer.bytes_received, peer.bytes_sent, subject),
                      NewLines::keep));
  }

  const PeersOptions& options_;
  CommandLoop loop_;
  SocketConsole console_;
  Party party_;
  std::uint64_t passed_over_count_ = 0;
};

}  // namespace

ExitCode run_peers(const PeersOptions& options) {
  Peers command{options};
  return command.run();
}

}  // namespace parley::tool
