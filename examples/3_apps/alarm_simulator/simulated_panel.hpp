// One panel, from its first message to its end.
#pragma once

#include "plan.hpp"
#include "tally.hpp"
#include "voice.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>

/// What a flooding panel sends at once; far more than a receiver may let pass, whatever its speed.
inline constexpr unsigned flood_count = 20 * panels::messages_per_second_max;

class SimulatedPanel {
 public:
  /// All of them have to outlive it.
  SimulatedPanel(const Plan& plan, const PanelPlan& panel, Tally& tally) : plan_{plan}, panel_{panel}, tally_{tally} {}

  boost::asio::awaitable<void> live(parley::Endpoint receiver) {
    try {
      co_await wait_until(panel_.first);
      parley::ConnectOptions options;
      options.framing(panels::first_framing()).message_size_max(panels::message_size_max);
      Voice voice{co_await parley::connect(receiver, options), panel_.kind};
      co_await talk(voice);
    } catch (const parley::Error& e) {
      tally_.failed(panel_.account, e.what());
    }
  }

 private:
  boost::asio::awaitable<void> talk(Voice& voice) {
    const parley::TimePoint begin = started();
    co_await voice.introduce(panel_.first_message());
    co_await expect_acknowledgement(voice, 0, begin);
    for (unsigned number = 1; number <= plan_.event_count; ++number) {
      co_await wait_until(panel_.first + number * plan_.interval);
      if (panel_.misdeed && number == panel_.misdeed_at) {
        co_await misbehave(voice);
        if (panel_.misdeed != Misbehaviour::garbage) co_return;  // the others end the connection
      } else {
        const parley::TimePoint sent_at = started();
        co_await voice.say(event(number));
        co_await expect_acknowledgement(voice, number, sent_at);
      }
    }
    co_await voice.close();
  }

  boost::asio::awaitable<void> misbehave(Voice& voice) {
    tally_.injected(*panel_.misdeed, panel_.account);
    switch (*panel_.misdeed) {
      case Misbehaviour::garbage: return be_refused(voice);
      case Misbehaviour::half: return voice.say_half();
      case Misbehaviour::flood: return flood(voice);
      default: return voice.hear_out();  // silent
    }
  }

  boost::asio::awaitable<void> be_refused(Voice& voice) {
    co_await voice.say_garbage();
    const std::string answer = co_await voice.hear();
    if (answer != panels::refusal) tally_.failed(panel_.account, "garbage was answered by \"" + answer + '"');
  }

  boost::asio::awaitable<void> flood(Voice& voice) {
    try {
      for (unsigned number = 1; number <= flood_count; ++number) co_await voice.say(event(number));
    } catch (const parley::Error&) {
      co_return;  // it was closed already
    }
    co_await voice.hear_out();
  }

  boost::asio::awaitable<void> expect_acknowledgement(Voice& voice, unsigned number, parley::TimePoint sent_at) {
    const std::string answer = co_await voice.hear();
    if (answer == panels::acknowledgement(number)) {
      tally_.acknowledged(parley::Clock::now() - sent_at);
    } else {
      tally_.failed(panel_.account, "event " + std::to_string(number) + " was answered by \"" + answer + '"');
    }
  }

  parley::TimePoint started() {
    tally_.sent();
    return parley::Clock::now();
  }

  [[nodiscard]] static std::string event(unsigned number) {
    return std::to_string(number) + ' ' + std::string{panels::event_names[number % panels::event_names.size()]};
  }

  static boost::asio::awaitable<void> wait_until(parley::TimePoint when) {
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, when};
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  const Plan& plan_;
  const PanelPlan& panel_;
  Tally& tally_;
};
