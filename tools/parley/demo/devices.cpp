// The processes of the chapter on handlers: a station, and devices of two kinds that share its port. What they tell the
// narrator is text:
//
//   the station: listening ENDPOINT · classified NAME KIND · alarm NAME ZONE · left_out · failed SENTENCE
//   a device:    ready · heard WORD ZONE · measured COUNT SECONDS · failed SENTENCE
//
// and what it tells them: say LINE · mumble LINE, which is damaged on its way then · measure · leave
#include "channel.hpp"
#include "demo.hpp"
#include "play.hpp"
#include "service.hpp"
#include "words.hpp"

#include <parley/app/client.hpp>
#include <parley/app/filters/checksum.hpp>
#include <parley/app/server.hpp>
#include <parley/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::tool {

namespace asio = boost::asio;

namespace {

using namespace demo;

constexpr std::chrono::milliseconds reading_span{300};
/// Looking at the clock for every reading would cost as much as the reading.
constexpr std::uint64_t readings_per_look = 64;
constexpr std::chrono::seconds stopping_time_max{1};

/// Two digits behind each line. A line that is damaged is left out, and its peer stays.
app::MakeFilter line_checksum() {
  app::Checksum checksum;
  checksum.kind = app::ChecksumKind::xor8;
  checksum.form = app::ChecksumForm::hexadecimal;
  checksum.on_bad_message = app::OnBadMessage::drop;
  return app::checksum_filter(checksum);
}

// --- the station -----------------------------------------------------------------------------------------------------

/// What the station knows of a device.
struct Device {
  std::string name;
  std::uint64_t reading_count = 0;
  std::uint64_t reading_sum = 0;
};

class Station {
 public:
  Station(Connection& narrator, const asio::any_io_executor& executor)
      : narrator_{narrator}, server_{executor, {.framing = Separator{"\n"}}} {
    server_.filter(line_checksum());
    server_.classify(app::ByPrefix{{"PANEL ", "panel"}, {"METER ", "meter"}});
    server_.after_receive([this](app::Peer& peer, Message line) { return introduce(peer, std::move(line)); });
    server_.on_message("panel", [this](app::Peer& peer, const std::string& line) { return serve_panel(peer, line); });
    server_.on_message("meter", [](app::Peer& peer, const std::string& line) { return serve_meter(peer, line); });
    server_.on_error([this](app::Peer&, const app::Cause& cause) {
      narrator_.post(cause.code == error::message_refused ? "left_out" : "failed " + cause.sentence);
    });
  }

  asio::awaitable<void> work(const Endpoint& endpoint) {
    const Endpoint at = server_.listen(endpoint);
    server_.start();
    co_await narrator_.send("listening " + at.serialize());
    co_await narrator_.receive(patience);  // "leave"
    co_await server_.stop(stopping_time_max);
  }

 private:
  /// A hook: the line by which a device says what it is goes no further.
  std::optional<Message> introduce(app::Peer& peer, Message line) {
    Device& device = peer.state<Device>();
    if (!device.name.empty()) return line;
    device.name = split_words(line.view()).back();
    narrator_.post(fmt::format("classified {} {}", device.name, peer.kind()));
    return std::nullopt;
  }

  std::string serve_panel(app::Peer& peer, const std::string& line) {
    const std::vector<std::string> words = split_words(line);
    narrator_.post(fmt::format("{} {} {}", words.front(), peer.state<Device>().name, words.back()));
    return "acknowledged " + words.back();
  }

  static std::optional<std::string> serve_meter(app::Peer& peer, const std::string& line) {
    Device& device = peer.state<Device>();
    if (line == "total") return fmt::format("total {} {}", device.reading_count, device.reading_sum);
    ++device.reading_count;
    device.reading_sum += to_number(line);
    return std::nullopt;
  }

  Connection& narrator_;
  app::Server server_;
};

asio::awaitable<void> be_station(Connection& narrator, Endpoint endpoint) {
  Station station{narrator, co_await asio::this_coro::executor};
  co_await station.work(endpoint);
}

// --- a device --------------------------------------------------------------------------------------------------------

/// The line between the two, which damages a letter when it is told to.
class Noise final : public app::Filter {
 public:
  explicit Noise(std::shared_ptr<bool> is_due) : is_due_{std::move(is_due)} {}

  app::FilterResult decode(Message message) override { return message; }
  app::FilterResult encode(Message message) override {
    if (!std::exchange(*is_due_, false)) return message;
    std::string bytes = message.text();
    bytes.front() ^= 1;
    return Message{bytes};
  }

 private:
  std::shared_ptr<bool> is_due_;
};

class DeviceProcess {
 public:
  DeviceProcess(Connection& narrator, const asio::any_io_executor& executor, std::string greeting)
      : narrator_{narrator}, client_{executor, {.framing = Separator{"\n"}}} {
    client_.filter([is_due = noise_is_due_] { return std::make_unique<Noise>(is_due); });
    client_.filter(line_checksum());
    client_.on_connect([greeting = std::move(greeting)](app::Peer& station) { station.post(greeting); });
    client_.on_message([this](const std::string& line) { hear(line); });
  }

  asio::awaitable<void> work(Endpoint endpoint) {
    co_await client_.connect(std::move(endpoint), patience);
    co_await narrator_.send("ready");
    for (;;) {
      const Message order = co_await narrator_.receive(patience);
      if (order.view() == "leave") break;
      if (order.view() == "measure") {
        co_await measure();
      } else {
        *noise_is_due_ = order.view().starts_with("mumble ");
        co_await client_.send(order.text().substr(order.view().find(' ') + 1));
      }
    }
    co_await client_.stop(stopping_time_max);
  }

 private:
  void hear(const std::string& line) {
    if (!line.starts_with("total ")) return narrator_.post("heard " + line), void();
    const std::chrono::duration<double> span = std::chrono::steady_clock::now() - begin_;
    const bool is_right = line == fmt::format("total {} {}", count_, count_ * (count_ + 1) / 2);
    narrator_.post(is_right ? fmt::format("measured {} {}", count_, span.count())
                            : fmt::format("failed of {} readings the station counts: {}", count_, line));
  }

  /// Readings of 1, 2, 3 …, which nobody answers; the station counts them and adds them up.
  asio::awaitable<void> measure() {
    begin_ = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin_ < reading_span)
      for (std::uint64_t i = 0; i < readings_per_look; ++i) co_await client_.send(Message{std::to_string(++count_)});
    co_await client_.send("total");
  }

  Connection& narrator_;
  std::shared_ptr<bool> noise_is_due_ = std::make_shared<bool>(false);
  app::Client client_;
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t count_ = 0;
};

asio::awaitable<void> be_device(Connection& narrator, Endpoint endpoint, std::string name) {
  const std::string kind = name == "gate" ? "PANEL" : "METER";
  DeviceProcess device{narrator, co_await asio::this_coro::executor, kind + " " + name};
  co_await device.work(std::move(endpoint));
}

}  // namespace

ExitCode run_demo_station(const Endpoint& endpoint) {
  return play([&](Connection& narrator) { return be_station(narrator, endpoint); });
}

ExitCode run_demo_device(const Endpoint& endpoint, const std::string& name) {
  return play([&](Connection& narrator) { return be_device(narrator, endpoint, name); });
}

}  // namespace parley::tool
