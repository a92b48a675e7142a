// parley proxy: passes messages on between smart sockets, and does that badly on demand.
#include "commands.hpp"
#include "proxy/pump.hpp"
#include "socket/console.hpp"
#include "socket/party.hpp"
#include "text.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

/// When it leaves: nothing more is on its way if nothing has come for so long.
constexpr std::chrono::milliseconds quiet_span{200};

class Proxy {
 public:
  explicit Proxy(const ProxyOptions& options)
      : options_{options},
        loop_{options},
        front_console_{loop_.output(), options, {}, "front"},
        back_console_{loop_.output(), options, {}, "back"},
        front_{loop_, front_console_, options.front, options},
        back_{loop_, back_console_, options.back, options},
        there_{loop_, front_, back_, options, 1} {
    if (options.both_ways) back_again_.emplace(loop_, back_, front_, options, 2);
  }

  ExitCode run() {
    return loop_.run([this] { return pass_on(); });
  }

 private:
  asio::awaitable<ExitCode> pass_on() {
    loop_.spawn(front_.watch());
    loop_.spawn(back_.watch());
    const bool back_is_open = co_await back_.open();
    if (!back_is_open) co_return ExitCode::failure;
    const bool front_is_open = co_await front_.open();
    if (!front_is_open) co_return ExitCode::failure;
    if (options_.faults.any()) back_console_.remark(fmt::format("faults of --seed {}", options_.faults.seed));
    loop_.spawn(there_.run());
    if (back_again_) loop_.spawn(back_again_->run());
    if (options_.faults.cut_interval) loop_.spawn(cut_connections());
    const ExitCode code = co_await loop_.ending().wait();
    co_await drain();
    tell();
    co_return code;
  }

  /// What has been sent to the proxy goes on; what is sent from now on need not.
  asio::awaitable<void> drain() {
    const TimePoint deadline = Clock::now() + drain_max;
    for (Party* party : {&front_, &back_})
      for (const Endpoint& endpoint : party->bound()) party->socket().unbind(endpoint);
    there_.hurry();
    if (back_again_) back_again_->hurry();
    asio::steady_timer timer{loop_.executor()};
    while (!is_quiet() && Clock::now() < deadline) {
      timer.expires_after(quiet_span / 10);
      co_await timer.async_wait(asio::use_awaitable);
    }
    there_.stop();
    if (back_again_) back_again_->stop();
    // The front last: what is acknowledged at the back meanwhile is acknowledged there.
    const bool back_is_empty = co_await back_.close(Deadline{deadline}, ExitCode::failure);
    const bool front_is_empty = co_await front_.close(Deadline{std::chrono::seconds{1}}, ExitCode::failure);
    if (!back_is_empty || !front_is_empty || left_count() > 0) loop_.note_failure();
  }

  bool is_quiet() const { return there_.is_quiet(quiet_span) && (!back_again_ || back_again_->is_quiet(quiet_span)); }

  /// One at a time, of all that there are.
  asio::awaitable<void> cut_connections() {
    std::mt19937_64 random{options_.faults.seed};
    asio::steady_timer timer{loop_.executor()};
    while (!loop_.ending().is_given()) {
      timer.expires_at(Deadline{*options_.faults.cut_interval}.when());
      co_await timer.async_wait(asio::use_awaitable);
      const std::vector<PeerInfo> at_front = front_.socket().peers();
      const std::vector<PeerInfo> at_back = back_.socket().peers();
      const std::size_t count = at_front.size() + at_back.size();
      if (count == 0) continue;
      const std::size_t chosen = std::uniform_int_distribution<std::size_t>{0, count - 1}(random);
      const bool is_at_front = chosen < at_front.size();
      const PeerInfo& peer = is_at_front ? at_front[chosen] : at_back[chosen - at_front.size()];
      if ((is_at_front ? front_ : back_).socket().cut_off(peer.identity)) ++cut_count_;
    }
  }

  std::uint64_t left_count() const { return there_.left_count() + (back_again_ ? back_again_->left_count() : 0); }
  std::uint64_t dropped_count() const {
    return there_.dropped_count() + (back_again_ ? back_again_->dropped_count() : 0);
  }

  void tell() {
    if (options_.json) return tell_programs();
    std::string sentence = passed_on(there_) + " passed on";
    if (back_again_) sentence += ", " + passed_on(*back_again_) + " back";
    if (options_.faults.any())
      sentence += fmt::format("; {} dropped, {} connection{} cut", count_of_messages(dropped_count()), cut_count_,
                              cut_count_ == 1 ? "" : "s");
    if (!options_.quiet || options_.faults.any()) say(sentence, Colour::dim);
    if (left_count() > 0)
      front_console_.error(count_of_messages(left_count()) + " had come, and could not be passed on",
                           ExitCode::failure);
  }

  static std::string passed_on(const Pump& pump) {
    return fmt::format("{} ({} bytes)", count_of_messages(pump.forwarded_count()), pump.forwarded_size());
  }

  void tell_programs() {
    JsonLine line{"passed_on"};
    line.add("count", there_.forwarded_count()).add("bytes", there_.forwarded_size());
    if (back_again_)
      line.add("back_count", back_again_->forwarded_count()).add("back_bytes", back_again_->forwarded_size());
    line.add("dropped", dropped_count()).add("cut", cut_count_).add("left", left_count());
    if (options_.faults.any()) line.add("seed", options_.faults.seed);
    front_console_.Voice::event(line);
  }

  const ProxyOptions& options_;
  CommandLoop loop_;
  SocketConsole front_console_;
  SocketConsole back_console_;
  Party front_;
  Party back_;
  Pump there_;
  std::optional<Pump> back_again_;
  std::uint64_t cut_count_ = 0;
};

}  // namespace

ExitCode run_proxy(const ProxyOptions& options) {
  Proxy command{options};
  return command.run();
}

}  // namespace parley::tool
